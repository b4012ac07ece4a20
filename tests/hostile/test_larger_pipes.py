"""Functions that enlarge the pipe of their log, which the server must not read without end."""

import pytest

from tests.hostile.test_output import ends_with_the_platform_s_lines


@pytest.mark.parametrize("kind", ["lines", "line ends"])
def test_a_larger_pipe_does_not_keep_the_server_from_ending_a_function(
    deploy_attacker, invoke, kind
):
    name = deploy_attacker("output", Timeout=1, MemorySize=512)
    answer, response = invoke(name, ["without_end", kind], LogType="Tail")
    assert answer["errorType"] == "Sandbox.Timedout"
    ends_with_the_platform_s_lines(response)


@pytest.mark.parametrize("kind", ["lines", "line ends"])
def test_a_larger_pipe_does_not_keep_the_server_from_answering(deploy_attacker, invoke, kind):
    name = deploy_attacker("output", Timeout=1, MemorySize=512)
    for _ in range(3):
        answer, response = invoke(name, ["answer_and_go_on", kind], LogType="Tail")
        assert answer == "answered"
        ends_with_the_platform_s_lines(response)
