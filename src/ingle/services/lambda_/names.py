"""What a FunctionName may look like, and which function it means.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html (name, ARN and partial ARN).
"""

import re
from dataclasses import dataclass

from ingle.services.lambda_.errors import AccessDenied, InvalidParameterValue, ResourceNotFound
from ingle.wire.errors import Validation
from ingle.wire.service import CallContext

LATEST = "$LATEST"

# The model's own pattern, with the parts that it leaves nameless named.
_REFERENCE = re.compile(
    r"(?:arn:(?:aws[a-zA-Z-]*)?:lambda:)?"
    r"(?:(?P<region>(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?"
    r"(?:(?P<account>\d{12}):)?"
    r"(?:function:)?"
    r"(?P<name>[a-zA-Z0-9_.-]+)"
    r"(?::(?P<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9_-]+))?",
    re.ASCII,
)
# As AWS's answers show it.
_SHOWN_PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?"
    r"(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"
)
_NEW_NAME = re.compile(r"[a-zA-Z0-9_-]+", re.ASCII)
_NEW_NAME_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Reference:
    """One function, or one version or alias of it, that a request speaks of.

    Attributes:
        account_id: the owner, twelve digits.
        region: where it is.
        name: the function's name.
        qualifier: a version or alias, or None where the request names none.
    """

    account_id: str
    region: str
    name: str
    qualifier: str | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What identifies the function among all others."""
        return self.account_id, self.region, self.name

    @property
    def arn(self) -> str:
        """The ARN, with the qualifier if there is one."""
        return function_arn(self.account_id, self.region, self.name, self.qualifier)

    def not_found(self) -> ResourceNotFound:
        """Make the error that says so."""
        return ResourceNotFound(f"Function not found: {self.arn}")


def function_arn(account_id: str, region: str, name: str, qualifier: str | None = None) -> str:
    """Build a function's ARN, qualified if there is a qualifier."""
    arn = f"arn:aws:lambda:{region}:{account_id}:function:{name}"
    return f"{arn}:{qualifier}" if qualifier else arn


def resolve(
    text: str, context: CallContext, action: str, qualifier: str | None = None
) -> Reference:
    """Find out which function a request means.

    Args:
        text: the member FunctionName: a name, a partial or a full ARN, each with or without a
            qualifier.
        context: whose request it is; its account and region stand in for those left out.
        action: the permission needed, for instance `lambda:GetFunction`.
        qualifier: the member Qualifier.

    Raises:
        Validation: the text is none of these.
        ResourceNotFound: the ARN is of another region.
        AccessDenied: the ARN is of another account.
        InvalidParameterValue: both the text and `qualifier` have a qualifier, and they differ.
    """
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise _invalid(text)
    account, region, name, own_qualifier = match.group("account", "region", "name", "qualifier")
    if region is not None and region != context.region:
        raise ResourceNotFound(
            f"Functions from '{region}' are not reachable in this region ('{context.region}')"
        )
    if qualifier and own_qualifier and qualifier != own_qualifier:
        raise InvalidParameterValue(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    reference = Reference(
        account or context.account_id, context.region, name, qualifier or own_qualifier
    )
    if reference.account_id != context.account_id:
        raise AccessDenied(context.principal_arn, action, reference.arn)
    return reference


def resolve_new(text: str, context: CallContext) -> Reference:
    """Find out what a function that is being created is to be called.

    Raises:
        Validation: the text is no function name or ARN, or has a qualifier.
        InvalidParameterValue: the name is longer than 64 characters.
        ResourceNotFound: the ARN is of another region.
        AccessDenied: the ARN is of another account.
    """
    reference = resolve(text, context, "lambda:CreateFunction")
    if reference.qualifier is not None or not _NEW_NAME.fullmatch(reference.name):
        raise _invalid(text)
    if len(reference.name) > _NEW_NAME_LENGTH:
        raise InvalidParameterValue(
            f"1 validation error detected: Value '{reference.name}' at 'functionName' failed to "
            f"satisfy constraint: Member must have length less than or equal to {_NEW_NAME_LENGTH}"
        )
    return reference


def _invalid(text: str) -> Validation:
    return Validation(
        f"1 validation error detected: Value '{text}' at 'functionName' failed to satisfy "
        f"constraint: Member must satisfy regular expression pattern: {_SHOWN_PATTERN}"
    )
