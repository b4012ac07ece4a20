"""Two servers on one machine have nothing in common."""

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import create
from tests.e2e.processes import control_groups, descendants

SOURCE = """
import os, socket

def handler(event, context):
    if event is None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            try:
                sock.connect(("203.0.113.1", 9))
            except OSError:
                return {"user": os.getuid(), "address": None}
            return {"user": os.getuid(), "address": sock.getsockname()[0]}
    try:
        socket.create_connection((event, 9), 2).close()
    except OSError as error:
        return type(error).__name__
    return "reached"
"""


@pytest.fixture
def pair(start_server):
    return start_server(), start_server()


def run(server, name, event=None):
    response = server.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    assert "FunctionError" not in response
    return json.loads(response["Payload"].read())


def links():
    return {each.name for each in Path("/sys/class/net").glob("ingle*")}


def test_two_servers_serve_side_by_side_and_one_ends_without_the_other(pair, machine):
    names = [create(each.client("lambda"), SOURCE) for each in pair]
    seen = [run(*each) for each in zip(pair, names, strict=True)]
    if machine["sandbox users"] == "ok":
        assert seen[0]["user"] != seen[1]["user"]
    groups = [set(control_groups(descendants(each.process.pid))) for each in pair]
    assert groups[0].isdisjoint(groups[1])
    wardens = [{f"ingle{pid}" for pid, _ in descendants(each.process.pid)} for each in pair]
    if machine["outbound network"] == "ok":
        assert [len(each & links()) for each in wardens] == [1, 1]
    for server, name, other in ((pair[0], names[0], seen[1]), (pair[1], names[1], seen[0])):
        if other["address"] is not None:
            assert run(server, name, other["address"]) != "reached"
    assert pair[0].stop() == 0
    assert run(pair[1], names[1]) == seen[1]
    if machine["outbound network"] == "ok":
        assert [len(each & links()) for each in wardens] == [0, 1]
    assert pair[1].stop() == 0
