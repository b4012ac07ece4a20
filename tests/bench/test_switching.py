"""Which version a call may have run, while an alias is moved."""

import pytest
from bench.switching import Call, Switch, judge, versions_during

SWITCHES = [Switch("1", 0.0, 1.0), Switch("2", 10.0, 12.0), Switch("1", 20.0, 22.0)]


@pytest.mark.parametrize(
    ("began", "ended", "possible"),
    [
        (2.0, 3.0, {"1"}),  # between two moves
        (9.0, 10.5, {"1", "2"}),  # the move began before it ended
        (11.0, 11.5, {"1", "2"}),  # within the move
        (11.5, 15.0, {"1", "2"}),  # it began before the move was answered
        (12.5, 15.0, {"2"}),
        (23.0, 30.0, {"1"}),
        (5.0, 30.0, {"1", "2"}),
    ],
)
def test_a_call_may_run_what_the_alias_led_to_at_some_moment_of_it(
    began: float, ended: float, possible: set[str]
) -> None:
    assert versions_during(SWITCHES, began, ended) == possible


def test_failed_and_misrouted_calls_are_counted_apart() -> None:
    calls = [
        Call(2.0, 3.0, 200, b'"1"'),
        Call(2.0, 3.0, 200, b'"2"'),
        Call(11.0, 11.5, 200, b'"2"'),
        Call(13.0, 14.0, 500, b'"2"'),
        Call(13.0, 14.0, 200, b'{"errorMessage": "x"}'),
    ]
    assert judge(SWITCHES, calls) == {
        "calls": 5,
        "clear": 4,
        "failed": 2,
        "misrouted": 1,
        "wrong": 3,
    }
