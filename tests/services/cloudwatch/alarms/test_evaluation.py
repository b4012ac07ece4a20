"""The state machine of metric alarms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.cloudwatch.alarms.evaluation import (
    TREATMENTS,
    Datapoint,
    Rule,
    evaluated,
    significant,
)
from ingle.services.cloudwatch.alarms.wording import reason

START = 1_767_225_600
VALUES = {"0": 0.0, "X": 10.0, "-": None}


def points(drawn: str) -> list[Datapoint]:
    """Datapoints as AWS's tables draw them, the oldest first: 0 is good, X is bad, - is missing."""
    oldest_first = [
        Datapoint(START + 60 * at, VALUES[each]) for at, each in enumerate(drawn.split())
    ]
    return oldest_first[::-1]


def rule(to_alarm: int, missing: str, periods: int = 3) -> Rule:
    return Rule("GreaterThanThreshold", 5.0, periods, to_alarm, missing)


# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html:
# with missing, ignore, breaching, notBreaching; None is to stay in the present state.
@pytest.mark.parametrize(
    ("to_alarm", "drawn", "filled", "states"),
    [
        (3, "0 - X - X", 0, ["OK", "OK", "OK", "OK"]),
        (3, "- - - - 0", 2, ["OK", "OK", "OK", "OK"]),
        (3, "- - - - -", 3, ["INSUFFICIENT_DATA", None, "ALARM", "OK"]),
        (3, "0 X X - X", 0, ["ALARM", "ALARM", "ALARM", "ALARM"]),
        (3, "- - X - -", 2, ["ALARM", None, "ALARM", "OK"]),
        (2, "0 - X - X", 0, ["ALARM", "ALARM", "ALARM", "ALARM"]),
        (2, "0 0 X 0 X", 0, ["ALARM", "ALARM", "ALARM", "ALARM"]),
        (2, "0 - X - -", 1, ["OK", "OK", "ALARM", "OK"]),
        (2, "- - - - 0", 2, ["OK", "OK", "ALARM", "OK"]),
        (2, "- - - X -", 2, ["ALARM", None, "ALARM", "OK"]),
    ],
)
def test_missing_data_is_treated_as_in_the_documented_tables(
    to_alarm: int, drawn: str, filled: int, states: list[str | None]
) -> None:
    for missing, state in zip(
        ("missing", "ignore", "breaching", "notBreaching"), states, strict=True
    ):
        found = evaluated(rule(to_alarm, missing), points(drawn))
        assert (found.state, found.filled) == (state, filled), missing


@pytest.mark.parametrize("drawn", ["- - - - X", "- - - X -"])
def test_one_breaching_datapoint_that_is_new_makes_no_alarm_of_three(drawn: str) -> None:
    assert evaluated(rule(3, "missing"), points(drawn)).state is None


ranges = st.lists(st.sampled_from("0X-"), min_size=5, max_size=5).map(" ".join)
ways = st.tuples(st.integers(1, 3), st.sampled_from(TREATMENTS))


@given(ranges, ways)
def test_enough_datapoints_are_counted_and_nothing_else(drawn: str, way: tuple[int, str]) -> None:
    known = [each for each in drawn.split() if each != "-"]
    found = evaluated(rule(*way), points(drawn))
    if len(known) >= 3:
        assert found.filled == 0
        assert (found.state == "ALARM") == (known[-3:].count("X") >= way[0])
    else:
        assert len(found.used) + found.filled == 3


@given(ranges, st.integers(1, 3))
def test_good_assumptions_never_alarm_where_bad_ones_do_not(drawn: str, to_alarm: int) -> None:
    states = {
        missing: evaluated(rule(to_alarm, missing), points(drawn)).state for missing in TREATMENTS
    }
    if states["breaching"] == "OK":
        assert states["notBreaching"] == "OK"
        assert "ALARM" not in states.values()
    if states["notBreaching"] == "ALARM":
        assert set(states.values()) == {"ALARM"}
    assert (states["missing"] == "INSUFFICIENT_DATA") == (set(drawn.split()) == {"-"})


@given(ranges, ways)
def test_what_is_no_alarm_is_none_with_a_bad_datapoint_less(
    drawn: str, way: tuple[int, str]
) -> None:
    if evaluated(rule(*way), points(drawn)).state == "OK":
        better = drawn.replace("X", "0", 1)
        assert evaluated(rule(*way), points(better)).state == "OK"


@given(ranges, ways, st.booleans())
def test_every_state_has_a_reason(drawn: str, way: tuple[int, str], counted: bool) -> None:
    found = evaluated(rule(*way), points(drawn))
    if found.state is not None:
        text = reason(rule(*way), found, found.state, counted=counted)
        assert text.startswith(("Threshold Crossed: ", "Insufficient Data: "))
        assert text.endswith(".")


@pytest.mark.parametrize(
    ("to_alarm", "missing", "drawn", "counted", "text"),
    [
        (
            1,
            "missing",
            "- - X",
            False,
            "Threshold Crossed: 1 datapoint [10.0 (01/01/26 00:02:00)] was greater than the "
            "threshold (5.0).",
        ),
        (
            1,
            "missing",
            "- - 0",
            True,
            "Threshold Crossed: 1 out of the last 1 datapoints [0.0 (01/01/26 00:02:00)] was not "
            "greater than the threshold (5.0) (minimum 1 datapoint for ALARM -> OK transition).",
        ),
        (
            1,
            "breaching",
            "- - -",
            False,
            "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint "
            "was treated as [Breaching].",
        ),
        (1, "missing", "- - -", False, "Insufficient Data: 1 datapoint was unknown."),
    ],
)
def test_reasons_are_worded_as_on_aws(
    to_alarm: int, missing: str, drawn: str, counted: bool, text: str
) -> None:
    one = rule(to_alarm, missing, periods=1)
    found = evaluated(one, points(drawn))
    assert found.state is not None
    assert reason(one, found, found.state, counted=counted) == text


def test_the_least_number_for_a_transition_is_that_of_its_direction() -> None:
    for drawn, least in (("0 X X X X", "2 datapoints for OK -> ALARM"), ("0 0 0 0 0", "4 data")):
        five = rule(2, "missing", periods=5)
        found = evaluated(five, points(drawn))
        assert found.state is not None
        assert f"(minimum {least}" in reason(five, found, found.state, counted=True)


@pytest.mark.parametrize(
    ("statistic", "samples", "enough"),
    [
        ("p99", 999, False),
        ("p99", 1000, True),
        ("p1", 999, False),
        ("p50", 20, True),
        ("Sum", 1, True),
    ],
)
def test_percentiles_take_enough_samples(statistic: str, samples: float, enough: bool) -> None:
    assert significant(statistic, [Datapoint(START, 1.0, samples)]) is enough
