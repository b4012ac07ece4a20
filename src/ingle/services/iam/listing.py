"""Lists in pages: `MaxItems`, `Marker` and `IsTruncated`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ingle.services import paging
from ingle.services.iam.errors import ValidationError
from ingle.services.iam.limits import LISTING

T = TypeVar("T")


def page(
    items: Sequence[T], key: Callable[[T], str], request: Mapping[str, Any]
) -> tuple[Sequence[T], dict[str, Any]]:
    """Cut the page out of a list that a request is for.

    Args:
        items: all items, in ascending order of their keys.
        key: gives an item's key, which no other item has.
        request: the operation's input.

    Returns:
        The page, and the members of the answer that tell where it stands.

    Raises:
        ValidationError: the marker is none that an answer held.
    """
    size = request.get("MaxItems", LISTING.page)
    try:
        found, marker = paging.page(items, key, request.get("Marker"), size)
    except paging.BadToken as error:
        raise ValidationError("Invalid Marker.") from error
    if marker is None:
        return found, {"IsTruncated": False}
    return found, {"IsTruncated": True, "Marker": marker}


def below(items: Sequence[T], path: Callable[[T], str], request: Mapping[str, Any]) -> Sequence[T]:
    """Keep the items whose path begins with the request's `PathPrefix`, if it has one."""
    prefix = request.get("PathPrefix", "/")
    return items if prefix == "/" else [each for each in items if path(each).startswith(prefix)]
