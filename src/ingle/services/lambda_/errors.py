"""The errors of the Lambda API, by AWS's codes.

Source: the error lists at https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html.
"""

from typing import ClassVar

from ingle.wire.errors import ServiceError


class LambdaError(ServiceError):
    """The base of this service's modelled exceptions, which all say whose fault they are."""

    blame: ClassVar[str] = "User"

    def __init__(self, message: str) -> None:
        super().__init__(message, members={"Type": self.blame})


class InvalidParameterValue(LambdaError):
    """A member's value is not one that the operation takes."""

    code = "InvalidParameterValueException"
    status = 400


class ResourceNotFound(LambdaError):
    """No such function, version or alias."""

    code = "ResourceNotFoundException"
    status = 404


class NoSuchResource(ResourceNotFound):
    """There is nothing of that name; AWS does not say of which."""

    def __init__(self) -> None:
        super().__init__("The resource you requested does not exist.")


class ResourceConflict(LambdaError):
    """The resource exists already, or another operation is changing it."""

    code = "ResourceConflictException"
    status = 409


class ResourceInUse(LambdaError):
    """Another operation on the resource is under way."""

    code = "ResourceInUseException"
    status = 400


class PreconditionFailed(LambdaError):
    """The caller's RevisionId is not the latest.

    Args:
        api: which operation tells the latest.
    """

    code = "PreconditionFailedException"
    status = 412

    def __init__(self, api: str = "GetFunction/GetAlias") -> None:
        super().__init__(
            "The Revision Id provided does not match the latest Revision Id. "
            f"Call the {api} API to retrieve the latest Revision Id"
        )


class PolicyLengthExceeded(LambdaError):
    """A resource's policy would become too long."""

    code = "PolicyLengthExceededException"
    status = 400


class InvalidRequestContent(LambdaError):
    """An invocation's payload or client context cannot be read."""

    code = "InvalidRequestContentException"
    status = 400


class RecursiveInvocation(LambdaError):
    """The function is invoked in an endless loop."""

    code = "RecursiveInvocationException"
    status = 400

    def __init__(self) -> None:
        super().__init__(
            "Lambda has detected your function being invoked in a recursive loop with other Amazon "
            "Web Services resources and stopped your function's invocation."
        )


class ProvisionedConcurrencyConfigNotFound(LambdaError):
    """The version or alias has no provisioned concurrency."""

    code = "ProvisionedConcurrencyConfigNotFoundException"
    status = 404

    def __init__(self) -> None:
        super().__init__("No Provisioned Concurrency Config found for this function")


class FileSystemGone(LambdaError):
    """The operator no longer says what a function's file system stands for.

    Args:
        arn: the access point's.
    """

    status = 408

    def __init__(self, arn: str) -> None:
        super().__init__(
            f"The Lambda function couldn't make a network connection to the file system of {arn}: "
            "the configuration of the server does not name it any more."
        )
        kind = "S3Files" if ":s3files:" in arn else "EFS"
        self.error_code = f"{kind}MountConnectivityException"


class CodeSigningConfigNotFound(LambdaError):
    """There is no such code signing configuration for a function to have.

    Args:
        arn: which was named.
    """

    code = "CodeSigningConfigNotFoundException"
    status = 404

    def __init__(self, arn: str) -> None:
        super().__init__(
            "The code signing configuration cannot be found. Check that the provided "
            f"configuration is not deleted: {arn}."
        )


class CodeVerificationFailed(LambdaError):
    """A package has none of the signatures that its function's configuration asks for."""

    code = "CodeVerificationFailedException"
    status = 400


class AccessRefused(ServiceError):
    """No policy allows what a service, or a function's role, would do; the text says which."""

    code = "AccessDeniedException"
    status = 403


class RoleNotPassed(ServiceError):
    """A function cannot have the role of another account."""

    code = "AccessDeniedException"
    status = 403

    def __init__(self) -> None:
        super().__init__("Cross-account pass role is not allowed.")


class CodeStorageExceeded(LambdaError):
    """All packages of the account together are larger than it may store."""

    code = "CodeStorageExceededException"
    status = 400


class InvalidZipFile(LambdaError):
    """The stored package of a function can no longer be unpacked."""

    code = "InvalidZipFileException"
    status = 502


class InvalidRuntime(LambdaError):
    """This machine does not have what runs a function, which was created when it had.

    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
    """

    code = "InvalidRuntimeException"
    status = 502


class ServiceFailure(LambdaError):
    """The service itself failed, for instance for want of disk space."""

    code = "ServiceException"
    status = 500
    blame = "Server"


class AccessDenied(ServiceError):
    """The caller may not touch the function or layer, which is another account's.

    Args:
        principal_arn: who asked.
        action: for instance `lambda:InvokeFunction`.
        resource_arn: the function's or layer's ARN.
    """

    code = "AccessDeniedException"
    status = 403

    def __init__(self, principal_arn: str, action: str, resource_arn: str) -> None:
        super().__init__(
            f"User: {principal_arn} is not authorized to perform: {action} on resource: "
            f"{resource_arn} because no resource-based policy allows the {action} action"
        )
