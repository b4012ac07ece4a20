"""Which invocations may run: the concurrency of accounts, functions and versions.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html,
https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html and
https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ingle.invoke.errors import TooManyRequests
from ingle.pool.spec import FunctionSpec

OF_ACCOUNT = "ConcurrentInvocationLimitExceeded"
OF_FUNCTION = "ReservedFunctionConcurrentInvocationLimitExceeded"
"""Reasons of a throttle; https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""


class Lane:
    """Invocations that share a limit.

    Attributes:
        active: how many are running.
        peak: how many were at most since the last look.
        limit: how many may.
        revision: the revision whose provisioned concurrency it is, or "".
        spec: that revision, once it ran.
    """

    __slots__ = ("active", "limit", "peak", "revision", "spec")

    def __init__(self, limit: int, revision: str = "") -> None:
        self.active = 0
        self.peak = 0
        self.limit = limit
        self.revision = revision
        self.spec: FunctionSpec | None = None

    def take_peak(self) -> int:
        """Tell how many were running at most since the last call."""
        peak, self.peak = self.peak, self.active
        return peak


class Standing(NamedTuple):
    """What of an account's concurrency was in use at most since the last look.

    Attributes:
        account_id: the account.
        region: the region.
        unreserved: invocations without concurrency of their functions' own.
        claimed: how much functions have for themselves, in use or not.
        provisioned: of versions whose provisioned concurrency was used, how much of how much.
    """

    account_id: str
    region: str
    unreserved: int
    claimed: int
    provisioned: list[tuple[FunctionSpec, int, int]]


@dataclass(slots=True)
class _Share:
    """What one function has for itself.

    Attributes:
        reserved: its reserved concurrency, or None.
        provisioned: the provisioned concurrency of its versions, by revision.
        own: what it may run of its reserved concurrency beyond what is provisioned.
        lanes: one a revision with provisioned concurrency.
    """

    reserved: int | None = None
    provisioned: dict[str, int] = field(default_factory=dict)
    own: Lane = field(default_factory=lambda: Lane(0))
    lanes: dict[str, Lane] = field(default_factory=dict)

    @property
    def claimed(self) -> int:
        """How much of the account's concurrency nobody else may use."""
        together = sum(self.provisioned.values())
        return together if self.reserved is None else max(self.reserved, together)


@dataclass(slots=True)
class _Account:
    lane: Lane
    shares: dict[str, _Share] = field(default_factory=dict)


class Admission:
    """Counts invocations, and admits no more than there may be.

    A version with provisioned concurrency uses that first, then what its function has reserved or,
    where it has not, what nobody in the account has.

    Args:
        limit: the concurrency of an account in a region.

    Attributes:
        limit: the same.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._accounts: dict[tuple[str, str], _Account] = {}

    def admit(self, spec: FunctionSpec) -> Lane:
        """Count an invocation of a function; `leave` the lane when it is over.

        Raises:
            TooManyRequests: the concurrency that it may use is used up.
        """
        lane = self._free_lane((spec.account_id, spec.region, spec.name), spec.revision_id)
        lane.active += 1
        if lane.active > lane.peak:
            lane.peak = lane.active
            if lane.revision:
                lane.spec = spec
        return lane

    def standings(self) -> Iterator[Standing]:
        """Tell of all accounts in which something ran since the last call."""
        for (account_id, region), account in self._accounts.items():
            provisioned = []
            busy = False
            for share in account.shares.values():
                busy = share.own.take_peak() > 0 or busy
                for lane in share.lanes.values():
                    peak = lane.take_peak()
                    if peak and lane.spec is not None:
                        provisioned.append((lane.spec, peak, max(1, lane.limit)))
            unreserved = account.lane.take_peak()
            if busy or provisioned or unreserved:
                claimed = self.limit - account.lane.limit
                yield Standing(account_id, region, unreserved, claimed, provisioned)

    def spills(self, spec: FunctionSpec, lane: Lane) -> bool:
        """Whether an invocation is in this lane because its version's own is full."""
        if lane.revision:
            return False
        shares = self._accounts[(spec.account_id, spec.region)].shares
        share = shares.get(spec.name) if shares else None
        return share is not None and spec.revision_id in share.lanes

    def check(self, function: tuple[str, str, str], revision_id: str) -> None:
        """Check that an invocation of a function would be admitted now; it is not counted.

        Args:
            function: its account, region and name.
            revision_id: its version's.

        Raises:
            TooManyRequests: the concurrency that it may use is used up.
        """
        self._free_lane(function, revision_id)

    def _free_lane(self, function: tuple[str, str, str], revision_id: str) -> Lane:
        account_id, region, name = function
        account = self._account(account_id, region)
        share = account.shares.get(name) if account.shares else None
        if share is None:
            lane = account.lane
        else:
            provisioned = share.lanes.get(revision_id)
            if provisioned is not None and provisioned.active < provisioned.limit:
                return provisioned
            lane = account.lane if share.reserved is None else share.own
        if lane.active >= lane.limit:
            raise TooManyRequests(OF_ACCOUNT if lane is account.lane else OF_FUNCTION)
        return lane

    def reserve(self, account_id: str, region: str, name: str, reserved: int | None) -> None:
        """Set a function's reserved concurrency; None for none."""
        account = self._account(account_id, region)
        account.shares.setdefault(name, _Share()).reserved = reserved
        _level(account, name, self.limit)

    def provision(
        self, account_id: str, region: str, name: str, provisioned: Mapping[str, int]
    ) -> None:
        """Set the provisioned concurrency of a function's versions, by their revision."""
        account = self._account(account_id, region)
        account.shares.setdefault(name, _Share()).provisioned = dict(provisioned)
        _level(account, name, self.limit)

    def unclaimed(self, account_id: str, region: str, without: str = "") -> int:
        """How much of the account's concurrency no function has for itself.

        Args:
            account_id: the account.
            region: the region.
            without: the name of a function that is not looked at.
        """
        shares = self._account(account_id, region).shares.items()
        return self.limit - sum(share.claimed for name, share in shares if name != without)

    def _account(self, account_id: str, region: str) -> _Account:
        key = (account_id, region)
        account = self._accounts.get(key)
        if account is None:
            account = self._accounts[key] = _Account(Lane(self.limit))
        return account


def leave(lane: Lane) -> None:
    """An invocation that was admitted to this lane is over."""
    lane.active -= 1


def _level(account: _Account, name: str, limit: int) -> None:
    """Have the lanes of an account agree with its shares, one of which has changed."""
    share = account.shares[name]
    together = sum(share.provisioned.values())
    share.own.limit = max(0, (share.reserved or 0) - together)
    for revision, count in share.provisioned.items():
        share.lanes.setdefault(revision, Lane(count, revision)).limit = count
    for revision in set(share.lanes) - set(share.provisioned):
        del share.lanes[revision]
    if share.reserved is None and not share.provisioned:
        del account.shares[name]
    account.lane.limit = max(0, limit - sum(each.claimed for each in account.shares.values()))
