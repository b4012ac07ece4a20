"""Streams of modelled events in an answer: an iterator of events in, an iterator of bytes out.

A service gives, as the event-stream member of its result, an asynchronous iterator of mappings
with one entry each: the event's name and its members, `{"PayloadChunk": {"Payload": b"..."}}`. A
`ServiceError` that the iterator raises ends the stream with a message that tells of it.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from ingle.wire.errors import ServiceError
from ingle.wire.eventstream import EventHeader, Moment, encode_message
from ingle.wire.exceptions import exception_members
from ingle.wire.http import close_stream
from ingle.wire.shapes import Shape

Event = Mapping[str, Any]
Encoder = Callable[[Mapping[str, Any]], bytes]
BodyWriters = Callable[[Shape, Mapping[str, Shape]], Callable[[Mapping[str, Any]], bytes]]


class EventWriter:
    """Writes the events of one stream.

    Args:
        stream: the shape whose members are the events and exceptions.
        body: compiles, for a shape and those of its members that are in the body, a writer of the
            protocol's bytes.
        content_type: the type of such bytes.
    """

    def __init__(self, stream: Shape, body: BodyWriters, content_type: str) -> None:
        self._stream = stream
        self._body = body
        self._content_type = content_type
        self._encoders: dict[str, Encoder] = {}
        self._exceptions: dict[str, Encoder] = {}
        for name, shape in stream.members.items():
            if shape.traits.get("exception"):
                self._exceptions[name] = self._encoder(name, shape, "exception")
            else:
                self._encoders[name] = self._encoder(name, shape, "event")

    async def write(
        self, events: AsyncIterator[Event], initial: bytes | None = None
    ) -> AsyncIterator[bytes]:
        """The messages of a stream, after an initial response where the protocol has one.

        Raises:
            KeyError: an event that the model does not know.
        """
        if initial is not None:
            yield encode_message(
                self._headers("event", "initial-response", self._content_type), initial
            )
        try:
            async for event in events:
                for name, value in event.items():
                    yield self._encoders[name](value)
        except ServiceError as error:
            yield self._failure(error)
        finally:
            await close_stream(events)

    def _failure(self, error: ServiceError) -> bytes:
        encode = self._exceptions.get(error.error_code)
        if encode is not None:
            return encode(exception_members(self._stream.members[error.error_code], error))
        return encode_message(
            (
                (":message-type", "error"),
                (":error-code", error.error_code),
                (":error-message", error.message),
            ),
            b"",
        )

    def _headers(self, kind: str, name: str, content_type: str | None) -> list[EventHeader]:
        headers: list[EventHeader] = [(f":{kind}-type", name), (":message-type", kind)]
        if content_type is not None:
            headers.append((":content-type", content_type))
        return headers

    def _encoder(self, name: str, shape: Shape, kind: str) -> Encoder:
        in_headers = {
            member: member_shape.type == "timestamp"
            for member, member_shape in shape.members.items()
            if member_shape.traits.get("eventheader")
        }
        payload, content_type = self._payload(shape, in_headers)
        fixed = self._headers(kind, name, content_type)

        def encode(value: Mapping[str, Any]) -> bytes:
            headers = list(fixed)
            for member, is_time in in_headers.items():
                if value.get(member) is not None:
                    headers.append((member, Moment(value[member]) if is_time else value[member]))
            return encode_message(headers, payload(value))

        return encode

    def _payload(
        self, shape: Shape, in_headers: Mapping[str, bool]
    ) -> tuple[Callable[[Mapping[str, Any]], bytes], str | None]:
        for name, member in shape.members.items():
            if member.traits.get("eventpayload"):
                return self._explicit_payload(name, member)
        members = {name: kind for name, kind in shape.members.items() if name not in in_headers}
        if not members:
            return lambda value: b"", None
        write = self._body(shape, members)
        return lambda value: write(
            {key: item for key, item in value.items() if key not in in_headers}
        ), self._content_type

    def _explicit_payload(
        self, name: str, member: Shape
    ) -> tuple[Callable[[Mapping[str, Any]], bytes], str]:
        if member.type == "blob":
            return lambda value: value.get(name, b""), "application/octet-stream"
        if member.type == "string":
            return lambda value: value.get(name, "").encode(), "text/plain"
        write = self._body(member, member.members)
        return lambda value: write(value.get(name, {})), self._content_type
