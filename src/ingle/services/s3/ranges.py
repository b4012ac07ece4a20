"""Ranges of bytes.

Source: https://www.rfc-editor.org/rfc/rfc9110#name-byte-ranges
"""

import re

from ingle.services.s3.errors import InvalidArgument, InvalidRange

_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.ASCII)


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Read the header Range.

    Args:
        header: as it was sent.
        size: of the object.

    Returns:
        The first byte, and the one after the last; None where the whole object is meant: several
        ranges, which S3 does not have, and what is none, are passed over.

    Raises:
        InvalidRange: it begins behind the end.
    """
    match = _RANGE.fullmatch(header.replace(" ", "")) if header is not None else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if first == "":
        count = min(int(last), size)
        if count == 0:
            raise InvalidRange(RangeRequested=header, ActualObjectSize=size)
        return size - count, size
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise InvalidRange(RangeRequested=header, ActualObjectSize=size)
    return start, min(int(last) + 1, size) if last else size


def parse_copied_range(header: str, size: int) -> tuple[int, int]:
    """Read the header x-amz-copy-source-range, which must lie within the object.

    Raises:
        InvalidArgument: it does not, or is none.
    """
    match = _RANGE.fullmatch(header)
    if match is None or not all(match.groups()):
        raise InvalidArgument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first "
            "and last are the zero-based offsets of the first and last bytes to copy",
            ArgumentName="x-amz-copy-source-range",
            ArgumentValue=header,
        )
    start, end = int(match[1]), int(match[2]) + 1
    if start >= end or end > size:
        raise InvalidArgument(
            f"Range specified is not valid for source object of size: {size}",
            ArgumentName="x-amz-copy-source-range",
            ArgumentValue=header,
        )
    return start, end
