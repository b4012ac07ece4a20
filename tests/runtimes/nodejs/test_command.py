"""How Node.js is started."""

from pathlib import Path

import pytest

from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.nodejs import command as module
from ingle.runtimes.nodejs.command import command


def told(version):
    return command(Interpreter("nodejs", Path("/opt/node/bin/node"), version, Path("/opt/node")))


@pytest.mark.parametrize(
    ("version", "off"),
    [
        ("12.22.12", []),
        ("18.20.8", []),
        ("20.9.0", []),
        ("20.17.0", ["--no-experimental-require-module"]),
        ("20.20.2", ["--no-experimental-require-module"]),
        ("22.20.0", ["--no-experimental-require-module", "--no-experimental-detect-module"]),
        ("24.13.1", []),
        ("26.0.0", []),
    ],
)
def test_experimental_features_are_off_as_on_aws(version, off):
    assert [each for each in told(version).arguments if each.startswith("--no-")] == off


def test_the_interpreter_runs_the_bootstrap_where_the_sandbox_sees_it():
    given = told("20.20.2")
    assert given.arguments[0] == "/bin/sh"
    assert "/opt/node/bin/node" in given.arguments
    [(source, place)] = given.shows.items()
    assert given.arguments[-1] == f"{place}/index.cjs"
    assert (Path(source) / "index.cjs").is_file()


def test_the_bootstrap_is_written_for_any_node_in_small_files():
    files = sorted(Path(module.__file__).parent.glob("bootstrap/**/*.*js"))
    assert files
    for file in files:
        lines = file.read_text("utf-8").splitlines()
        assert len(lines) < 300, file.name
        assert [line for line in lines if len(line) > 100] == [], file.name
