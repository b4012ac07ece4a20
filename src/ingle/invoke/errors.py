"""Why an invocation was not run."""

from ingle.wire.errors import ServiceError


class TooManyRequests(ServiceError):
    """The account's concurrency is used up.

    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
    """

    code = "TooManyRequestsException"
    status = 429

    def __init__(self, reason: str) -> None:
        super().__init__(
            "Rate Exceeded.", members={"Reason": reason, "Type": "User", "retryAfterSeconds": "1"}
        )


class SandboxUnavailable(ServiceError):
    """No sandbox could be made; the fault is Ingle's or the machine's, not the function's."""

    code = "ServiceException"
    status = 500


class ShuttingDown(ServiceError):
    """The server is draining and takes no more invocations."""

    code = "ServiceException"
    status = 503
