"""What Ingle answers for every operation of the served services is what botocore understands."""

from typing import Any

import pytest

from ingle.wire.errors import ServiceError
from ingle.wire.protocol import ServiceProtocol
from tests.wire.generate import Generator, plain, told
from tests.wire.oracle import REQUEST_ID, TESTED, raw_model, service_model, understood

_PAIRS = [pytest.param(*pair, id=f"{pair[0]}-{pair[1]}") for pair in TESTED]
# botocore reads the first with code of its own (it has a test of its own); the others are what
# came before Get- and PutBucketNotificationConfiguration, with two members for one element.
_SPECIAL = {"GetBucketLocation", "GetBucketNotification"}


@pytest.mark.parametrize("draw", range(3))
@pytest.mark.parametrize(("service", "protocol"), _PAIRS)
def test_every_result_is_understood_by_botocore_as_it_was_given(
    service: str, protocol: str, draw: int
) -> None:
    ours = ServiceProtocol.load(service)
    theirs = service_model(service)
    for name in theirs.operation_names:
        model = theirs.operation_model(name)
        if model.has_event_stream_output or name in _SPECIAL:
            continue
        shape = model.output_shape
        result: dict[str, Any] = {}
        if shape is not None:
            result = Generator(f"{service}.{name}.{draw}").structure(shape)
        response = ours.operation(name, protocol).serialize(plain(result), REQUEST_ID)
        found = understood(response, model, protocol, shape)
        metadata = found.pop("ResponseMetadata", {})
        if shape is not None:
            assert metadata.get("RequestId") == REQUEST_ID, name
            assert told(found, protocol) == told(result, protocol), name


@pytest.mark.parametrize(("service", "protocol"), _PAIRS)
def test_every_result_may_leave_out_every_member(service: str, protocol: str) -> None:
    ours = ServiceProtocol.load(service)
    theirs = service_model(service)
    for name in theirs.operation_names:
        model = theirs.operation_model(name)
        if model.has_event_stream_output or name in _SPECIAL:
            continue
        response = ours.operation(name, protocol).serialize(None, REQUEST_ID)
        found = understood(response, model, protocol, model.output_shape)
        found.pop("ResponseMetadata", None)
        found = {key: value for key, value in found.items() if key.lower() != "contenttype"}
        left = [value for value in found.values() if value not in ({}, b"", "")]
        assert all(isinstance(value, int) for value in left), name


@pytest.mark.parametrize(("service", "protocol"), _PAIRS)
def test_every_modelled_error_is_understood_by_botocore(service: str, protocol: str) -> None:
    ours = ServiceProtocol.load(service)
    theirs = service_model(service)
    message = 'it\'s <wrong> & "odd" é'
    for shape in theirs.error_shapes:
        generator = Generator(f"{service}.{shape.name}")
        given = generator.structure(shape)
        members = {key: value for key, value in given.items() if key.lower() != "message"}
        members.pop("Type", None)
        error = ServiceError(message, code=shape.name, members=plain(members))
        response = ours.serialize_error(error, REQUEST_ID, ours.operation(_any(theirs), protocol))
        assert response.status == _status(service, shape), shape.name
        model = theirs.operation_model(_any(theirs))
        found = understood(response, model, protocol, None)
        assert _told_code(found) in (shape.error_code, shape.name), shape.name
        assert found["Error"].get("Message") == message, shape.name
        assert found["ResponseMetadata"]["RequestId"] == REQUEST_ID
        modelled = understood(response, model, protocol, shape)
        for key, value in plain(members).items():
            assert plain(modelled[key]) == value, (shape.name, key)


def _told_code(found: dict[str, Any]) -> str:
    error = found["Error"]
    return str(error.get("QueryErrorCode", error["Code"]))


def _any(theirs: Any) -> str:
    return str(theirs.operation_names[0])


def _status(service: str, shape: Any) -> int:
    if service == "sqs":
        overlay = ServiceProtocol.load("sqs").model.shapes.raw(shape.name)
        return int(overlay.get("error", {}).get("httpStatusCode", 400))
    raw = raw_model(service)["shapes"][shape.name]
    return int(raw.get("error", {}).get("httpStatusCode", 500 if raw.get("fault") else 400))
