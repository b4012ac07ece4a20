"""How Ruby is started."""

from pathlib import Path

from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.ruby import command as module
from ingle.runtimes.ruby.command import command


def test_the_interpreter_runs_the_bootstrap_where_the_sandbox_sees_it():
    executable = Path("/opt/ruby/bin/ruby")
    given = command(Interpreter("ruby3.3", executable, "3.3.5", Path("/opt/ruby")))
    assert given.arguments[0] == str(executable)
    [(source, place)] = given.shows.items()
    assert given.arguments[-1] == f"{place}/main.rb"
    assert (Path(source) / "main.rb").is_file()


def test_the_bootstrap_is_written_in_small_files():
    files = sorted(Path(module.__file__).parent.glob("bootstrap/*.rb"))
    assert files
    for file in files:
        lines = file.read_text("utf-8").splitlines()
        assert len(lines) < 200, file.name
        assert [line for line in lines if len(line) > 100] == [], file.name
