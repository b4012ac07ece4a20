"""What was decided: kept for the next request that is alike, and for whoever asks why.

A decision depends on who calls, on the operation, on what its input names, and on those condition
keys that the policies asked for; the other keys, the time and the address among them, make no
difference to it. So a `Slot` is found by the former, and has one verdict for each set of values of
the latter.
"""

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ingle.auth.keys import Identity
from ingle.iam.authorize import Decision, Policies
from ingle.iam.operations import Access
from ingle.iam.request import AccessRequest, Values
from ingle.wire.errors import ServiceError

KEPT_SLOTS = 4096
_MOST_VARIANTS = 256
KEPT_CALLS = 1024
KEPT_DENIALS = 256


@dataclass(frozen=True, slots=True, eq=False)
class Ruling:
    """What was decided of one permission.

    Attributes:
        access: the permission.
        request: what was asked, with those condition keys that the policies asked for.
        policies: what decided.
        decision: what was decided.
    """

    access: Access
    request: AccessRequest
    policies: Policies
    decision: Decision


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What was decided of a call.

    Attributes:
        operation: the operation's name, or the action of a permission that a service asked for.
        identity: who called.
        rulings: of each permission that it takes, up to the first that is denied.
        refusal: what the caller is told; None where it may.
    """

    operation: str
    identity: Identity
    rulings: tuple[Ruling, ...]
    refusal: ServiceError | None


AskedKey = tuple[int, str]
"""A condition key that was asked for: of which of a call's permissions, and its name."""


@dataclass(slots=True)
class Slot:
    """The verdicts on calls that differ in nothing but condition keys.

    Attributes:
        generation: of the directory when they were made.
        changes: of the services' resources at that time.
        accesses: the permissions that the calls take.
        keys: the condition keys that the policies asked for.
        variants: the verdicts by the values of these keys.
    """

    generation: int
    changes: int
    accesses: tuple[Access, ...]
    keys: tuple[AskedKey, ...] = ()
    variants: dict[tuple[Values | None, ...], Verdict] = field(default_factory=dict)

    def keep(self, verdict: Verdict, seen: Mapping[AskedKey, Values | None]) -> None:
        """Keep a verdict that was made with these condition keys.

        One that was made with fewer than others is not kept: it would have to be found without
        knowing the values of theirs.
        """
        if not seen.keys() <= set(self.keys):
            # What was decided without looking at a key may be decided otherwise with it.
            self.keys = tuple({*self.keys, *seen})
            self.variants.clear()
        if len(self.variants) >= _MOST_VARIANTS:
            self.variants.clear()
        if len(seen) == len(self.keys):
            self.variants[tuple(seen[key] for key in self.keys)] = verdict


class Slots:
    """The slots, as many as are kept; the oldest go first."""

    def __init__(self, limit: int = KEPT_SLOTS) -> None:
        self._limit = limit
        self._slots: OrderedDict[Hashable, Slot] = OrderedDict()
        self.find = self._slots.get

    def __len__(self) -> int:
        return len(self._slots)

    def put(self, key: Hashable, slot: Slot) -> None:
        """Keep a slot in place of the one that has this key."""
        self._slots.pop(key, None)
        self._slots[key] = slot
        while len(self._slots) > self._limit:
            self._slots.popitem(last=False)


class Call(NamedTuple):
    """A call that was decided.

    Attributes:
        request_id: its id.
        at: when it came, in seconds since the epoch.
        verdict: what was decided.
        enforced: whether a refusal was one, and not only noted.
    """

    request_id: str
    at: float
    verdict: Verdict
    enforced: bool


class Calls:
    """The latest calls, and the latest denied ones, which last longer.

    Args:
        kept: how many calls are kept.
        denials: how many denied ones.
    """

    def __init__(self, kept: int = KEPT_CALLS, denials: int = KEPT_DENIALS) -> None:
        self._all: deque[tuple[Any, ...]] = deque(maxlen=kept)
        self._denied: deque[tuple[Any, ...]] = deque(maxlen=denials)
        self.note = self._all.append
        """Takes what a Call is made of."""
        self.note_denied = self._denied.append

    def denied(self) -> Iterator[Call]:
        """Yield the denied calls, the latest first."""
        return (Call(*each) for each in reversed(self._denied))

    def of(self, request_id: str) -> list[Call]:
        """Return what was decided of one call; several decisions where a service asked again."""
        found = {
            id(each[2]): Call(*each)
            for each in (*self._all, *self._denied)
            if each[0] == request_id
        }
        return list(found.values())
