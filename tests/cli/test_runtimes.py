import json
import sys

import pytest

from ingle.runtimes.catalogue import served_runtimes

OWN = f"python{sys.version_info.major}.{sys.version_info.minor}"
PRETENDER = """#!/bin/sh
echo '{"implementation": "cpython", "version": [3, 14, 0], "final": true, "executable": "PATH", \
"prefix": "/usr"}'
"""


def rows_of(result):
    assert result.returncode == 0, result.stderr
    return {row["runtime"]: row for row in json.loads(result.stdout)}


@pytest.fixture
def newest(tmp_path):
    """A Python 3.14 that no machine has where it is."""
    path = tmp_path / "tools" / "python-3.14" / "bin" / "python3.14"
    path.parent.mkdir(parents=True)
    path.write_text(PRETENDER.replace("PATH", str(path)))
    path.chmod(0o755)
    return path


def test_every_runtime_has_either_what_serves_it_or_a_way_to_get_it(run):
    rows = rows_of(run("runtimes", "--format", "json"))
    assert list(rows) == served_runtimes()
    for row in rows.values():
        assert (row["served_by"] is None) == (row["install"] is not None)
        assert (row["path"] is None) == (row["version"] is None)
        assert (row["path"] is None) == (row["served_by"] in (None, "the function"))
    assert rows[OWN]["served_by"] == "own"
    assert rows["provided.al2023"]["served_by"] == "the function"


def test_the_table_shows_where_this_python_is(run):
    row = rows_of(run("runtimes", "--format", "json"))[OWN]
    output = run("runtimes", env={"COLUMNS": "300"}).stdout
    (line,) = [line for line in output.splitlines() if line.startswith(OWN)]
    assert line.split()[:3] == [OWN, row["version"], "own"]
    assert line.split()[-1] == row["path"]


def test_the_table_tells_what_aws_has_ended_and_how_to_install_what_is_missing(run, newest):
    output = run("runtimes", "--search", newest.parent, env={"COLUMNS": "300"}).stdout
    first, _, second = output.partition("\n\n")
    (line,) = [line for line in first.splitlines() if line.startswith("provided ")]
    assert line.split() == ["provided", "—", "the", "function", "2024-01-08", "bootstrap"]
    (line,) = [line for line in first.splitlines() if line.startswith("python3.14 ")]
    assert line.split() == ["python3.14", "3.14.0", "own", "—", str(newest)]
    rows = rows_of(run("runtimes", "--search", newest.parent, "--format", "json"))
    for name, row in rows.items():
        lines = [line for line in second.splitlines() if line.startswith(f"{name} ")]
        assert [line.split(maxsplit=1)[1].strip() for line in lines] == (
            [row["install"]] if row["install"] else []
        )


def test_a_newer_version_stands_in_where_it_may(run, newest):
    # Without the version managers' folders, so that something is missing.
    bare = {"PATH": "/usr/bin:/bin", "PYENV_ROOT": ""}
    arguments = ["runtimes", "--search", newest.parents[2], "--format", "json"]
    missing = {
        name
        for name, row in rows_of(run(*arguments, env=bare)).items()
        if name.startswith("python3") and row["install"]
    }
    assert missing
    allowed = rows_of(run(*arguments, "--substitutes", "true", env=bare))
    assert missing == {
        name
        for name, row in allowed.items()
        if name.startswith("python3") and row["served_by"] == "substitute"
    }
    one = min(missing)
    named = rows_of(run(*arguments, "--substitutes", one, env=bare))
    assert [name for name, row in named.items() if row["served_by"] == "substitute"] == [one]


@pytest.mark.parametrize("source", ["file", "environment"])
def test_the_settings_may_come_from_where_those_of_the_server_come(run, tmp_path, newest, source):
    if source == "file":
        (tmp_path / "ingle.toml").write_text('[runtimes]\nsearch = ["tools"]\n')
        result = run("runtimes", "--config", "ingle.toml", "--format", "json")
    else:
        variables = {"INGLE_RUNTIMES_SEARCH": "tools"}
        result = run("runtimes", "--format", "json", env=variables)
    assert rows_of(result)["python3.14"]["path"] == str(newest)


def test_a_setting_that_is_wrong_is_named(run):
    result = run("runtimes", "--substitutes", "python9.9")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        "error: --substitutes (the command line): 'python9.9' is not allowed; it takes true, "
        "false, or names that `ingle runtimes` shows: a list in the file, otherwise separated by "
        "commas — see `ingle runtimes --help`\n"
    )
