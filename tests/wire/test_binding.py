"""From operations to the methods of services."""

from typing import Any

import pytest

from ingle.wire.binding import bind
from ingle.wire.errors import NotImplementedByIngle
from ingle.wire.http import Request
from ingle.wire.protocol import ServiceProtocol
from ingle.wire.service import CallContext, Service


class _Streams(Service):
    name = "dynamodbstreams"

    def __init__(self, region: str) -> None:
        self._region = region

    async def list_streams(self, context: CallContext, request: dict[str, Any]) -> dict[str, Any]:
        return {"Streams": [], "LastEvaluatedStreamArn": self._region + context.account_id}


async def test_an_operation_is_bound_to_the_method_of_its_service() -> None:
    operation = ServiceProtocol.load("dynamodbstreams").operation("ListStreams")
    context = CallContext("id", "0", "r", "arn", Request("POST", "/"), "http://x")
    for region in ("here", "there"):
        result = await bind(_Streams(region), operation)(context, {})
        assert result == {"Streams": [], "LastEvaluatedStreamArn": f"{region}0"}


def test_an_operation_without_a_method_is_not_implemented() -> None:
    operation = ServiceProtocol.load("dynamodbstreams").operation("GetRecords")
    for _ in range(2):
        with pytest.raises(NotImplementedByIngle) as refused:
            bind(_Streams("here"), operation)
        assert refused.value.message == (
            "The operation GetRecords of dynamodbstreams is not implemented by Ingle yet"
        )
        assert (refused.value.error_code, refused.value.http_status) == ("NotImplemented", 501)
