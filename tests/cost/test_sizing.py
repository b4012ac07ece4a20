import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.cost.sizing import (
    MEMORY_FULL,
    OWN_MEMORY_MB,
    PROCESSORS_FULL,
    Machines,
    Need,
    machines_for,
)

needs = st.builds(Need, st.floats(0, 1000), st.integers(0, 10_000_000))


@given(needs)
def test_the_machines_have_room_for_what_is_needed(need: Need) -> None:
    found = machines_for(need)
    assert need.processors <= found.count * found.processors * PROCESSORS_FULL + 1e-6
    own = found.count * OWN_MEMORY_MB
    assert need.memory_mb / MEMORY_FULL + own <= found.count * found.memory_gb * 1024 + 1e-3


@given(needs, st.floats(0, 100), st.integers(0, 100_000))
def test_who_needs_more_does_not_get_less(need: Need, processors: float, memory_mb: int) -> None:
    def power(found: Machines) -> tuple[int, int]:
        return found.count, found.count * found.processors

    more = Need(need.processors + processors, need.memory_mb + memory_mb)
    assert power(machines_for(need)) <= power(machines_for(more))


@pytest.mark.parametrize(
    ("need", "machines"),
    [
        (Need(0.1, 100), Machines(1, 1, 1)),
        (Need(1.2, 2000), Machines(1, 2, 4)),
        (Need(0.1, 6000), Machines(1, 2, 16)),
        (Need(100, 0), Machines(3, 64, 512)),
    ],
)
def test_the_smallest_machine_that_carries_it_is_named(need: Need, machines: Machines) -> None:
    assert machines_for(need) == machines
