"""Functions that answer what is no answer, do not answer, or end in odd places."""

import math

import pytest

EXIT = "Runtime.ExitError"
MARSHAL = "Runtime.MarshalError"
ERRORS = {
    "an integer of 10,000 digits": MARSHAL,
    "a surrogate": MARSHAL,
    "a pair of surrogates": MARSHAL,
    "a surrogate as a key": MARSHAL,
    "a million levels": MARSHAL,
    "a circle": MARSHAL,
    "a key that is none": MARSHAL,
    "a generator": MARSHAL,
    "in_a_thread": EXIT,
    "never": "Sandbox.Timedout",
    "endless_trace": "RuntimeError",
}
ENDS = {
    "SystemExit": EXIT,
    "KeyboardInterrupt": EXIT,
    "GeneratorExit": EXIT,
    "MemoryError": "MemoryError",
    "RecursionError": "RecursionError",
}
VALUES = {
    "an integer of 4,000 digits": 10**3999,
    "infinity": [math.inf, -math.inf],
    "nul": "\0" * 100,
}


@pytest.fixture
def attack(deploy_attacker, invoke):
    """Attack in the way that an event names, with a function of its own."""
    name = deploy_attacker("answers", Timeout=2, MemorySize=1024)
    return lambda *event: invoke(name, event[0] if event == ("fine",) else event)


def goes_on(attack):
    assert "FunctionError" not in attack("fine")[1]


@pytest.mark.parametrize("way", ERRORS)
def test_what_is_no_answer_is_an_error(attack, way):
    answer, response = attack(way)
    assert (response.get("FunctionError"), answer["errorType"]) == ("Unhandled", ERRORS[way])
    goes_on(attack)


@pytest.mark.parametrize("error", ENDS)
def test_whatever_is_raised_is_an_error(attack, error):
    answer, response = attack("raising", error)
    assert (response.get("FunctionError"), answer["errorType"]) == ("Unhandled", ENDS[error])
    goes_on(attack)


@pytest.mark.parametrize("way", VALUES)
def test_odd_values_come_through(attack, way):
    assert attack(way)[0] == VALUES[way]


def test_not_a_number_is_written_as_python_does(attack):
    assert math.isnan(attack("not a number")[0])


@pytest.mark.parametrize("way", ["a lying dict", "strange text", "a thousand levels", "deeper"])
def test_answers_that_lie_are_answered_in_some_way(attack, way):
    answer, response = attack(way)
    assert "FunctionError" not in response or answer["errorType"] in (
        EXIT,
        MARSHAL,
        "Sandbox.Timedout",
    )
    goes_on(attack)


@pytest.mark.parametrize(
    "way", ["long_error", "strange_error", "replaced_runtime", "removed_modules"]
)
def test_a_broken_runtime_ends_only_its_own_sandbox(attack, way):
    answer, response = attack(way)
    assert response["StatusCode"] == 200
    for _ in range(2):
        answer, response = attack("fine")
        if "FunctionError" not in response and answer != '"replaced"':
            return
    raise AssertionError(answer)


def test_an_end_after_the_answer_is_not_the_next_one_s(attack, bystander):
    for _ in range(5):
        for way in ("after_the_answer", "fine"):
            answer, response = attack(way)
            assert "FunctionError" not in response or answer["errorType"] == EXIT
            assert "FunctionError" in response or (answer == "answered") == (way != "fine")
        bystander.wait_for_more()
    attack("fine")  # by now it has ended, or does so here
    goes_on(attack)
