"""The pagination tokens of streams and events.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
(nextForwardToken, nextBackwardToken).
"""

from collections.abc import Sequence
from typing import NamedTuple

from ingle.services import paging
from ingle.services.logs.errors import bad_token
from ingle.services.logs.model import Event, Position

_START = Position(0, 0, 0)


class Ends(NamedTuple):
    """Where the pages on either side of a page begin."""

    forward: Position
    backward: Position


def event_token(forward: bool, beyond: Position) -> str:
    """Make a token of GetLogEvents: for the events after, or before, a position."""
    return f"{'f' if forward else 'b'}/{beyond.text}/s"


def read_event_token(token: str) -> tuple[bool, Position]:
    """Read such a token: whether it leads forward, and from where.

    Raises:
        InvalidParameter: it is not one.
    """
    direction, _, rest = token.partition("/")
    digits, _, end = rest.partition("/")
    position = Position.parse(digits)
    if direction not in ("f", "b") or end != "s" or position is None:
        raise bad_token()
    return direction == "f", position


def ends(events: Sequence[Event], forward: bool, beyond: Position | None) -> Ends:
    """Say from where to read on, on either side of a page of GetLogEvents.

    Args:
        events: the page, the earliest event first.
        forward: in which direction it was read.
        beyond: from where it was read. An empty page at the end of a stream gives it back, so
            that the token stays the same.
    """
    if events:
        return Ends(events[-1].position, events[0].position)
    if beyond is None:
        return Ends(_START, _START)
    if forward:
        return Ends(beyond, beyond.after())
    return Ends(beyond.before(), beyond)


def search_token(forward: bool, last: Position) -> str:
    """Make a token of FilterLogEvents: for what comes beyond a position in a direction."""
    return paging.encode(event_token(forward, last))


def read_search_token(token: str) -> tuple[bool, Position]:
    """Read such a token.

    Raises:
        InvalidParameter: it is not one.
    """
    try:
        return read_event_token(paging.decode(token))
    except paging.BadToken as error:
        raise bad_token() from error


def stream_token(time_ms: int, name: str) -> str:
    """Make a token of DescribeLogStreams: for the streams after this one in either order."""
    return paging.encode(f"{time_ms}/{name}")


def read_stream_token(token: str) -> tuple[int, str]:
    """Read such a token.

    Raises:
        InvalidParameter: it is not one.
    """
    try:
        time_ms, slash, name = paging.decode(token).partition("/")
    except paging.BadToken as error:
        raise bad_token() from error
    if not slash or not (time_ms.isascii() and time_ms.isdigit()):
        raise bad_token()
    return int(time_ms), name
