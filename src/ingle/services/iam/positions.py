"""Where the statements of a policy document are in its text, as simulations tell."""

import json
import re
from typing import NamedTuple

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


class Span(NamedTuple):
    """Where a statement is: from just after what comes before it, to just after its end."""

    start: int
    end: int


def statement_spans(document: str) -> list[Span]:
    """Find the statements of a document that has been read before, in their order.

    Args:
        document: JSON with a `Statement`.

    Raises:
        ValueError: it is none.
    """
    at = _skip(document, 0) + 1  # the opening brace
    while True:
        name, at = _DECODER.raw_decode(document, document.index('"', at))
        start = _skip(document, at) + 1  # after the colon
        at = _skip(document, start)
        if name != "Statement":
            _, at = _DECODER.raw_decode(document, at)
            continue
        if document[at] != "[":
            _, end = _DECODER.raw_decode(document, at)
            return [Span(start, end)]
        return _listed(document, at)


def _listed(document: str, at: int) -> list[Span]:
    spans: list[Span] = []
    while document[at] != "]":
        start = at + 1  # after the bracket, or the comma
        _, end = _DECODER.raw_decode(document, _skip(document, start))
        spans.append(Span(start, end))
        at = _skip(document, end)
    return spans


def position(document: str, offset: int) -> dict[str, int]:
    """Write a place in a document as IAM does: line and column, both from 1."""
    before = document[:offset]
    return {
        "Line": before.count("\n") + 1,
        "Column": offset - (before.rfind("\n") + 1) + 1,
    }


def _skip(document: str, at: int) -> int:
    found = _SPACE.match(document, at)
    return found.end() if found else at
