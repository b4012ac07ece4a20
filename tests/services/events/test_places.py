"""Targets that fail have few places, those that do not have all, and nobody waits for ever."""

from hypothesis import given
from hypothesis import strategies as st

from ingle.services.delivering.places import Places

OUTCOMES = st.sampled_from([True, False, None])


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9), OUTCOMES), max_size=60))
def test_every_row_goes_in_the_end_and_failing_targets_have_few_places(
    moves: list[tuple[str, int, bool | None]],
) -> None:
    places = Places(2, 2)
    running: dict[str, list[int]] = {target: [] for target in "abc"}
    waiting: dict[str, list[int]] = {target: [] for target in "abc"}
    failing: list[str] = []

    def enter(target: str, row: int) -> None:
        full = target in failing and len(running[target]) >= 2
        assert places.enter(target, row) is not full
        (waiting if full else running)[target].append(row)

    def leave(target: str, failed: bool | None) -> None:
        running[target].pop()
        if failed is not None and target in failing and not failed:
            failing.remove(target)
        if failed and target not in failing:
            failing.append(target)
            del failing[:-2]
        for row in places.leave(target, failed):
            assert waiting[target].pop(0) == row
            enter(target, row)

    for number, (target, kind, failed) in enumerate(moves):
        if kind < 6 or not running[target]:
            enter(target, number)
        else:
            leave(target, failed)
    for target in "abc":
        while running[target]:
            leave(target, None)
        assert not waiting[target]
