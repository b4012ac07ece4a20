"""What botocore sends for every operation of the served services is read back as it was meant."""

from typing import Any

import pytest

from ingle.wire.errors import Validation
from ingle.wire.protocol import ServiceProtocol
from tests.wire.generate import Generator, NoValue, told
from tests.wire.oracle import TESTED, request_of, service_model

_PAIRS = [pytest.param(*pair, id=f"{pair[0]}-{pair[1]}") for pair in TESTED]
_TOKEN = "idempotencyToken"
# What came before PutBucketNotificationConfiguration has two members for one element.
_AMBIGUOUS = {"PutBucketNotification"}


def _parameters(service: str, name: str, valid: bool, draw: int = 0) -> dict[str, Any]:
    shape = service_model(service).operation_model(name).input_shape
    if shape is None:
        return {}
    return Generator(f"{service}.{name}.{valid}.{draw}", valid).structure(shape)


@pytest.mark.parametrize("draw", range(3))
@pytest.mark.parametrize(("service", "protocol"), _PAIRS)
def test_every_request_that_botocore_sends_is_routed_and_read_back(
    service: str, protocol: str, draw: int
) -> None:
    ours = ServiceProtocol.load(service)
    theirs = service_model(service)
    for name in theirs.operation_names:
        sent = _parameters(service, name, valid=False, draw=draw)
        request = request_of(theirs.operation_model(name), protocol, sent)
        operation = ours.route(request)
        assert operation.protocol == protocol
        if operation.name != name:
            assert _is_successor(service, operation.name, name), (operation.name, name)
            continue
        assert told(operation.read(request), protocol) == told(sent, protocol), name


def _is_successor(service: str, found: str, wanted: str) -> bool:
    """Whether two operations share a route, so that only one of them can be meant."""
    theirs = service_model(service)
    one, other = theirs.operation_model(found), theirs.operation_model(wanted)
    return bool(one.http == other.http) and (other.deprecated or wanted == "ListDirectoryBuckets")


@pytest.mark.parametrize(("service", "protocol"), _PAIRS)
def test_every_valid_input_passes_validation(service: str, protocol: str) -> None:
    ours = ServiceProtocol.load(service)
    theirs = service_model(service)
    without_value = []
    for name in theirs.operation_names:
        if name in _AMBIGUOUS:
            continue
        try:
            sent = _parameters(service, name, valid=True)
        except NoValue:
            without_value.append(name)
            continue
        request = request_of(theirs.operation_model(name), protocol, sent)
        operation = ours.operation(name, protocol)
        assert told(operation.parse(request), protocol) == told(sent, protocol), name
    assert len(without_value) <= len(theirs.operation_names) // 20, without_value


@pytest.mark.parametrize(("service", "protocol"), _PAIRS)
def test_an_input_without_its_required_members_names_every_one_of_them(
    service: str, protocol: str
) -> None:
    ours = ServiceProtocol.load(service)
    theirs = service_model(service)
    for name in theirs.operation_names:
        shape = theirs.operation_model(name).input_shape
        if shape is None or not shape.required_members:
            continue
        tokens = {key for key, member in shape.members.items() if member.metadata.get(_TOKEN)}
        missing = [key for key in shape.required_members if key not in tokens]
        if not missing:
            continue
        with pytest.raises(Validation) as refused:
            ours.operation(name, protocol).validate({})
        message = refused.value.message
        if refused.value.error_code == "MissingRequestBodyError":
            assert service == "s3"
        elif service in ("sqs", "s3"):
            assert message.startswith("The request must contain the parameter ")
        else:
            assert f"{len(missing)} validation error" in message
            for key in missing:
                assert f"at '{key[0].lower()}{key[1:]}' failed to satisfy constraint" in message
