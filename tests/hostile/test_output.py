"""Functions that write what a log should not have to take."""

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest

ENDLESS = [
    ("lines", "without_line_ends"),
    ("line_ends", "binary"),
    ("megabytes_a_line", "bytes_one_by_one"),
    ("from_many", "frames_without_end"),
]


def tail_of(response):
    return base64.b64decode(response["LogResult"]).decode()


def ends_with_the_platform_s_lines(response):
    """See that the last lines are the platform's own, of this invocation."""
    request_id = response["ResponseMetadata"]["RequestId"]
    *_, end, report = tail_of(response).splitlines()
    assert end == f"END RequestId: {request_id}"
    assert report.startswith(f"REPORT RequestId: {request_id}\tDuration: ")
    return report


@pytest.mark.parametrize("ways", ENDLESS, ids=" ".join)
def test_output_without_end_is_ended_by_the_timeout(deploy_attacker, invoke, ways):
    name = deploy_attacker("output", Timeout=1, MemorySize=512)
    with ThreadPoolExecutor(len(ways)) as threads:
        outcomes = list(threads.map(lambda way: invoke(name, [way], LogType="Tail"), ways))
    for answer, response in outcomes:
        assert (response["FunctionError"], answer["errorType"]) == ("Unhandled", "Sandbox.Timedout")
        assert "Status: timeout" in ends_with_the_platform_s_lines(response)
    assert "FunctionError" not in invoke(name, "fine")[1]


@pytest.mark.parametrize("way", ["false_frames", "strange_text"])
def test_strange_output_is_kept_and_harms_nobody(deploy_attacker, invoke, messages, way):
    name = deploy_attacker("output")
    for _ in range(2):
        answer, response = invoke(name, [way], LogType="Tail")
        assert answer == "written"
        ends_with_the_platform_s_lines(response)
    found = messages(name)
    assert max(len(each.encode()) for each in found) <= 1_048_576 - 26
    if way == "false_frames":
        assert "nested " in "".join(found)
        assert "half" in "".join(found)
    else:
        assert found.count("nul \0 nul\n") == 2
        assert found.count("\x1b[2J\x1b[31mred\x1b]0;title\x07\n") == 2
        assert sum("invalid \ufffd(" in each for each in found) == 2


def test_imitations_do_not_replace_the_platform_s_lines(deploy_attacker, invoke, messages):
    name = deploy_attacker("output", MemorySize=256)
    answer, response = invoke(name, "imitations", LogType="Tail")
    assert answer == "written"
    assert "\tMemory Size: 256 MB\t" in ends_with_the_platform_s_lines(response)
    request_id = response["ResponseMetadata"]["RequestId"]
    found = messages(name)
    assert found[0].startswith("INIT_START Runtime Version: python:")
    assert found[1] == f"START RequestId: {request_id} Version: $LATEST\n"
    assert found[-2] == f"END RequestId: {request_id}\n"
    assert "\tMemory Size: 256 MB\t" in found[-1]


@pytest.mark.parametrize("way", ["closed", "broken"])
def test_a_function_without_output_is_still_answered(deploy_attacker, invoke, way):
    name = deploy_attacker("output")
    first, response = invoke(name, "fine", LogType="Tail")
    assert invoke(name, [way])[0] == way
    answer, response = invoke(name, "fine", LogType="Tail")
    assert answer == first
    ends_with_the_platform_s_lines(response)
