"""The snapshots of published versions with SnapStart, which their sandboxes are forked of."""

from dataclasses import dataclass, field

from ingle.clock import Clock
from ingle.pool.sandbox import Sandbox
from ingle.pool.spec import FunctionSpec


@dataclass(slots=True, eq=False)
class _Snapshot:
    """One of them.

    Attributes:
        sandbox: the process that has initialised the function.
        renew_at: the time of day from which there should be a newer one.
        forks: the sandboxes that were forked of it, and end with it.
        retired: no more are forked.
    """

    sandbox: Sandbox
    renew_at: float
    forks: set[Sandbox] = field(default_factory=set)
    retired: bool = False


class Snapshots:
    """Keeps one a revision, and lets it go when nobody needs it.

    A snapshot that is retired ends with the last sandbox that was forked of it.

    Args:
        clock: the time of day.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # By revision, the one that was used longest ago first.
        self._current: dict[str, _Snapshot] = {}
        self._all: dict[Sandbox, _Snapshot] = {}
        self._given_up: set[str] = set()

    def add(self, sandbox: Sandbox) -> None:
        """Take a sandbox that can be forked, in the place of the one that its revision had."""
        now = self._clock.time()
        # What a function made of its credentials while it was initialised ends with these.
        snapshot = _Snapshot(sandbox, now + (sandbox.usable_until - now) / 2)
        self._all[sandbox] = snapshot
        self._retire(sandbox.spec.revision_id)
        self._current[sandbox.spec.revision_id] = snapshot
        self._given_up.discard(sandbox.spec.revision_id)

    def find(self, spec: FunctionSpec) -> Sandbox | None:
        """Return what a new sandbox of this revision is to be forked of, or None."""
        snapshot = self._current.pop(spec.revision_id, None)
        if snapshot is None:
            self._given_up.discard(spec.revision_id)  # somebody needs it after all
            return None
        self._current[spec.revision_id] = snapshot
        if snapshot.sandbox.usable_until < self._clock.time():
            return None
        return snapshot.sandbox

    def lacks(self, spec: FunctionSpec) -> bool:
        """Whether a revision should get a snapshot: it can, and has none or one that is old."""
        if not spec.snap_start or spec.revision_id in self._given_up:
            return False
        snapshot = self._current.get(spec.revision_id)
        return snapshot is None or snapshot.renew_at <= self._clock.time()

    def forked(self, source: Sandbox, sandbox: Sandbox) -> None:
        """Note that a sandbox is forked of another."""
        self._all[source].forks.add(sandbox)

    def ended(self, sandbox: Sandbox) -> None:
        """Forget a sandbox, which may have been a snapshot or forked of one."""
        snapshot = self._all.pop(sandbox, None)
        if snapshot is not None:
            revision = sandbox.spec.revision_id
            if self._current.get(revision) is snapshot:
                del self._current[revision]
        source = None if sandbox.source is None else self._all.get(sandbox.source)
        if source is not None:
            source.forks.discard(sandbox)
            self._end_if_unused(source)

    def drop(self, function_arn: str) -> None:
        """Retire the snapshots of a version that was deleted."""
        for snapshot in list(self._current.values()):
            if snapshot.sandbox.spec.arn == function_arn:
                self._retire(snapshot.sandbox.spec.revision_id)

    def retire(self, sandbox: Sandbox) -> None:
        """Have no more sandboxes forked of a snapshot that cannot make them."""
        if self._current.get(sandbox.spec.revision_id) is self._all.get(sandbox):
            self._retire(sandbox.spec.revision_id)

    def give_up_one(self) -> int:
        """End the snapshot that was used longest ago, of those without forks, to free memory.

        It is made again once its version is invoked. Return how much memory it used, in bytes.
        """
        for revision, snapshot in self._current.items():
            if not snapshot.forks:
                used = snapshot.sandbox.peak_memory()
                self._retire(revision)
                self._given_up.add(revision)
                return used
        return 0

    def _retire(self, revision: str) -> None:
        snapshot = self._current.pop(revision, None)
        if snapshot is not None:
            snapshot.retired = True
            self._end_if_unused(snapshot)

    @staticmethod
    def _end_if_unused(snapshot: _Snapshot) -> None:
        if snapshot.retired and not snapshot.forks:
            snapshot.sandbox.kill()
