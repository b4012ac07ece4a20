"""Functions that attack their channel to the server harm nobody but themselves."""

import pytest

from tests.e2e.conftest import eventually, refusal
from tests.e2e.processes import children, open_files, sandboxes
from tests.hostile.conftest import source_of

RAW = [
    "garbage",
    "zeros",
    "a frame of 4 GB",
    "a frame of 100 MB",
    "a frame of an unknown kind",
    "every kind there could be",
    "an INIT of its own",
    "an INVOKE of its own",
    "a second READY",
    "an INIT_ERROR that is none",
    "a failed setup",
    "another's request id",
    "an answer without a request id",
    "an answer with half a request id",
    "an error with another's request id",
    "a piece of another's answer",
    "the beginning of another's answer",
    "a socket that is none",
    "an answer in capitals",
]
WAYS = ["closed", "shut_down", "descriptors"]
BREAKS = [("raw", name) for name in RAW] + [(way,) for way in WAYS]
# Before the handler is loaded these are a start that went well or that failed.
NO_BREAKS_EARLIER = [("raw", "a second READY"), ("raw", "a failed setup")]


def while_loading(attack):
    """A module that attacks when it is loaded."""
    way, *arguments = attack
    return f"import attacker\nattacker.{way}(*{arguments!r})\nhandler = attacker.handler\n"


@pytest.mark.parametrize("attack", BREAKS, ids=" ".join)
def test_a_function_that_breaks_the_protocol_ends_only_its_own_sandbox(
    deploy_attacker, invoke, attack
):
    name = deploy_attacker("channel", Timeout=2, MemorySize=512)
    first, _ = invoke(name, "fine")
    answer, response = invoke(name, attack)
    assert response["FunctionError"] == "Unhandled"
    request_id = response["ResponseMetadata"]["RequestId"]
    assert answer["errorType"] == "Runtime.ExitError"
    assert answer["errorMessage"].startswith(f"RequestId: {request_id} Error: Runtime exited ")
    after, response = invoke(name, "fine")
    assert "FunctionError" not in response
    assert after != first


@pytest.mark.parametrize(
    "attack", [each for each in BREAKS if each not in NO_BREAKS_EARLIER], ids=" ".join
)
def test_a_function_that_breaks_the_protocol_while_it_is_loaded_gets_an_error(
    functions, deploy_attacker, attack
):
    sources = {"attacker": source_of("channel"), "app": while_loading(attack)}
    name = deploy_attacker("channel", sources, Timeout=2, MemorySize=512)
    for _ in range(2):
        # The answer need not be JSON: it may be the function's own nonsense.
        assert functions.invoke(FunctionName=name)["FunctionError"] == "Unhandled"


def test_half_an_answer_is_none(deploy_attacker, invoke):
    name = deploy_attacker("channel", Timeout=1)
    assert invoke(name, ["half_a_frame"])[0]["errorType"] == "Sandbox.Timedout"
    assert "FunctionError" not in invoke(name, "fine")[1]


def test_bytes_that_overtake_others_do_no_harm(deploy_attacker, invoke):
    name = deploy_attacker("channel", Timeout=2)
    answer, response = invoke(name, ["urgent"])
    if "FunctionError" in response:  # they garbled its own answer
        assert answer["errorType"] in ("Runtime.ExitError", "Sandbox.Timedout")
    assert "FunctionError" not in invoke(name, "fine")[1]


@pytest.mark.parametrize("way", ["deaf", "stolen"])
def test_a_function_that_cannot_hear_is_ended_by_the_timeout(deploy_attacker, invoke, way):
    name = deploy_attacker("channel", Timeout=1)
    invoke(name, [way])
    answer, response = invoke(name, "fine")
    if "FunctionError" in response:  # else another sandbox took its place already, or it did hear
        assert answer["errorType"] in ("Sandbox.Timedout", "Runtime.ExitError")
        answer, response = invoke(name, "fine")
    assert "FunctionError" not in response


def test_sandboxes_that_claim_that_they_never_started_do_not_stay(
    functions, server, deploy_attacker
):
    sources = {
        "attacker": source_of("channel"),
        "app": "import time, attacker\nattacker.raw('a failed setup')\ntime.sleep(600)\n",
    }
    name = deploy_attacker("channel", sources)
    before = len(sandboxes(server.process.pid))
    for _ in range(8):
        status, code, message = refusal(functions.invoke, FunctionName=name)
        assert (status, code) == (500, "ServiceException")
        assert message.startswith("No sandbox could be made: ")
    # Some wait to become sandboxes; there may have been none of them before.
    eventually(lambda: len(sandboxes(server.process.pid)) < before + 8, "they are gone")


def test_an_answer_that_is_sent_twice_never_answers_another_invocation(deploy_attacker, invoke):
    name = deploy_attacker("channel", Timeout=2)
    for _ in range(5):
        answer, response = invoke(name, "answer twice")
        assert answer == "mine" or answer["errorType"] == "Runtime.ExitError", response


def test_an_end_right_after_the_answer_is_not_the_next_one_s(deploy_attacker, invoke):
    name = deploy_attacker("channel", Timeout=2)
    for _ in range(5):
        assert invoke(name, "answer and exit")[0] == "last"
        answer, response = invoke(name, "fine")
        # The end may only be seen once the next event was sent; it is never answered wrongly.
        assert answer != "last"
        assert "FunctionError" not in response or answer["errorType"] == "Runtime.ExitError"


def test_an_answer_that_is_no_json_goes_to_its_own_caller_only(functions, deploy_attacker, invoke):
    name = deploy_attacker("channel", Timeout=2)
    response = functions.invoke(FunctionName=name, Payload=b'"answer nonsense"')
    assert response["Payload"].read() == b"\xff\0{]"
    answer, response = invoke(name, "fine")
    if "FunctionError" in response:  # the handler never returned
        assert answer["errorType"] == "Sandbox.Timedout"
        answer, response = invoke(name, "fine")
    assert "FunctionError" not in response


@pytest.mark.parametrize("event", [["raw", "garbage"], ["closed"], ["descriptors"]])
def test_sandboxes_that_end_leave_no_descriptors_open(
    functions, server, deploy_attacker, invoke, event
):
    name = deploy_attacker("channel", Timeout=2)
    of_server = (server.process.pid, *children(server.process.pid))

    def attack_often():
        for _ in range(5):
            assert invoke(name, event)[1]["FunctionError"] == "Unhandled"

    attack_often()
    before = sum(map(open_files, of_server))
    attack_often()
    eventually(lambda: sum(map(open_files, of_server)) < before + 5, "descriptors are closed")
