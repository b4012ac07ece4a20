"""What a launcher does before a container image becomes its root."""

import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"
PROGRAM = """
import sys, json
sys.path.insert(0, {source!r})
from ingle.runtimes.python import image_root
sys.path.insert(0, {trap!r})
image_root._import_no_more()
assert json is __import__("json"), "what is there already can be had"
try:
    import colorsys
except ModuleNotFoundError:
    print("not found")
"""


def test_nothing_that_an_image_brings_is_imported(tmp_path: Path) -> None:
    (tmp_path / "colorsys.py").write_text("print('trapped')")
    program = PROGRAM.format(source=str(SOURCE), trap=str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == "not found\n", done.stderr
