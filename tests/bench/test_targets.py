"""Whether a run reached what Ingle must reach."""

import pytest
from bench.targets import Target, judge, load_targets

FASTER = Target("faster", "own", "ms", at_most=0.5, against="other")
TWICE = Target("twice", "own", "/s", at_least=2.0, against="other")


@pytest.mark.parametrize(("own", "reached"), [(5.0, True), (5.1, False)])
def test_an_upper_bound_is_a_multiple_of_the_other_figure(own: float, reached: bool) -> None:
    assert judge(FASTER, {"own": own, "other": 10.0}).reached is reached


@pytest.mark.parametrize(("own", "reached"), [(20.0, True), (19.9, False)])
def test_a_lower_bound_is_kept_from_above(own: float, reached: bool) -> None:
    assert judge(TWICE, {"own": own, "other": 10.0}).reached is reached


def test_a_bound_without_another_figure_is_absolute() -> None:
    assert judge(Target("small", "own", "MB", at_most=4.0), {"own": 4.0}).reached is True


@pytest.mark.parametrize("results", [{}, {"own": 1.0}, {"other": 1.0}])
def test_what_was_not_measured_is_neither_reached_nor_missed(results: dict[str, float]) -> None:
    assert judge(FASTER, results).reached is None


def test_a_target_with_two_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match="one bound"):
        judge(Target("odd", "own", "ms", at_most=1.0, at_least=1.0), {})


def test_every_target_of_the_data_file_can_be_judged() -> None:
    targets = load_targets()
    assert targets
    for target in targets:
        measured = {target.measure: 1.0} | ({target.against: 1.0} if target.against else {})
        assert judge(target, measured).reached is not None
