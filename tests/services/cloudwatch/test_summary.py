"""What is remembered of many values."""

import math

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.cloudwatch import stats
from ingle.services.cloudwatch.summary import Summary

numbers = st.floats(0, 1e100, allow_nan=False).map(lambda each: 0.0 if each < 1e-100 else each)
lists = st.lists(numbers, min_size=1, max_size=60)


def of(values: list[float]) -> Summary:
    summary = Summary.of(values[0])
    for each in values[1:]:
        summary.add(each)
    return summary


def told(statistic: str, values: list[float]) -> float | None:
    return stats.parse(statistic)(of(values))


@given(lists, st.floats(0, 100))
def test_a_percentile_is_off_by_one_percent_at_most(values: list[float], percent: float) -> None:
    rank = max(1, math.ceil(round(percent / 100 * len(values), 9)))
    exact = sorted(values)[rank - 1]
    found = stats.percentile(of(values), percent)
    assert found == pytest.approx(exact, rel=0.01)


@given(lists, lists, lists)
def test_merging_in_any_order_is_as_good_as_having_all_at_once(
    one: list[float], two: list[float], three: list[float]
) -> None:
    together = of(one + two + three)
    left = of(one)
    left.merge(of(two))
    left.merge(of(three))
    right = of(three)
    right.merge(of(one))
    right.merge(of(two))
    for merged in (left, right):
        assert merged.bins == together.bins
        assert (merged.count, merged.low, merged.high) == (
            together.count,
            together.low,
            together.high,
        )
        assert merged.total == pytest.approx(together.total)


@given(st.lists(st.floats(-1e50, 1e50), min_size=1, max_size=20))
def test_a_summary_is_read_as_it_was_written(values: list[float]) -> None:
    summary = of(values)
    found = Summary.load(orjson.loads(orjson.dumps(summary.dump())))
    assert found.dump() == summary.dump()
    assert found.bins == summary.bins


@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=50))
def test_trimmed_statistics_agree_with_each_other(values: list[float]) -> None:
    count = told("TC(10%:90%)", values)
    total = told("TS(10%:90%)", values)
    mean = told("TM(10%:90%)", values)
    assert count is not None
    assert count == pytest.approx(0.8 * len(values))
    assert total == pytest.approx(count * (mean or 0))
    assert min(values) * 0.99 <= (mean or 0) <= max(values) * 1.01
    assert min(values) * 0.99 <= (told("WM(10%:90%)", values) or 0) <= max(values) * 1.01


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("Sum", 5050.0),
        ("Average", 50.5),
        ("SampleCount", 100.0),
        ("Minimum", 1.0),
        ("Maximum", 100.0),
        ("p50", 50.0),
        ("p99.9", 100.0),
        ("p0", 1.0),
        ("tm90", 45.5),
        ("TM(10%:90%)", 50.5),
        ("TM(50:60)", 55.5),
        ("TM(:10)", 5.5),
        ("IQM", 50.5),
        ("tc90", 90.0),
        ("TC(90:)", 10.0),
        ("ts50", 1275.0),
        ("TS(80%:)", 1810.0),
        ("wm90", 50.05),
        ("WM(10%:90%)", 50.4),
        ("PR(:30)", 30.0),
        ("PR(90:95)", 5.0),
    ],
)
def test_the_statistics_of_one_to_a_hundred(statistic: str, expected: float) -> None:
    assert told(statistic, [float(each) for each in range(1, 101)]) == pytest.approx(
        expected, rel=0.01
    )


@pytest.mark.parametrize(
    "name",
    ["", "sum", "p", "p101", "p50%", "TM(90%:10%)", "TM(10%:90)", "PR(10%:20%)", "TM()", "TM(:)"],
)
def test_what_is_no_statistic_is_refused(name: str) -> None:
    with pytest.raises(stats.BadStatistic):
        stats.parse(name)


def test_a_statistic_set_has_percentiles_only_where_all_values_are_the_same() -> None:
    assert stats.percentile(Summary.of_set(4, 20, 5, 5), 90) == pytest.approx(5, rel=0.01)
    assert stats.percentile(Summary.of_set(4, 20, 1, 9), 90) is None


def test_there_are_no_percentiles_of_negative_values() -> None:
    assert told("p50", [-1.0, 2.0]) is None
    assert told("Sum", [-1.0, 2.0]) == 1.0
