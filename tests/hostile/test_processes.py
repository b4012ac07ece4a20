"""Functions that make processes without end, kill what they can, or leave some behind."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.conftest import eventually
from tests.e2e.processes import children, processes_with, sandboxes
from tests.hostile.conftest import package_of


@pytest.fixture
def mark():
    """What the command lines of an attacker's processes have."""
    return f"hostile-{uuid.uuid4().hex}"


def error_of(invoke, name, *event):
    """Invoke an attacker that must not come through; return its error's type."""
    answer, response = invoke(name, event)
    assert response.get("FunctionError") == "Unhandled", answer
    return answer["errorType"]


@pytest.mark.parametrize(
    "bombs", [("fork_bomb", "thread_bomb"), ("spawn_storm", "busy")], ids=" ".join
)
def test_a_bomb_ends_with_its_sandbox(
    deploy_attacker, invoke, server, bystander, memory_limits, bombs
):
    name = deploy_attacker("processes", Timeout=1)
    others = sandboxes(server.process.pid)
    with ThreadPoolExecutor(len(bombs)) as threads:
        errors = set(threads.map(lambda bomb: error_of(invoke, name, bomb), bombs))
    assert errors <= {"Sandbox.Timedout", "Runtime.OutOfMemory"}
    eventually(lambda: len(sandboxes(server.process.pid) - others) < 30, "their processes are gone")
    bystander.wait_for_more()
    assert "FunctionError" not in invoke(name, "fine")[1]


def test_a_function_that_ignores_every_signal_is_ended(deploy_attacker, invoke, server):
    name = deploy_attacker("processes", Timeout=1)
    assert error_of(invoke, name, "stubborn") == "Sandbox.Timedout"


def test_a_function_that_stops_itself_is_ended(deploy_attacker, invoke):
    name = deploy_attacker("processes", Timeout=1)
    assert error_of(invoke, name, "stop") == "Sandbox.Timedout"


def test_signals_reach_nobody_outside(deploy_attacker, invoke, server):
    others = {*children(server.process.pid)}
    name = deploy_attacker("processes", Timeout=2)
    for _ in range(3):
        answer, response = invoke(name, ["signals"])
        assert "FunctionError" not in response, answer
        assert not {k: v for k, v in answer.items() if k.startswith(("2 ", "3 ")) and v != "ESRCH"}
    assert {*children(server.process.pid)} == others
    assert invoke(name, "fine")[1].get("FunctionError") is None


def test_no_function_gets_more_of_the_processors_than_its_share(deploy_attacker, invoke):
    found = invoke(deploy_attacker("processes"), ["important"])[0]
    assert {name: error for name, error in found.items() if error not in ("EPERM", "EACCES")} == {}


def test_daemons_end_when_their_function_is_deleted(functions, deploy, invoke, mark):
    name = deploy("def handler(event, context):\n    return None\n")
    functions.update_function_code(FunctionName=name, ZipFile=package_of("processes"))
    assert invoke(name, ["daemons", mark])[0] == "left"
    eventually(lambda: len(processes_with(mark)) == 4, "the daemons run")
    functions.delete_function(FunctionName=name)
    eventually(lambda: not processes_with(mark), "no daemon is left")


@pytest.mark.parametrize(
    ("way", "error"),
    [
        ("daemons_and_hang", "Sandbox.Timedout"),
        ("daemons_and_exit", "Runtime.ExitError"),
        ("become_another", "Runtime.ExitError"),
    ],
)
def test_nothing_outlives_its_sandbox(deploy_attacker, invoke, mark, way, error):
    name = deploy_attacker("processes", Timeout=1)
    assert error_of(invoke, name, way, mark) == error
    eventually(lambda: not processes_with(mark), "no process is left")
    assert invoke(name, "fine")[1].get("FunctionError") is None


@pytest.mark.parametrize("target", ["self", "1"])
def test_a_bootstrap_that_is_overwritten_ends_only_its_own_sandbox(deploy_attacker, invoke, target):
    name = deploy_attacker("processes", Timeout=2)
    first = invoke(name, "fine")[0]
    assert error_of(invoke, name, "overwrite", target) == "Runtime.ExitError"
    # The zygote that the next one is forked from shares the memory that was written to.
    assert invoke(name, "fine")[0] != first
