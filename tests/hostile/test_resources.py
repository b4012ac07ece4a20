"""Functions that take all there is of memory, files and the like harm only themselves."""

import errno
import json
import resource

import pytest

from tests.e2e.conftest import ROLE, RUNTIME, create
from tests.hostile.conftest import package_of

MEMORY = ["objects", "mapped", "memory_files", "shared_segments", "locked", "least_killable"]
KERNEL_MEMORY = ["pipes", "socket_buffers"]
SMALL = 128


@pytest.fixture
def attack(deploy_attacker, invoke):
    """Deploy an attacker of the smallest size; return how to attack with it."""
    name = deploy_attacker("resources", MemorySize=SMALL, Timeout=10)
    return lambda way: invoke(name, way)


def starts_anew(attack):
    """See that a function that was ended is answered again."""
    answer, response = attack("fine")
    assert "FunctionError" not in response, answer


@pytest.mark.parametrize("way", MEMORY)
def test_a_memory_bomb_is_out_of_memory(attack, memory_limits, way):
    answer, response = attack(way)
    assert response.get("FunctionError") == "Unhandled", answer
    assert answer["errorType"] == "Runtime.OutOfMemory", answer
    starts_anew(attack)


def test_memory_in_child_processes_counts(attack, memory_limits):
    answer, _ = attack("in_children")
    # Version 1 of control groups ends one process, version 2 all of them.
    assert answer == 9 or answer["errorType"] == "Runtime.OutOfMemory"
    starts_anew(attack)


@pytest.mark.parametrize("way", KERNEL_MEMORY)
def test_the_kernel_s_memory_for_a_function_is_bounded_too(attack, memory_limits, way):
    answer, response = attack(way)
    if "FunctionError" in response:
        assert answer["errorType"] == "Runtime.OutOfMemory"
    else:
        assert answer < SMALL
    starts_anew(attack)


def test_reading_large_files_takes_no_memory_from_the_function(attack, memory_limits):
    answer, response = attack("page_cache")
    assert "FunctionError" not in response, answer
    assert answer > SMALL


def test_descriptors_run_out_for_the_function_alone(attack):
    answer, response = attack("descriptors")
    assert "FunctionError" not in response, answer
    assert 1000 < answer < 1024
    starts_anew(attack)


@pytest.mark.parametrize("way", ["descriptors_under_way", "watches", "timers"])
def test_what_a_user_may_have_runs_out_for_the_function_alone(
    attack, deploy, invoke, sandbox_users, way
):
    # Without root all sandboxes are the operator's own user, and share what that user may have.
    answer, response = attack(way)
    assert "FunctionError" not in response, answer
    # While it holds all of that, another can still be started, and be given its descriptors.
    assert invoke(deploy("def handler(event, context):\n    return event\n"), "new")[0] == "new"


def test_a_full_tmp_is_an_error_of_the_function_s_own(deploy_attacker, invoke):
    name = deploy_attacker("resources", MemorySize=1024, Timeout=30)
    assert invoke(name, "fill_tmp")[0] == [errno.ENOSPC]
    assert invoke(name, "fill_tmp")[0] == [errno.ENOSPC]
    starts_anew(lambda way: invoke(name, way))


@pytest.mark.parametrize("way", ["names_in_tmp", "deep_folders", "sparse"])
def test_a_strange_tmp_harms_nobody(deploy_attacker, invoke, way):
    name = deploy_attacker("resources", MemorySize=512, Timeout=30)
    answer, response = invoke(name, way)
    assert "FunctionError" not in response or answer["errorType"] == "Runtime.OutOfMemory", answer
    starts_anew(lambda event: invoke(name, event))


@pytest.fixture
def modest(start_server):
    """A server that was started with the 1,024 open files that most shells allow."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    try:
        return start_server()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_descriptors_under_way_keep_nobody_from_starting(modest):
    client = modest.client("lambda")
    client.create_function(
        FunctionName="attacker",
        Role=ROLE,
        Runtime=RUNTIME,
        Handler="app.handler",
        Timeout=10,
        Code={"ZipFile": package_of("resources")},
    )
    client.invoke(FunctionName="attacker", Payload=b'"descriptors_under_way"')
    for number in range(6):
        name = create(client, "def handler(event, context):\n    return event\n")
        response = client.invoke(FunctionName=name, Payload=json.dumps(number).encode())
        assert json.loads(response["Payload"].read()) == number, modest.log
