"""Pages of lists, in the members that all of Lambda's listings have alike."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from ingle.services import paging
from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.limits import LISTING
from ingle.wire.service import ServiceInput, ServiceOutput

T = TypeVar("T")


def listed(
    member: str,
    items: Sequence[T],
    key: Callable[[T], str],
    describe: Callable[[T], object],
    request: ServiceInput,
    operation: str,
    size: int = LISTING.page,
) -> ServiceOutput:
    """Answer one page, and the marker of the next if there is one.

    Args:
        member: the member of the answer that holds the items.
        items: all of them, in ascending order of their keys.
        key: gives an item's key, which no other item has.
        describe: gives an item as it is answered.
        request: may have the members Marker and MaxItems.
        operation: the request's, for the error.
        size: how many items a page has at most.

    Raises:
        InvalidParameterValue: the marker is none of ours.
    """
    size = min(request.get("MaxItems", size), size)
    try:
        page, marker = paging.page(items, key, request.get("Marker") or None, size)
    except paging.BadToken as error:
        raise InvalidParameterValue(f"Marker is not one that {operation} answered.") from error
    answer: ServiceOutput = {member: [describe(each) for each in page]}
    if marker is not None:
        answer["NextMarker"] = marker
    return answer
