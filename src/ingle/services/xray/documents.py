"""Segment documents: reading those that clients send, and putting those of a trace together.

Source: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from ingle.services.xray.limits import LIMITS

TRACE_ID = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")
_SEGMENT_ID = re.compile(r"[0-9a-f]{16}")
_NAME = re.compile(r"[\w\s.:/%&#=+,\\\-@]{1,200}")
_INDEPENDENT = "subsegment"
_DEEPEST = 100


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment, or one subsegment that was sent by itself.

    Attributes:
        trace_id: the trace that it is of.
        id: sixteen hexadecimal digits.
        started: seconds since the epoch.
        ended: the same; of one that is in progress, when it started.
        document: its JSON.
    """

    trace_id: str
    id: str
    started: float
    ended: float
    document: str


class BadDocument(ValueError):
    """A document is none that X-Ray takes.

    Attributes:
        segment_id: as far as that could be read, or "".
    """

    def __init__(self, message: str, segment_id: str = "") -> None:
        super().__init__(message)
        self.segment_id = segment_id


def read(text: str) -> Segment:
    """Read the document of a segment or of an independent subsegment.

    Raises:
        BadDocument: it is none.
    """
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadDocument(f"The segment document is not JSON: {error}") from error
    if not isinstance(document, Mapping):
        raise BadDocument("The segment document is not a JSON object.")
    found = document.get("id")
    segment_id = found if isinstance(found, str) else ""

    def check(member: str, ok: bool, what: str) -> None:
        if not ok:
            raise BadDocument(f"The segment document's {member} is not {what}.", segment_id)

    size = len(text.encode())
    if size > LIMITS.document_bytes:
        raise BadDocument(
            f"The segment document has {size} bytes, and may have {LIMITS.document_bytes}.",
            segment_id,
        )
    trace_id: Any = document.get("trace_id")
    name = document.get("name")
    started: Any = document.get("start_time")
    ended: Any = document.get("end_time")
    running = document.get("in_progress") is True
    check("id", bool(_SEGMENT_ID.fullmatch(segment_id)), "16 hexadecimal digits")
    check(
        "trace_id",
        isinstance(trace_id, str) and bool(TRACE_ID.fullmatch(trace_id)),
        "a trace id, such as 1-5759e988-bd862e3fe1be46a994272793",
    )
    check("name", isinstance(name, str) and bool(_NAME.fullmatch(name)), "a name")
    check("start_time", _is_time(started), "seconds since the epoch")
    if running:
        check("end_time", ended is None, "to be there while it is in progress")
        ended = started
    check("end_time", _is_time(ended) and ended >= started, "seconds since the epoch, later on")
    if document.get("type") is not None:
        check("type", document["type"] == _INDEPENDENT, "subsegment")
        parent = document.get("parent_id")
        check(
            "parent_id",
            isinstance(parent, str) and bool(_SEGMENT_ID.fullmatch(parent)),
            "16 hexadecimal digits",
        )
    return Segment(trace_id, segment_id, float(started), float(ended), text)


def assembled(segments: Iterable[Segment]) -> list[dict[str, Any]]:
    """Read the documents of one trace, and put subsegments that came by themselves in their place.

    Returns:
        The segments, the earliest first; subsegments whose parent is not there are among them.
    """
    documents: list[dict[str, Any]] = [
        orjson.loads(each.document) for each in sorted(segments, key=lambda each: each.started)
    ]
    places: dict[str, dict[str, Any]] = {}
    parents: dict[str, str] = {}
    for document in documents:
        if document.get("type") == _INDEPENDENT:
            parents[document["id"]] = document["parent_id"]
        todo = [document]
        while todo:
            inner = todo.pop()
            places[inner.get("id", "")] = inner
            todo += subsegments(inner)
    whole = []
    for document in documents:
        parent = None
        if document["id"] in parents and _has_an_end(document["id"], parents):
            parent = places.get(parents[document["id"]])
        if parent is None:
            whole.append(document)
        else:
            parent.setdefault("subsegments", []).append(document)
    return whole


def _has_an_end(segment_id: str, parents: Mapping[str, str]) -> bool:
    """Say whether a subsegment is below something else, at last, and not too deep."""
    for _ in range(_DEEPEST):
        if segment_id not in parents:
            return True
        segment_id = parents[segment_id]
    return False


def subsegments(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the subsegments that are in a document."""
    found = document.get("subsegments")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
