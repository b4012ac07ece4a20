"""What a FunctionName or a layer's name may look like, and which function or layer it means.

Sources: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html (name, ARN and partial ARN)
and https://docs.aws.amazon.com/lambda/latest/api/API_GetLayerVersion.html.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from ingle.services.lambda_.errors import (
    AccessDenied,
    InvalidParameterValue,
    NoSuchResource,
    ResourceNotFound,
)
from ingle.wire.errors import Validation
from ingle.wire.service import CallContext

LATEST = "$LATEST"
INVOKE = "lambda:InvokeFunction"
"""The permission to run a function, in whichever way."""

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
_SHARED = frozenset(Path(__file__).with_name("shared_actions.txt").read_text("ascii").split())
"""The permissions that a function's or a layer's policy can give to other accounts:
https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html#permissions-resource-api
"""
_ALIAS = re.compile(r"(?![0-9]+\Z)[a-zA-Z0-9_-]+", re.ASCII)
_LAYER = re.compile(
    r"arn:aws[a-zA-Z-]*:lambda:(?P<region>[^:]+):(?P<account>\d{12}):layer:(?P<name>[^:]+)"
    r"(?::(?P<version>[0-9]+))?",
    re.ASCII,
)


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

    def alias_not_found(self) -> ResourceNotFound:
        """Make the error that says that the function has no such alias."""
        return ResourceNotFound(f"Cannot find alias arn: {self.arn}")


def is_alias_name(qualifier: str) -> bool:
    """Say whether a qualifier can only mean an alias: it is no number and not `$LATEST`."""
    return _ALIAS.fullmatch(qualifier) is not None


def function_arn(account_id: str, region: str, name: str, qualifier: str | None = None) -> str:
    """Build a function's ARN, qualified if there is a qualifier."""
    arn = f"arn:aws:lambda:{region}:{account_id}:function:{name}"
    return f"{arn}:{qualifier}" if qualifier else arn


def layer_arn(account_id: str, region: str, name: str, version: int | None = None) -> str:
    """Build the ARN of a layer, or of one of its versions."""
    arn = f"arn:aws:lambda:{region}:{account_id}:layer:{name}"
    return arn if version is None else f"{arn}:{version}"


@dataclass(frozen=True, slots=True)
class LayerReference:
    """A layer, or a version of it, that a request speaks of.

    Attributes:
        account_id: the owner, twelve digits.
        region: where it is.
        name: the layer's name.
        version: the number of the version, or None where the request names none.
    """

    account_id: str
    region: str
    name: str
    version: int | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What identifies the layer among all others."""
        return self.account_id, self.region, self.name

    @property
    def arn(self) -> str:
        """The ARN, with the version if there is one."""
        return layer_arn(self.account_id, self.region, self.name, self.version)


def function_reference(text: str, account_id: str, region: str) -> Reference | None:
    """Read a function's name, or its partial or full ARN; None if it is none of these.

    Args:
        text: the name or ARN, with or without a qualifier.
        account_id: whose the function is if the text does not say.
        region: where it is if the text does not say.
    """
    match = _REFERENCE.fullmatch(text)
    if match is None:
        return None
    own_account, own_region, name, qualifier = match.group("account", "region", "name", "qualifier")
    return Reference(own_account or account_id, own_region or region, name, qualifier)


def layer_reference(text: str, context: CallContext) -> LayerReference:
    """Read a layer's name, its ARN or the ARN of one of its versions, which the model has checked.

    The region and the account are those that the text says; whether the caller may use them is
    not looked at.
    """
    match = _LAYER.fullmatch(text)
    if match is None:
        return LayerReference(context.account_id, context.region, text)
    account, region, name, version = match.group("account", "region", "name", "version")
    return LayerReference(account, region, name, None if version is None else int(version))


def resolve_layer(
    text: str, context: CallContext, action: str, version: int | None = None
) -> LayerReference:
    """Find out which layer a request means.

    One of another account is found where its policy can give the permission; that it does was
    looked at before.

    Args:
        text: the member LayerName, a name or an ARN, or the ARN of a version.
        context: whose request it is; its account and region stand in for those left out.
        action: the permission needed, for instance `lambda:GetLayerVersion`.
        version: the member VersionNumber.

    Raises:
        InvalidParameterValue: the version is less than 1.
        ResourceNotFound: the ARN is of another region.
        AccessDenied: the ARN is of another account, and no policy can give the permission.
    """
    reference = layer_reference(text, context)
    if version is not None:
        reference = replace(reference, version=version)
    if reference.version is not None and reference.version < 1:
        raise InvalidParameterValue("Layer Version Cannot be less than 1")
    _check_account(reference, context, action)
    if reference.region != context.region:
        raise NoSuchResource
    return reference


def resolve(
    text: str, context: CallContext, action: str, qualifier: str | None = None
) -> Reference:
    """Find out which function a request means.

    One of another account is found where its policy can give the permission; that it does was
    looked at before.

    Args:
        text: the member FunctionName: a name, a partial or a full ARN, each with or without a
            qualifier.
        context: whose request it is; its account and region stand in for those left out.
        action: the permission needed, for instance `lambda:GetFunction`.
        qualifier: the member Qualifier.

    Raises:
        Validation: the text is none of these.
        ResourceNotFound: the ARN is of another region.
        AccessDenied: the ARN is of another account, and no policy can give the permission.
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
    _check_account(reference, context, action)
    return reference


def resolve_latest(text: str, context: CallContext, action: str) -> Reference:
    """Find out which function's `$LATEST` a request means that is to change it, or publishes it.

    Raises:
        InvalidParameterValue: the name has the qualifier of another version.
        Validation, ResourceNotFound, AccessDenied: as `resolve`.
    """
    reference = resolve(text, context, action)
    if reference.qualifier not in (None, LATEST):
        raise InvalidParameterValue(
            "Current operation does not support versions other than $LATEST. Please set the "
            "version to $LATEST or do not set a version in your request."
        )
    return reference


def resolve_whole(text: str, context: CallContext, action: str) -> Reference:
    """Find out which function a request means that takes no version and no alias.

    Raises:
        InvalidParameterValue: the name has a qualifier.
        Validation, ResourceNotFound, AccessDenied: as `resolve`.
    """
    reference = resolve(text, context, action)
    if reference.qualifier is not None:
        raise InvalidParameterValue(
            "This operation is permitted on Lambda functions only. Aliases and versions do not "
            "support this operation. Please specify either a function name or an unqualified "
            "function ARN."
        )
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


def _check_account(
    reference: Reference | LayerReference, context: CallContext, action: str
) -> None:
    if reference.account_id != context.account_id and action not in _SHARED:
        raise AccessDenied(context.principal_arn, action, reference.arn)


def _invalid(text: str) -> Validation:
    return Validation(
        f"1 validation error detected: Value '{text}' at 'functionName' failed to satisfy "
        f"constraint: Member must satisfy regular expression pattern: {_SHOWN_PATTERN}"
    )
