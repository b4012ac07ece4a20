"""Ending servers with everything that they started."""

import subprocess
import sys
from pathlib import Path


def test_a_process_that_outlives_its_server_in_another_session_is_ended(tmp_path: Path) -> None:
    # In a process of its own: a keeper adopts orphans, which the test runner must not.
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.keeping_process", str(tmp_path)],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == ["1", "True"]
