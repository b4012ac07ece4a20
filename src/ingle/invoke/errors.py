"""Why an invocation was not run."""

from ingle.wire.errors import ServiceError


class TooManyRequests(ServiceError):
    """The concurrency of an account or of a function is used up, or the machine's memory.

    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
    """

    code = "TooManyRequestsException"
    status = 429

    def __init__(self, reason: str, message: str = "Rate Exceeded.") -> None:
        super().__init__(
            message, members={"Reason": reason, "Type": "User", "retryAfterSeconds": "1"}
        )


class SandboxUnavailable(ServiceError):
    """No sandbox could be made; the fault is Ingle's or the machine's, not the function's."""

    code = "ServiceException"
    status = 500


class ShuttingDown(ServiceError):
    """The server is draining and takes no more invocations."""

    code = "ServiceException"
    status = 503


class SnapStartFailed(ServiceError):
    """A hook of the function that runs after a restore failed.

    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
    """

    code = "SnapStartException"
    status = 400

    def __init__(self) -> None:
        super().__init__(
            "The afterRestore() runtime hook encountered an error. For more information, check "
            "the Amazon CloudWatch logs.",
            members={"Type": "User"},
        )


class SnapStartTimedOut(ServiceError):
    """The hooks of the function that run after a restore took too long.

    https://docs.aws.amazon.com/lambda/latest/dg/snapstart-troubleshooting.html
    """

    code = "SnapStartTimeoutException"
    status = 408

    def __init__(self) -> None:
        super().__init__(
            "Lambda couldn't restore the snapshot within the timeout limit.",
            members={"Type": "User"},
        )


class InitFailed(Exception):
    """A published version could not be initialised before its first invocation.

    Attributes:
        reason: for people.
        code: AWS's code of what failed, a StateReasonCode.
    """

    def __init__(self, reason: str, code: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
