"""Percentiles and medians of rounds."""

import pytest
from bench.stats import median_of, percentile, summarise
from hypothesis import given
from hypothesis import strategies as st

samples = st.lists(st.floats(0, 1e6), min_size=1)


def test_percentiles_lie_between_their_neighbours_in_proportion() -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], 50) == 2.5
    assert percentile([10.0, 20.0], 99) == pytest.approx(19.9)
    assert percentile([7.0], 99) == 7.0


@given(samples, st.floats(0, 100), st.floats(0, 100))
def test_percentiles_grow_with_q_and_stay_within_the_samples(
    values: list[float], one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert min(values) <= percentile(values, low)
    assert percentile(values, low) <= percentile(values, high) * (1 + 1e-12)
    assert percentile(values, high) <= max(values)


def test_no_samples_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        percentile([], 50)


def test_a_percentile_past_100_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 100"):
        percentile([1.0], 101)


def test_seconds_are_summarised_in_milliseconds() -> None:
    assert summarise("cold.x", [0.001, 0.003]) == {
        "cold.x.p50_ms": pytest.approx(2.0),
        "cold.x.p99_ms": pytest.approx(2.98),
        "cold.x.samples": 2,
    }


def test_rounds_are_reduced_to_their_median_figure_by_figure() -> None:
    rounds = [{"a": 1.0, "b": 30.0}, {"a": 9.0, "b": 10.0}, {"a": 2.0, "b": 20.0}]
    assert median_of("warm", rounds) == {"warm.a": 2.0, "warm.b": 20.0}


def test_rounds_that_measured_different_things_have_no_median() -> None:
    with pytest.raises(ValueError, match="different things"):
        median_of("warm", [{"a": 1.0}, {"b": 1.0}])
