"""The errors of STS, by AWS's codes.

Sources: the error lists of the operations at
https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html and
https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
"""

from ingle.wire.errors import ServiceError


class AccessDenied(ServiceError):
    """The caller may not do this."""

    code = "AccessDenied"
    status = 403


class ValidationError(ServiceError):
    """A member's value is not one that the operation takes."""

    code = "ValidationError"
    status = 400


class InvalidParameterValue(ServiceError):
    """Session tags are not what they may be."""

    code = "InvalidParameterValue"
    status = 400


class MalformedPolicyDocument(ServiceError):
    """A session policy cannot be read, or does not exist."""

    code = "MalformedPolicyDocument"
    status = 400


class PackedPolicyTooLarge(ServiceError):
    """The session policies and session tags together are too large."""

    code = "PackedPolicyTooLarge"
    status = 400


class InvalidIdentityToken(ServiceError):
    """A web identity token could not be validated."""

    code = "InvalidIdentityToken"
    status = 400


class ExpiredWebIdentity(ServiceError):
    """A web identity token has expired."""

    code = "ExpiredTokenException"
    status = 400


class IdpRejectedClaim(ServiceError):
    """A claim of a web identity token is not valid."""

    code = "IDPRejectedClaim"
    status = 403


class IdpCommunicationError(ServiceError):
    """The identity provider could not be reached; another try may help."""

    code = "IDPCommunicationError"
    status = 400
