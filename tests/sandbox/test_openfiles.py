from hypothesis import given
from hypothesis import strategies as st

from ingle.sandbox import openfiles


@given(st.integers(1, 100_000))
def test_what_is_needed_for_so_many_sandboxes_is_enough_for_just_them(count: int) -> None:
    files = openfiles.needed(count)
    assert openfiles.sandboxes(files) == count
    assert openfiles.sandboxes(files - 1) == max(1, count - 1)


def test_there_can_always_be_one() -> None:
    assert openfiles.sandboxes(0) == 1
