"""The real `ingle` command, run as a user would, in a folder and an environment of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]

COMMAND = Path(sys.executable).parent / "ingle"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `ingle` with arguments; `env` adds variables, of which none of AWS's are inherited."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "INGLE_")) and not name.lower().endswith("_proxy")
    }
    home = tmp_path / "home"
    home.mkdir()

    def run_ingle(
        *arguments: str | Path, env: dict[str, str] | None = None, stdin: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [COMMAND, *arguments],
            cwd=tmp_path,
            env=inherited | {"HOME": str(home), "COLUMNS": "100"} | (env or {}),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run_ingle


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data folder as a server leaves it, its port one where nothing listens."""
    folder = tmp_path / ".ingle"
    folder.mkdir()
    (folder / "server.json").write_text(
        '{"endpoint": "http://127.0.0.1:9", "region": "eu-west-1", '
        '"account_id": "123456789012", "pid": 4711}'
    )
    (folder / "credentials").write_text(
        "[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = it's%(a)s$secret/+=\n"
    )
    return folder
