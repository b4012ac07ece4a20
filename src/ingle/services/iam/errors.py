"""IAM's errors, by AWS's codes; the statuses are those of the model.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html.
"""

from ingle.wire.errors import ServiceError


class NoSuchEntity(ServiceError):
    """What is named does not exist."""

    code = "NoSuchEntity"
    status = 404


class EntityAlreadyExists(ServiceError):
    """There is one of that name."""

    code = "EntityAlreadyExists"
    status = 409


class DeleteConflict(ServiceError):
    """Something is still attached to what is to be deleted."""

    code = "DeleteConflict"
    status = 409


class LimitExceeded(ServiceError):
    """A quota would be exceeded."""

    code = "LimitExceeded"
    status = 409


class MalformedPolicyDocument(ServiceError):
    """A policy document breaks a rule."""

    code = "MalformedPolicyDocument"
    status = 400


class ValidationError(ServiceError):
    """A member's value is not one that the operation takes."""

    code = "ValidationError"
    status = 400


class InvalidInput(ServiceError):
    """A member's value is not one that the operation takes."""

    code = "InvalidInput"
    status = 400


class UnmodifiableEntity(ServiceError):
    """A role that only a service may change."""

    code = "UnmodifiableEntity"
    status = 400


class PolicyNotAttachable(ServiceError):
    """A policy that is for service-linked roles only."""

    code = "PolicyNotAttachable"
    status = 400


class PasswordPolicyViolation(ServiceError):
    """A password is weaker than it must be."""

    code = "PasswordPolicyViolation"
    status = 400


class MalformedCertificate(ServiceError):
    """A certificate cannot be read."""

    code = "MalformedCertificate"
    status = 400


class KeyPairMismatch(ServiceError):
    """A private key does not belong to the certificate."""

    code = "KeyPairMismatch"
    status = 400


class InvalidAuthenticationCode(ServiceError):
    """A device's one-time password is wrong."""

    code = "InvalidAuthenticationCode"
    status = 403


class AccessDenied(ServiceError):
    """The caller may not do this, whatever its policies say."""

    code = "AccessDenied"
    status = 403


def no_such(kind: str, name: str) -> NoSuchEntity:
    """Make the error for a user, group, role, … that does not exist.

    Args:
        kind: what it is, in AWS's words, for instance `user`.
        name: its name.
    """
    return NoSuchEntity(f"The {kind} with name {name} cannot be found.")


def exists(kind: str, name: str) -> EntityAlreadyExists:
    """Make the error for a name that is taken, for instance of a `User`."""
    return EntityAlreadyExists(f"{kind} with name {name} already exists.")


def over_quota(quota: str, limit: int) -> LimitExceeded:
    """Make the error for a quota, in AWS's word for it, for instance `UsersPerAccount`."""
    return LimitExceeded(f"Cannot exceed quota for {quota}: {limit}")


def in_use(what_first: str) -> DeleteConflict:
    """Make the error for what cannot be deleted yet, for instance `detach all policies`."""
    return DeleteConflict(f"Cannot delete entity, must {what_first} first.")


def need_user_name() -> ValidationError:
    """Make the error for a caller who is no user and names none."""
    return ValidationError("Must specify userName when calling with non-User credentials")


def no_such_policy(arn: str) -> NoSuchEntity:
    """Make the error for a managed policy that does not exist."""
    return NoSuchEntity(f"Policy {arn} was not found.")


def not_attachable(arn: str) -> NoSuchEntity:
    """Make the error for a managed policy that is to be attached and does not exist."""
    return NoSuchEntity(f"Policy {arn} does not exist or is not attachable.")


def denied(principal_arn: str, operation: str, resource: str) -> AccessDenied:
    """Make the error for what nobody may do, such as changing a policy of AWS's."""
    return AccessDenied(
        f"User: {principal_arn} is not authorized to perform: iam:{operation} on resource: "
        f"{resource}"
    )


def protected(role_name: str) -> UnmodifiableEntity:
    """Make the error for a change of a service-linked role."""
    return UnmodifiableEntity(
        f"Cannot perform the operation on the protected role '{role_name}' - this role is only "
        "modifiable by AWS"
    )
