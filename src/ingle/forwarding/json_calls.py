"""Ingle's own calls of a service that is elsewhere and speaks AWS's JSON over HTTP.

Source: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from ingle.wire.errors import ServiceError

if TYPE_CHECKING:
    from ingle.forwarding.forwarder import Forwarder


class JsonCalls:
    """Calls the operations of one service.

    Args:
        forwarder: signs and sends.
        spoken: how errors name the service, for instance `SQS`.
        target: what stands before the dot in `X-Amz-Target`.
        version: of the protocol, `1.0` or `1.1`.
    """

    def __init__(self, forwarder: "Forwarder", spoken: str, target: str, version: str) -> None:
        self._forwarder = forwarder
        self._spoken = spoken
        self._target = target
        self._content_type = f"application/x-amz-json-{version}"

    async def call(self, operation: str, members: Mapping[str, Any], region: str) -> dict[str, Any]:
        """Call an operation; blobs are Base64 in its members and in its answer.

        Raises:
            ServiceError: the service's own, by its code; or it cannot be reached.
        """
        headers = {
            "content-type": self._content_type,
            "x-amz-target": f"{self._target}.{operation}",
        }
        body = orjson.dumps(members)
        answer = await self._forwarder.send("POST", "/", headers, body, region)
        try:
            content = await answer.aread()
        finally:
            await answer.aclose()
        try:
            told = orjson.loads(content)
        except orjson.JSONDecodeError:
            told = None
        if not isinstance(told, dict):
            told = {"message": f"{self._spoken} answered {answer.status_code} without JSON"}
            if answer.is_success and not content:
                return {}
        if not answer.is_success or "message" in told:
            code = str(told.get("__type", "InternalFailure")).rpartition("#")[2]
            message = str(told.get("message") or told.get("Message") or code)
            raise ServiceError(message, code=code, status=answer.status_code)
        return told
