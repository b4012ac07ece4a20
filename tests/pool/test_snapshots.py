"""Which snapshots are kept, and when they end."""

import asyncio
from dataclasses import replace

import pytest

from ingle.auth.sessions import SessionCredentials
from ingle.pool.sandbox import Sandbox
from ingle.pool.snapshots import Snapshots
from ingle.pool.spec import FunctionSpec
from ingle.sandbox.process import LockedProcess
from tests import specs
from tests.services.clocks import ManualClock

HOUR_S = 3600.0
SPEC = replace(specs.SPEC, snap_start=True)


class Made:
    """Snapshots, and sandboxes that never run; `killed` has those that were told to end."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.snapshots = Snapshots(clock)
        self.killed: list[int] = []
        self._number = 0

    def sandbox(self, spec: FunctionSpec = SPEC, source: Sandbox | None = None) -> Sandbox:
        sandbox = Sandbox(
            spec,
            "stream",
            print,
            SessionCredentials("id", "secret", "token", self.clock.time() + 12 * HOUR_S),
            clock=self.clock,
            kill=lambda process: self.killed.append(process.identity),
            on_end=self.snapshots.ended,
            overloaded=lambda _: False,
            serve_endpoint=lambda _: lambda: None,
            serve_traces=lambda *_: lambda: None,
            endpoint="http://127.0.0.1:4566",
            runtime_api="127.0.0.1:9001",
            source=source,
        )
        self._number += 1
        sandbox.attach(LockedProcess(asyncio.get_running_loop(), self._number, sandbox))
        if source is not None:
            self.snapshots.forked(source, sandbox)
        return sandbox

    def snapshot(self, spec: FunctionSpec = SPEC) -> Sandbox:
        sandbox = self.sandbox(spec)
        self.snapshots.add(sandbox)
        return sandbox


@pytest.fixture
async def made() -> Made:
    return Made(ManualClock())


def end(sandbox: Sandbox) -> None:
    sandbox.on_end(9, False, 0, "")


async def test_a_snapshot_is_found_for_its_own_revision_only(made: Made) -> None:
    snapshot = made.snapshot()
    assert made.snapshots.find(SPEC) is snapshot
    assert not made.snapshots.lacks(SPEC)
    other = replace(SPEC, revision_id="two")
    assert made.snapshots.find(other) is None
    assert made.snapshots.lacks(other)


async def test_a_snapshot_is_renewed_halfway_and_then_ends_with_its_last_fork(made: Made) -> None:
    old = made.snapshot()
    fork = made.sandbox(source=old)
    made.clock.now += 6 * HOUR_S
    assert made.snapshots.lacks(SPEC)
    assert made.snapshots.find(SPEC) is old
    new = made.snapshot()
    assert made.snapshots.find(SPEC) is new
    assert made.killed == []
    end(fork)
    assert made.killed == [1]


async def test_a_snapshot_without_forks_ends_when_it_is_renewed(made: Made) -> None:
    made.snapshot()
    made.snapshot()
    assert made.killed == [1]


async def test_a_snapshot_whose_credentials_have_ended_is_not_used(made: Made) -> None:
    snapshot = made.snapshot()
    assert made.sandbox(source=snapshot).usable_until == snapshot.usable_until
    made.clock.now += 12 * HOUR_S
    assert made.snapshots.find(SPEC) is None


async def test_a_version_that_is_deleted_loses_its_snapshot_after_the_last_fork(
    made: Made,
) -> None:
    snapshot = made.snapshot()
    fork = made.sandbox(source=snapshot)
    made.snapshots.drop("another")
    assert made.snapshots.find(SPEC) is snapshot
    made.snapshots.drop(SPEC.arn)
    assert made.snapshots.find(SPEC) is None
    assert made.killed == []
    end(fork)
    assert made.killed == [1]


async def test_the_one_that_was_used_longest_ago_gives_way_until_it_is_needed(made: Made) -> None:
    two = replace(SPEC, revision_id="two")
    made.snapshot()
    busy = made.snapshot(replace(SPEC, revision_id="busy"))
    made.sandbox(source=busy)
    made.snapshot(two)
    made.snapshots.find(SPEC)
    made.snapshots.give_up_one()
    assert made.killed == [4]
    assert not made.snapshots.lacks(two)
    assert made.snapshots.find(two) is None
    assert made.snapshots.lacks(two)


async def test_a_snapshot_that_has_ended_is_forgotten(made: Made) -> None:
    snapshot = made.snapshot()
    fork = made.sandbox(source=snapshot)
    end(snapshot)
    assert made.snapshots.find(SPEC) is None
    assert made.snapshots.lacks(SPEC)
    end(fork)
    made.snapshots.retire(snapshot)
