"""The policies of a simulation, each with its text and where it comes from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingle.iam.policy import MalformedPolicy, Policy, PolicyKind
from ingle.services.iam.errors import InvalidInput
from ingle.services.iam.model import Bearer, Group, ManagedPolicy, Role, User
from ingle.services.iam.positions import position, statement_spans
from ingle.services.iam.store import IamStore

_KINDS: Mapping[type[Bearer], str] = {User: "user", Group: "group", Role: "role"}


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """A policy of a simulation.

    Attributes:
        policy: the policy, compiled.
        source: what answers call it: its name, or `PolicyInputList.1`.
        kind: what answers say that it is.
        text: the document as it was given.
    """

    policy: Policy
    source: str
    kind: str
    text: str


def given(
    member: str, documents: Iterable[str], kind: PolicyKind = PolicyKind.IDENTITY
) -> list[Simulated]:
    """Compile the policies that a request brings along.

    Args:
        member: where they are in the request.
        documents: their text.
        kind: what they are for.

    Raises:
        InvalidInput: one of them is none.
    """
    found = []
    for number, text in enumerate(documents, 1):
        name = f"{member}.{number}" if kind is PolicyKind.IDENTITY else member
        try:
            policy = Policy.parse(text, kind, name)
        except MalformedPolicy as error:
            raise InvalidInput(f"Invalid policy in {name}: {error}") from error
        shown = "IAM Policy" if kind is PolicyKind.IDENTITY else "Resource Policy"
        found.append(Simulated(policy, name, shown, text))
    return found


def sources_of(
    store: IamStore, bearer: Bearer, excluded: Sequence[Mapping[str, Any]]
) -> list[Simulated]:
    """Gather the policies of a user with its groups, of a group or of a role.

    Args:
        store: where they are.
        bearer: whose they are.
        excluded: which of them are left out, as PolicyExclusionList says.
    """
    bearers = [bearer]
    if isinstance(bearer, User):
        groups = (store.groups.get(bearer.account_id, each) for each in bearer.groups)
        bearers += [each for each in groups if each is not None]
    return [each for one in bearers for each in _own(store, one, excluded)]


def boundary_of(
    store: IamStore, bearer: Bearer, excluded: Sequence[Mapping[str, Any]]
) -> list[Simulated]:
    """Return the permissions boundary of a user or role: one policy, or none."""
    arn = getattr(bearer, "boundary", None)
    policy = None if arn is None else store.policy(bearer.account_id, arn)
    if policy is None or any(
        each.get("PolicyType") == "permission-boundary" or each.get("PolicyArn") == arn
        for each in excluded
    ):
        return []
    return [_managed(policy)]


def matched_statement(source: Simulated, index: int) -> dict[str, Any]:
    """Write down which statement applied, and where it is in the document."""
    span = statement_spans(source.text)[index]
    return {
        "SourcePolicyId": source.source,
        "SourcePolicyType": source.kind,
        "StartPosition": position(source.text, span.start),
        "EndPosition": position(source.text, span.end),
    }


def _own(
    store: IamStore, bearer: Bearer, excluded: Sequence[Mapping[str, Any]]
) -> Iterator[Simulated]:
    for name, text in bearer.inline.items():
        if not any(_excludes_inline(each, bearer, name) for each in excluded):
            policy = Policy.parse(text, PolicyKind.IDENTITY, name)
            yield Simulated(policy, name, "IAM Policy", text)
    for arn in bearer.attached:
        managed = store.policy(bearer.account_id, arn)
        if managed is not None and not any(_excludes(each, managed) for each in excluded):
            yield _managed(managed)


def _managed(managed: ManagedPolicy) -> Simulated:
    policy = Policy.parse(managed.document, PolicyKind.IDENTITY, managed.arn)
    return Simulated(policy, managed.name, "IAM Policy", managed.document)


def _excludes(identifier: Mapping[str, Any], managed: ManagedPolicy) -> bool:
    kind = "aws-managed" if managed.account_id == "aws" else "user-managed"
    return identifier.get("PolicyType") == kind or identifier.get("PolicyArn") == managed.arn


def _excludes_inline(identifier: Mapping[str, Any], bearer: Bearer, name: str) -> bool:
    if identifier.get("PolicyType") == "inline":
        return True
    inline = identifier.get("InlinePolicyIdentifier")
    if inline is None:
        return False
    meant = (inline["PolicyName"], inline["AttachmentType"], inline["AttachmentName"].lower())
    return meant == (name, _KINDS[type(bearer)], bearer.name.lower())
