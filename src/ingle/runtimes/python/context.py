"""The context object that a handler gets, with all that AWS's has.

Source: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_W3C_FIELDS = ("traceparent", "tracestate", "baggage")


class _Record:
    """An object with fixed attributes, filled from a dict's keys of the same names."""

    __slots__: tuple[str, ...] = ()

    def __init__(self, values: Any = None) -> None:
        values = values if isinstance(values, dict) else {}
        for name in self.__slots__:
            setattr(self, name, values.get(name))

    def __repr__(self) -> str:
        fields = ",".join(f"{name}={getattr(self, name)}" for name in self.__slots__)
        return f"{type(self).__name__}([{fields}])"


class CognitoIdentity(_Record):
    """Who the mobile caller is; both attributes are None for other callers."""

    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")


class Client(_Record):
    """The mobile application that called."""

    __slots__ = (
        "app_package_name",
        "app_title",
        "app_version_code",
        "app_version_name",
        "installation_id",
    )


class ClientContext(_Record):
    """What the caller sent in `ClientContext`."""

    __slots__ = ("client", "custom", "env")

    client: Any

    def __init__(self, values: Any = None) -> None:
        super().__init__(values)
        if self.client is not None:
            self.client = Client(self.client)


class LambdaContext:
    """What a handler may know of its invocation and of its function."""

    def __init__(
        self,
        request_id: str,
        deadline_ms: int,
        invoked_arn: str,
        client_context: str,
        tenant_id: str | None = None,
    ) -> None:
        environ = os.environ
        self.aws_request_id = request_id
        self.log_group_name = environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = invoked_arn
        self.tenant_id = tenant_id
        self.identity = CognitoIdentity()
        self.client_context: ClientContext | None = None
        self._w3c: dict[str, str] = {}
        self._deadline_ms = deadline_ms
        if client_context:
            values = json.loads(client_context)
            if isinstance(values, dict):
                w3c = values.pop("w3c", None)
                if isinstance(w3c, dict):
                    self._w3c = {k: w3c[k] for k in _W3C_FIELDS if isinstance(w3c.get(k), str)}
            self.client_context = ClientContext(values)

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation times out; never negative."""
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def w3c(self) -> dict[str, str]:
        """The caller's W3C trace context."""
        return dict(self._w3c)

    def log(self, message: object) -> None:
        """Write one log event."""
        for handler in logging.getLogger().handlers:
            sink = getattr(handler, "log_sink", None)
            if sink is not None:
                sink.log(str(message))
                return
        sys.stdout.write(str(message))

    def __repr__(self) -> str:
        fields = (
            "aws_request_id",
            "log_group_name",
            "log_stream_name",
            "function_name",
            "memory_limit_in_mb",
            "function_version",
            "invoked_function_arn",
            "client_context",
            "identity",
            "tenant_id",
        )
        return "LambdaContext([{}])".format(",".join(f"{f}={getattr(self, f)}" for f in fields))
