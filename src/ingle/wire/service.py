"""What a service is to the wire layer, and what each of its operations is handed."""

from dataclasses import dataclass
from typing import Any, ClassVar

from ingle.wire.http import Request


@dataclass(slots=True)
class CallContext:
    """What an operation knows of the call besides its input.

    Attributes:
        request_id: the id in this call's `x-amzn-RequestId`; an invocation's id too.
        account_id: the account that the caller acts in, twelve digits.
        region: the region that the caller signed for.
        principal_arn: who calls, for instance `arn:aws:iam::000000000000:root`.
        request: the HTTP request.
        endpoint: scheme and authority by which the caller reached Ingle,
            for instance `http://127.0.0.1:4566`.
        trace: what the header `X-Amzn-Trace-Id` of the answer tells, or "" for none.
        identity: the caller, an `ingle.auth.keys.Identity`; this layer knows nothing of it.
    """

    request_id: str
    account_id: str
    region: str
    principal_arn: str
    request: Request
    endpoint: str
    trace: str = ""
    identity: Any = None


class Service:
    """An AWS service: a subclass with one coroutine method an operation.

    A method is named as in boto3 (`CreateFunction` is `create_function`), takes
    `(context: CallContext, request: dict[str, Any])`, the validated input by the model's member
    names, and returns a mapping of the output's members (missing ones are left out) or None.
    It raises `ServiceError`s. Blob members are `bytes`; timestamps are floats, seconds since the
    epoch; a streaming blob in the output is bytes or an asynchronous iterator of bytes.
    A member that is bound to the HTTP status code (`StatusCode` of Invoke) sets it.
    """

    name: ClassVar[str]
    """botocore's name of the service, for instance `lambda`."""

    decides: ClassVar[frozenset[str]] = frozenset()
    """The operations of which the service decides itself who may call them, `AssumeRole` for one:
    they are not authorised before."""


ServiceInput = dict[str, Any]
ServiceOutput = dict[str, Any]
