"""Streams of events, read back with botocore's own event-stream reader."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest
from botocore.eventstream import EventStream, EventStreamBuffer
from botocore.parsers import PROTOCOL_PARSERS
from hypothesis import given
from hypothesis import strategies as st

from ingle.wire.errors import ServiceError
from ingle.wire.eventstream import HeaderValue, Moment, encode_message
from ingle.wire.http import Response, close_stream
from ingle.wire.protocol import ServiceProtocol
from tests.wire.oracle import REQUEST_ID, header, service_model


async def _stream(events: Iterable[dict[str, Any]], error: ServiceError | None = None) -> Any:
    for event in events:
        yield event
    if error is not None:
        raise error


async def _collect(response: Response) -> list[bytes]:
    assert isinstance(response.body, AsyncIterator)
    return [chunk async for chunk in response.body]


class _Raw:
    """What botocore takes for the connection."""

    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks

    def stream(self) -> Iterable[bytes]:
        return iter(self._chunks)

    def close(self) -> None:
        """Nothing to close."""


def _read_back(service: str, operation: str, protocol: str, chunks: list[bytes]) -> EventStream:
    model = service_model(service).operation_model(operation)
    shape = model.get_event_stream_output()
    parser = PROTOCOL_PARSERS[protocol].EVENT_STREAM_PARSER_CLS()
    return EventStream(_Raw(chunks), shape, parser, operation)


async def test_a_streamed_invocation_is_understood_by_botocore() -> None:
    events = [
        {"PayloadChunk": {"Payload": b"Hello, "}},
        {"PayloadChunk": {"Payload": b"Sally\x00\xff"}},
        {"InvokeComplete": {"LogResult": "bG9n"}},
    ]
    operation = ServiceProtocol.load("lambda").operation("InvokeWithResponseStream")
    response = operation.serialize(
        {"StatusCode": 200, "ExecutedVersion": "1", "EventStream": _stream(events)}, REQUEST_ID
    )
    assert header(response, "content-type") == "application/vnd.amazon.eventstream"
    assert header(response, "x-amz-executed-version") == "1"
    chunks = await _collect(response)
    found = _read_back("lambda", "InvokeWithResponseStream", "rest-json", chunks)
    assert list(found) == events


async def test_an_rpc_stream_begins_with_the_other_members() -> None:
    events = [{"sessionStart": {"requestId": "r", "logGroupIdentifiers": ["a"]}}]
    operation = ServiceProtocol.load("logs").operation("StartLiveTail")
    response = operation.serialize({"responseStream": _stream(events)}, REQUEST_ID)
    found = _read_back("logs", "StartLiveTail", "json", await _collect(response))
    initial = found.get_initial_response()
    assert initial.payload == b"{}"
    assert list(found) == events


async def test_an_xml_stream_is_understood_by_botocore() -> None:
    events = [
        {"Records": {"Payload": b"a,b\n"}},
        {"Stats": {"Details": {"BytesScanned": 4, "BytesReturned": 2}}},
        {"Cont": {}},
        {"End": {}},
    ]
    operation = ServiceProtocol.load("s3").operation("SelectObjectContent")
    response = operation.serialize({"Payload": _stream(events)}, REQUEST_ID)
    found = _read_back("s3", "SelectObjectContent", "rest-xml", await _collect(response))
    assert list(found) == events


async def test_a_modelled_exception_ends_the_stream_under_its_name() -> None:
    error = ServiceError("Stream gone", code="ResourceNotFoundException")
    operation = ServiceProtocol.load("kinesis").operation("SubscribeToShard")
    response = operation.serialize({"EventStream": _stream([], error)}, REQUEST_ID)
    found = _read_back("kinesis", "SubscribeToShard", "json", await _collect(response))
    found.get_initial_response()
    with pytest.raises(Exception, match="Stream gone") as told:
        list(found)
    assert told.value.response["Error"] == {  # type: ignore[attr-defined]
        "Code": "ResourceNotFoundException",
        "Message": "Stream gone",
    }


async def test_another_error_ends_the_stream_as_an_error() -> None:
    error = ServiceError("Out of order", code="ServiceException")
    operation = ServiceProtocol.load("lambda").operation("InvokeWithResponseStream")
    response = operation.serialize({"EventStream": _stream([], error)}, REQUEST_ID)
    found = _read_back("lambda", "InvokeWithResponseStream", "rest-json", await _collect(response))
    with pytest.raises(Exception, match="Out of order") as told:
        list(found)
    assert told.value.response["Error"]["Code"] == "ServiceException"  # type: ignore[attr-defined]


async def test_a_stream_that_is_closed_early_closes_the_events() -> None:
    closed = False

    async def events() -> AsyncIterator[dict[str, Any]]:
        nonlocal closed
        try:
            yield {"PayloadChunk": {"Payload": b"one"}}
            yield {"PayloadChunk": {"Payload": b"two"}}
        finally:
            closed = True

    source = events()  # held here, so that it is not collected
    operation = ServiceProtocol.load("lambda").operation("InvokeWithResponseStream")
    response = operation.serialize({"StatusCode": 200, "EventStream": source}, REQUEST_ID)
    assert not isinstance(response.body, bytes)
    await anext(response.body)
    await close_stream(response.body)
    assert closed


async def test_an_event_that_the_model_does_not_know_is_a_mistake_of_ours() -> None:
    operation = ServiceProtocol.load("lambda").operation("InvokeWithResponseStream")
    response = operation.serialize({"EventStream": _stream([{"Wrong": {}}])}, REQUEST_ID)
    with pytest.raises(KeyError, match="Wrong"):
        await _collect(response)


_NAMES = st.text(st.characters(codec="ascii", categories=["L"]), min_size=1, max_size=40)
_VALUES = st.one_of(
    st.booleans(), st.integers(-(2**63), 2**63 - 1), st.binary(max_size=300), st.text(max_size=300)
)


@given(st.dictionaries(_NAMES, _VALUES, max_size=5), st.binary(max_size=2000))
def test_any_message_is_read_back_by_botocore(
    headers: dict[str, HeaderValue], payload: bytes
) -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(encode_message(list(headers.items()), payload))
    (message,) = list(buffer)
    assert message.headers == headers
    assert message.payload == payload


def test_a_moment_is_sent_in_milliseconds() -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(encode_message([("when", Moment(1.5))], b""))
    (message,) = list(buffer)
    assert message.headers == {"when": 1500}


def test_a_fraction_cannot_be_a_header() -> None:
    with pytest.raises(TypeError, match="fraction"):
        encode_message([("x", 1.5)], b"")
