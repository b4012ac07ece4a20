"""Pagination tokens that say after which item the next page begins."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

# Tells a token of ours from other Base64, and lets the form change.
_PREFIX = b"1:"


class BadToken(ValueError):
    """The token is none that `encode` made."""


def encode(last: str) -> str:
    """Make the token for the page after the item with this key."""
    return base64.urlsafe_b64encode(_PREFIX + last.encode()).decode("ascii")


def decode(token: str) -> str:
    """Read the key out of a token.

    Raises:
        BadToken: the token is not one of ours.
    """
    try:
        data = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        if not data.startswith(_PREFIX):
            raise BadToken(token)
        return data[len(_PREFIX) :].decode()
    except (binascii.Error, UnicodeError) as error:
        raise BadToken(token) from error


def page(
    items: Sequence[T], key: Callable[[T], str], token: str | None, size: int
) -> tuple[Sequence[T], str | None]:
    """Cut one page out of a list; items that come and go between two pages do no harm.

    Args:
        items: all items, in ascending order of their keys.
        key: gives an item's key, which no other item has.
        token: the token of the previous page.
        size: how many items a page has at most.

    Returns:
        The page, and the token for the next one, or None at the end.

    Raises:
        BadToken: the token is not one of ours.
    """
    if token is not None:
        last = decode(token)
        items = [item for item in items if key(item) > last]
    if len(items) <= size:
        return items, None
    return items[:size], encode(key(items[size - 1]))
