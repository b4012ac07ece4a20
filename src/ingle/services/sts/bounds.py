"""The session policies and session tags that a caller asks for, checked and put together.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session and
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ingle.auth.directory import Directory
from ingle.auth.grants import packed_size
from ingle.auth.keys import Session
from ingle.iam.policy import MalformedPolicy, Policy, PolicyKind
from ingle.iam.request import Values
from ingle.services.sts.errors import (
    InvalidParameterValue,
    MalformedPolicyDocument,
    PackedPolicyTooLarge,
    ValidationError,
)
from ingle.services.sts.limits import LIMITS

_NO_TAGS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Tags:
    """Session tags.

    Attributes:
        requested: those that the caller asks for.
        transitive_requested: the names of those that it asks to be transitive.
        all: these, and those that the caller's session hands on.
        transitive: the names of all that are handed on in turn.
    """

    requested: Mapping[str, str] = field(default_factory=lambda: _NO_TAGS)
    transitive_requested: frozenset[str] = frozenset()
    all: Mapping[str, str] = field(default_factory=lambda: _NO_TAGS)
    transitive: frozenset[str] = frozenset()

    def keys(self) -> dict[str, Values]:
        """The condition keys that tell of them."""
        keys: dict[str, Values] = {
            f"aws:requesttag/{name.lower()}": (value,) for name, value in self.all.items()
        }
        if self.all:
            keys["aws:tagkeys"] = tuple(self.all)
        if self.transitive:
            keys["sts:transitivetagkeys"] = tuple(sorted(self.transitive))
        return keys


@dataclass(frozen=True, slots=True)
class Policies:
    """Session policies.

    Attributes:
        inline: JSON, or None.
        arns: of the managed ones.
    """

    inline: str | None
    arns: tuple[str, ...]


def session_policies(request: Mapping[str, Any], account_id: str, directory: Directory) -> Policies:
    """Read `Policy` and `PolicyArns` of a request.

    Args:
        request: the operation's input.
        account_id: whose managed policies may be named, besides AWS's own.
        directory: knows these.

    Raises:
        ValidationError: there are too many, or they are too long.
        MalformedPolicyDocument: one is not a policy, or does not exist.
    """
    inline: str | None = request.get("Policy")
    arns = tuple(each["arn"] for each in request.get("PolicyArns", ()) if "arn" in each)
    if len(arns) > LIMITS.policy_arns:
        raise ValidationError(
            f"1 validation error detected: Value '[{', '.join(arns)}]' at 'policyArns' failed to "
            "satisfy constraint: Member must have length less than or equal to "
            f"{LIMITS.policy_arns}"
        )
    if len(inline or "") + sum(map(len, arns)) > LIMITS.policy_characters:
        raise ValidationError(
            "1 validation error detected: Value at 'policy' failed to satisfy constraint: Member "
            f"must have length less than or equal to {LIMITS.policy_characters}, together with "
            "the ARNs at 'policyArns'"
        )
    if inline is not None:
        try:
            Policy.parse(inline, PolicyKind.SESSION)
        except MalformedPolicy as error:
            raise MalformedPolicyDocument(str(error)) from error
    for arn in arns:
        if directory.managed_policy(account_id, arn) is None:
            raise MalformedPolicyDocument(f"Policy {arn} does not exist or is not attachable.")
    return Policies(inline, arns)


def session_tags(
    tags: Sequence[Mapping[str, str]], transitive: Sequence[str], session: Session | None
) -> Tags:
    """Put the session tags of a request, and those that its caller hands on, together.

    Args:
        tags: as in a request, each with `Key` and `Value`.
        transitive: the names of those that are to be handed on.
        session: the caller's, if it has one.

    Raises:
        InvalidParameterValue: a name is there twice, is reserved, is not among the tags, or is one
            that the caller's session has settled.
    """
    requested = {tag["Key"]: tag["Value"] for tag in tags}
    names = {name.lower() for name in requested}
    if len(names) < len(tags):
        raise InvalidParameterValue(
            "Duplicate tag keys found. Please note that Tag keys are case insensitive."
        )
    if any(name.startswith("aws:") for name in names):
        raise InvalidParameterValue("Tag keys that begin with aws: are reserved for use by AWS.")
    if {name.lower() for name in transitive} - names:
        raise InvalidParameterValue(
            "The specified transitive tag key must be included in the requested tags."
        )
    handed_on = session.transitive_tags if session is not None else frozenset()
    if names & {name.lower() for name in handed_on}:
        raise InvalidParameterValue(
            "One of the specified transitive tag keys can't be set because it conflicts with a "
            "transitive tag key from the calling session."
        )
    inherited = {name: session.tags[name] for name in handed_on} if session is not None else {}
    return Tags(
        requested, frozenset(transitive), {**inherited, **requested}, handed_on | {*transitive}
    )


def packed_percentage(policies: Policies, tags: Mapping[str, str]) -> int | None:
    """Say how much of the space for session policies and tags is used; None where there are none.

    Raises:
        PackedPolicyTooLarge: more than there is.
    """
    used = packed_size(policies.inline, policies.arns, tags)
    if not used:
        return None
    percentage = -(-used * 100 // LIMITS.packed)
    if percentage > 100:
        what = "session tags" if tags else "session policies"
        raise PackedPolicyTooLarge(
            f"Packed size of {what} consumes {percentage}% of allotted space."
        )
    return percentage
