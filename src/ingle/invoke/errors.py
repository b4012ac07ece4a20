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


class FileSystemNotMounted(ServiceError):
    """The folder that stands for a function's file system could not be mounted; the log says why.

    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors

    Args:
        arn: the access point's.
    """

    status = 403

    def __init__(self, arn: str) -> None:
        kind = "S3Files" if ":s3files:" in arn else "EFS"
        super().__init__(
            f"The Lambda function couldn't mount the file system of {arn} due to a permission or "
            "configuration issue.",
            code=f"{kind}MountFailureException",
            members={"Type": "User"},
        )


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
