import json
import sys

from ingle.runtimes.catalogue import served_runtimes

OWN = f"python{sys.version_info.major}.{sys.version_info.minor}"


def test_every_runtime_has_either_an_interpreter_or_a_way_to_get_it(run):
    rows = json.loads(run("runtimes", "--format", "json").stdout)
    assert [row["runtime"] for row in rows] == served_runtimes()
    for row in rows:
        assert (row["path"] is None) == (row["version"] is None) == (row["install"] is not None)


def test_the_table_shows_where_this_python_is(run):
    (row,) = [
        row
        for row in json.loads(run("runtimes", "--format", "json").stdout)
        if row["runtime"] == OWN
    ]
    output = run("runtimes", env={"COLUMNS": "300"}).stdout
    (line,) = [line for line in output.splitlines() if line.startswith(OWN)]
    assert line.split() == [OWN, row["version"], row["deprecated"], row["path"]]
