import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.logs import tokens
from ingle.services.logs.model import Position
from ingle.wire.errors import ServiceError

POSITIONS = st.builds(
    Position, st.integers(0, 10**19), st.integers(0, 10**19), st.integers(0, 10**15)
)


@given(POSITIONS, POSITIONS)
def test_ids_sort_as_their_events_do(one: Position, other: Position) -> None:
    assert (one.text < other.text) == (one < other)
    assert len(one.text) == 56


@given(POSITIONS, st.booleans())
def test_event_tokens_read_back(position: Position, forward: bool) -> None:
    assert tokens.read_event_token(tokens.event_token(forward, position)) == (forward, position)
    assert tokens.read_search_token(tokens.search_token(forward, position)) == (forward, position)


@given(st.integers(0), st.text())
def test_stream_tokens_read_back(time_ms: int, name: str) -> None:
    assert tokens.read_stream_token(tokens.stream_token(time_ms, name)) == (time_ms, name)


@pytest.mark.parametrize("read", [tokens.read_event_token, tokens.read_search_token,
                                  tokens.read_stream_token])  # fmt: skip
@given(token=st.text(max_size=70) | st.sampled_from(["f//s", "f/1/s", f"x/{'0' * 56}/s"]))
def test_any_other_text_is_no_token(read: object, token: str) -> None:
    assert callable(read)
    with pytest.raises(ServiceError) as caught:
        read(token)
    assert caught.value.error_code == "InvalidParameterException"
    assert caught.value.message == "The specified nextToken is invalid."
