"""How Python 2.7 is started."""

from pathlib import Path

from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.python27 import command as module
from ingle.runtimes.python27.command import command


def test_the_interpreter_runs_the_bootstrap_where_the_sandbox_sees_it():
    executable = Path("/opt/python/bin/python2.7")
    given = command(Interpreter("python2.7", executable, "2.7.18", Path("/opt/python")))
    assert given.arguments[0] == str(executable)
    [(source, place)] = given.shows.items()
    assert given.arguments[-1] == f"{place}/index.py"
    assert (Path(source) / "index.py").is_file()


def test_the_bootstrap_is_written_in_small_files():
    files = sorted(Path(module.__file__).parent.glob("bootstrap/**/*.py"))
    assert files
    for file in files:
        lines = file.read_text("utf-8").splitlines()
        assert len(lines) < 200, file.name
        assert [line for line in lines if len(line) > 100] == [], file.name
