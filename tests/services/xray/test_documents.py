"""Segment documents: what is taken, and how those of a trace are put together."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.xray.documents import BadDocument, Segment, assembled, read

TRACE_ID = "1-5759e988-bd862e3fe1be46a994272793"
GOOD = {
    "id": "70de5b6f19ff9a0a",
    "trace_id": TRACE_ID,
    "name": "front",
    "start_time": 1.5,
    "end_time": 2,
}


def test_a_segment_is_read() -> None:
    text = json.dumps(GOOD)
    assert read(text) == Segment(TRACE_ID, GOOD["id"], 1.5, 2.0, text)


def test_one_in_progress_has_no_end() -> None:
    running = {key: value for key, value in GOOD.items() if key != "end_time"}
    assert read(json.dumps(running | {"in_progress": True})).ended == 1.5


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": "70de5b6f"}, "id is not 16 hexadecimal digits"),
        ({"id": 5}, "id is not 16 hexadecimal digits"),
        ({"trace_id": "1-2-3"}, "trace_id is not a trace id"),
        ({"name": ""}, "name is not a name"),
        ({"name": "a" * 201}, "name is not a name"),
        ({"start_time": "now"}, "start_time is not seconds"),
        ({"start_time": True}, "start_time is not seconds"),
        ({"end_time": 1}, "end_time is not seconds since the epoch, later on"),
        ({"end_time": None}, "end_time is not seconds"),
        ({"in_progress": True}, "end_time is not to be there while it is in progress"),
        ({"type": "segment"}, "type is not subsegment"),
        ({"type": "subsegment"}, "parent_id is not 16 hexadecimal digits"),
        ({"metadata": "x" * 65_536}, "may have 65536"),
    ],
)
def test_what_is_none_is_refused_by_its_member(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadDocument) as caught:
        read(json.dumps(GOOD | change))
    assert reason in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "5", "{", '"text"'])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(BadDocument):
        read(text)


def _segment(number: int, parent: int | None, independent: bool) -> Segment:
    document = {"id": f"{number:016x}", "name": str(number), "start_time": 1 + number}
    document |= {"end_time": 50, "trace_id": TRACE_ID}
    if parent is not None:
        document["parent_id"] = f"{parent:016x}"
    if independent:
        document["type"] = "subsegment"
    return read(json.dumps(document))


def test_subsegments_that_came_by_themselves_are_put_below_their_parent() -> None:
    parts = [_segment(3, 2, True), _segment(2, 1, True), _segment(1, None, False)]
    [whole] = assembled(parts)
    assert whole["name"] == "1"
    [below] = whole["subsegments"]
    assert (below["name"], below["subsegments"][0]["name"]) == ("2", "3")


def test_a_subsegment_whose_parent_is_not_there_stays_by_itself() -> None:
    assert [each["name"] for each in assembled([_segment(2, 9, True)])] == ["2"]


@given(st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=9))
def test_nothing_is_lost_whoever_is_below_whom(shape: list[tuple[int, bool]]) -> None:
    parts = [_segment(n, parent, inner) for n, (parent, inner) in enumerate(shape)]
    told = json.dumps(assembled(parts))
    for number in range(len(shape)):
        assert told.count(f'"name": "{number}"') == 1
