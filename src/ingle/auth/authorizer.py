"""Who may do what: asked of every call, at this one place.

It gathers the policies that a call is subject to, has them decide (`ingle/iam`), and refuses in the
words of the service. With `audit` it refuses nobody, and says what it would have refused.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from ingle.auth.auditing import AuditLog
from ingle.auth.context import VOLATILE, RequestKeys, Surroundings, find_values
from ingle.auth.directory import Directory
from ingle.auth.errors import family
from ingle.auth.keys import Identity
from ingle.auth.principals import Principals
from ingle.auth.verdicts import AskedKey, Calls, Ruling, Slot, Slots, Verdict
from ingle.clock import Clock
from ingle.iam.authorize import Decision, Policies, authorize
from ingle.iam.operations import Access, Needs, operations_of
from ingle.iam.policy import Policy, PolicyKind
from ingle.iam.principal import Principal, PrincipalKind
from ingle.iam.request import AccessRequest, Values
from ingle.iam.resources import NO_RESOURCES, Resources
from ingle.iam.wording import refusal
from ingle.wire.errors import ServiceError
from ingle.wire.http import Request

_NO_KEYS: Mapping[str, Values] = {}
_EVERYTHING = Policy.parse(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}},
    PolicyKind.IDENTITY,
    "root user",
)
"""What a federated user has of the root user whom it comes from."""


class Asked(Protocol):
    """An operation, as far as it matters here: `ingle.wire.protocol.Operation` is one."""

    name: str
    service: str


class Caller(Protocol):
    """What an operation knows of its call: `ingle.wire.service.CallContext` is one."""

    request_id: str
    request: Request
    identity: Any


class Authorizer:
    """Decides who may do what.

    Args:
        directory: knows the callers' policies.
        clock: says what time it is.
        resources: what services tell of theirs, by the prefix of their actions.
        enforced: whether those who may not are refused; otherwise it is only noted.
        organization: the id of the organisation that all accounts belong to; None for none.

    Attributes:
        calls: what was decided lately.
        enforced: the same.
        principals: finds those who may be asked about.
    """

    def __init__(
        self,
        directory: Directory,
        clock: Clock,
        *,
        resources: Mapping[str, Resources] | None = None,
        enforced: bool = True,
        organization: str | None = None,
    ) -> None:
        self.calls = Calls()
        self.enforced = enforced
        self._directory = directory
        self._clock = clock
        self._resources = dict(resources or {})
        self.principals = Principals(directory, self._told_by("iam:"))
        self._organization = organization
        self._slots = Slots()
        self._rules: dict[Asked, _Rules] = {}
        self._audit = AuditLog(clock)

    @property
    def generation(self) -> int:
        """A number that grows with every change of identities."""
        return self._directory.generation

    def tell(self, prefix: str, resources: Resources) -> None:
        """Let a service, by the prefix of its actions, tell of its resources."""
        self._resources[prefix] = resources
        self._rules.clear()
        self.principals = Principals(self._directory, self._told_by("iam:"))

    def check(
        self,
        identity: Identity,
        request: Request,
        operation: Asked,
        params: Mapping[str, Any],
        request_id: str = "",
    ) -> None:
        """Refuse a caller that may not do what it asks for.

        Args:
            identity: who signed.
            request: the request, whose protocol words the refusal.
            operation: what is asked for, whether Ingle has it or not.
            params: its input, which says what it is about.
            request_id: the call's id.

        Raises:
            ServiceError: access denied, in the words of the service.
        """
        rules = self._rules.get(operation) or self._read(operation, identity)
        needs = rules.needs
        if needs.free:
            return
        now = self._clock.time()
        members = needs.members
        if members is not None:
            who = identity.session or identity.access_key_id
            key = (who, operation, identity.region, *[params.get(name) for name in members])
            try:
                slot = self._slots.find(key)
            except TypeError:  # a member that is no plain text
                slot = None
            if (
                slot is not None
                and slot.generation == self._directory.generation
                and slot.changes == rules.changes
            ):
                # Nearly every call goes this way, and in a few microseconds.
                values: tuple[Values | None, ...] = ()
                if slot.keys:
                    around = self._around(identity, request, params, needs, now)
                    values = self._values(slot, around)
                verdict = slot.variants.get(values)
                if verdict is not None:
                    self._conclude(verdict, now, request_id)
                    return
        around = self._around(identity, request, params, needs, now)
        self._conclude(self._judge(operation, rules, around), now, request_id)

    def require(
        self,
        caller: Caller,
        action: str,
        resource: str,
        keys: Mapping[str, Values] = _NO_KEYS,
        policy: Policy | None = None,
    ) -> None:
        """Refuse a caller that lacks one permission more, which its operation found out about.

        Args:
            caller: the call.
            action: for instance `iam:PassRole`.
            resource: an ARN, or `*`.
            keys: condition keys of this permission, in lower case, and their values.
            policy: the resource's policy, where its service does not tell it.

        Raises:
            ServiceError: access denied, in the words of the service that was called.
        """
        self.require_of(
            caller.identity, caller.request, action, resource, keys, policy, caller.request_id
        )

    def require_of(
        self,
        identity: Identity,
        request: Request,
        action: str,
        resource: str,
        keys: Mapping[str, Values] = _NO_KEYS,
        policy: Policy | None = None,
        request_id: str = "",
    ) -> None:
        """Do as `require` does, for a request of which there is no more than who signed it."""
        now = self._clock.time()
        around = self._around(identity, request, {}, None, now)
        access = self._completed(Access(action, resource, resource, keys))
        ruling, _ = self._rule(around, access, policy)
        self._conclude(_verdict(action, around, (ruling,)), now, request_id)

    def decide(
        self,
        principal: Principal,
        action: str,
        resource: str,
        keys: Mapping[str, Values] = _NO_KEYS,
        policy: Policy | None = None,
    ) -> Decision:
        """Decide for a principal that has signed nothing: a service, nobody, or a role's session.

        Nothing is refused or noted; that is for the one that asks.

        Args:
            principal: who would do it.
            action: for instance `lambda:InvokeFunction`.
            resource: an ARN, or `*`.
            keys: condition keys, in lower case, and their values; those that follow from the
                principal and the time are there without.
            policy: the resource's policy, where its service does not tell it.
        """
        return self.rule(principal, action, resource, keys, policy).decision

    def rule(
        self,
        principal: Principal,
        action: str,
        resource: str,
        keys: Mapping[str, Values] = _NO_KEYS,
        policy: Policy | None = None,
    ) -> Ruling:
        """Do as `decide` does, and also tell what was decided with."""
        identity = Identity("", principal, resource_part(resource, 3), action.partition(":")[0])
        around = self._around(identity, Request("", ""), {}, None, self._clock.time())
        access = self._completed(Access(action, resource, resource, keys))
        return self._rule(around, access, policy)[0]

    def forgives(self, fault: str) -> bool:
        """Say whether what a service would refuse is to pass, because nobody is refused.

        Args:
            fault: what the caller would be told; it is written to the log.
        """
        if not self.enforced:
            self._audit.write(fault, fault)
        return not self.enforced

    def fault_of(self, ruling: Ruling) -> str:
        """Say what whoever asked for something is to be refused with; "" where it is to pass.

        Args:
            ruling: what was decided. Where nobody is refused, what it would be refused with is
                written to the log.
        """
        if ruling.decision.allowed:
            return ""
        fault = refusal(ruling.request, ruling.decision)
        return "" if self.forgives(fault) else fault

    def _read(self, operation: Asked, identity: Identity) -> "_Rules":
        known = operations_of(operation.service, identity.service)
        needs = known.needs(operation.name)
        prefixes = dict.fromkeys(action.partition(":")[0] for action in needs.actions)
        told = tuple(self._resources[each] for each in prefixes if each in self._resources)
        rules = self._rules[operation] = _Rules(needs, told)
        return rules

    def _around(
        self,
        identity: Identity,
        request: Request,
        params: Mapping[str, Any],
        needs: Needs | None,
        now: float,
    ) -> Surroundings:
        return Surroundings(identity, request, params, needs, now, self._organization)

    def _judge(self, operation: Asked, rules: "_Rules", around: Surroundings) -> Verdict:
        """Find the verdict on a call, or make it."""
        identity, params, needs = around.identity, around.params, rules.needs
        accesses = needs.accesses(params, around.where)
        who = identity.session or identity.access_key_id
        key: Hashable = (who, operation, identity.region, *_told(needs, params, accesses))
        slot = self._slots.find(key)
        generation, changes = self._directory.generation, rules.changes
        if slot is None or slot.generation != generation or slot.changes != changes:
            slot = Slot(generation, changes, tuple(map(self._completed, accesses)))
        known = slot.variants.get(self._values(slot, around))
        if known is not None:
            return known
        rulings: list[Ruling] = []
        seen: dict[AskedKey, Values | None] = {}
        for number, access in enumerate(slot.accesses):
            ruling, asked = self._rule(around, access, None)
            rulings.append(ruling)
            seen |= {(number, name): values for name, values in asked.items()}
            if not ruling.decision.allowed:
                break
        verdict = _verdict(operation.name, around, tuple(rulings))
        if not any(name in VOLATILE for _, name in seen):
            slot.keep(verdict, seen)
            self._slots.put(key, slot)
        return verdict

    def _values(self, slot: Slot, around: Surroundings) -> tuple[Values | None, ...]:
        """Find the values of the condition keys that verdicts were made with."""
        accesses = slot.accesses
        return tuple(
            find_values(name, around, accesses[number], self._told_by(accesses[number].action))
            for number, name in slot.keys
        )

    def _rule(
        self, around: Surroundings, access: Access, policy: Policy | None
    ) -> tuple[Ruling, Mapping[str, Values | None]]:
        """Decide on one permission; also return the condition keys that it was decided with."""
        resources = self._told_by(access.action)
        if policy is None:
            policy = resources.policy(access.action, access.resource)
        policies = self._policies(around.identity, policy)
        keys = RequestKeys(around, access, resources)
        principal = around.identity.principal
        owner = resource_part(access.resource, 4)
        if not owner.isdecimal():
            owner = resources.owner(access.resource) or principal.account_id
        request = AccessRequest(principal, access.action, access.resource, owner, keys)
        decision = authorize(request, policies)
        # Without the lazy keys, which hold on to the whole HTTP request.
        request = replace(request, keys={name: keys.seen[name] or () for name in keys})
        return Ruling(access, request, policies, decision), keys.seen

    def _completed(self, access: Access) -> Access:
        arn = self._told_by(access.action).full_arn(access.resource)
        if arn == access.resource:
            return access
        shown = arn if access.shown == access.resource else access.shown
        return access._replace(resource=arn, shown=shown)

    def _told_by(self, action: str) -> Resources:
        return self._resources.get(action.partition(":")[0], NO_RESOURCES)

    def _policies(self, identity: Identity, resource: Policy | None) -> Policies:
        holder, session = identity.holder, identity.session
        own = self._directory.policies(holder)
        of_root = holder is not identity.principal and holder.kind is PrincipalKind.ROOT
        return Policies(
            (_EVERYTHING,) if of_root else own.identity,
            own.boundary,
            None if session is None else session.policies,
            own.account,
            resource,
        )

    def _conclude(self, verdict: Verdict, now: float, request_id: str) -> None:
        """Note what was decided, and refuse if it was that."""
        refused = verdict.refusal
        if refused is None:
            self.calls.note((request_id, now, verdict, self.enforced))
            return
        if request_id:
            self.calls.note_denied((request_id, now, verdict, self.enforced))
        if self.enforced:
            raise ServiceError(refused.message, code=refused.error_code, status=refused.http_status)
        self._audit.note(request_id, verdict)


class _Rules:
    """What an operation takes, and who tells of the resources that it is about."""

    __slots__ = ("_first", "_told", "needs")

    def __init__(self, needs: Needs, told: Sequence[Resources]) -> None:
        self.needs = needs
        self._told = tuple(told)
        self._first = told[0] if len(told) == 1 else None

    @property
    def changes(self) -> int:
        """A number that grows with every change of these resources."""
        if self._first is not None:
            return self._first.changes
        return sum(each.changes for each in self._told)


def resource_part(arn: str, number: int) -> str:
    """Return a part of an ARN, 3 for its region, 4 for its account; "" where it has none."""
    parts = arn.split(":", 5)
    return parts[number] if len(parts) == 6 else ""


def _told(
    needs: Needs, params: Mapping[str, Any], accesses: Sequence[Access]
) -> tuple[Hashable, ...]:
    """What of an input says which permissions a call takes, and on what."""
    if needs.members is not None:
        values = tuple(params.get(name) for name in needs.members)
        if all(value is None or isinstance(value, str | int) for value in values):
            return values
    return tuple((each.action, each.resource, each.shown) for each in accesses)


def _verdict(operation: str, around: Surroundings, rulings: tuple[Ruling, ...]) -> Verdict:
    denied = next((each for each in rulings if not each.decision.allowed), None)
    error = None
    if denied is not None:
        shown = replace(denied.request, resource=denied.access.shown)
        words = family(around.identity.service, around.request)
        error = words.refuse_access(refusal(shown, denied.decision))
    return Verdict(operation, around.identity, rulings, error)
