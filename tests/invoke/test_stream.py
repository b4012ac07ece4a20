"""The end of an invocation's log, as its caller gets it."""

from hypothesis import given
from hypothesis import strategies as st

from ingle.invoke.stream import TAIL_BYTES, Stream


class Appender:
    """Keeps what is appended."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def append(self, timestamp_ms: int, message: str) -> None:
        self.messages.append(message)


def tail_of(events: list[str]) -> bytes:
    stream = Stream(Appender(), lambda: 0.0)
    stream.keep_tail()
    for event in events:
        stream(event)
    return stream.take_tail()


EVENTS = st.builds(str.__mul__, st.text("aé€🔥\n", max_size=5), st.integers(1, 2000))


@given(st.lists(EVENTS, max_size=8))
def test_the_tail_is_the_last_whole_characters_of_four_kilobytes(events: list[str]) -> None:
    everything = "".join(events)
    tail = tail_of(events)
    assert everything.endswith(tail.decode())
    size = len(everything.encode())
    assert min(size, TAIL_BYTES - 3) <= len(tail) <= TAIL_BYTES


def test_a_character_that_would_be_cut_is_left_out() -> None:
    assert tail_of(["🔥" + "x" * (TAIL_BYTES - 2)]) == b"x" * (TAIL_BYTES - 2)
    assert tail_of(["🔥" + "x" * (TAIL_BYTES - 4)]) == ("🔥" + "x" * (TAIL_BYTES - 4)).encode()
