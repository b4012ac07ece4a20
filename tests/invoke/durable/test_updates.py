"""Checkpoints, as a machine that takes any updates in any order."""

import uuid
from copy import deepcopy
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingle.invoke.durable.errors import InvalidUpdate
from ingle.invoke.durable.model import Execution, OperationStatus, OperationType
from ingle.invoke.durable.shapes import page, replayed, unseen
from ingle.invoke.durable.store import DurableStore, written
from ingle.invoke.durable.transitions import end_chained, next_due_ms, pass_time
from ingle.invoke.durable.updates import apply
from ingle.storage.database import Database
from tests.invoke.durable.executions import NOW_MS, execution, update

FINAL = {
    OperationStatus.SUCCEEDED,
    OperationStatus.FAILED,
    OperationStatus.CANCELLED,
    OperationStatus.TIMED_OUT,
    OperationStatus.STOPPED,
}
_KINDS = ("CONTEXT", "STEP", "WAIT", "CALLBACK", "CHAINED_INVOKE")
_OPTIONS = {
    "StepOptions": {"NextAttemptDelaySeconds": 5},
    "WaitOptions": {"WaitSeconds": 7},
    "CallbackOptions": {"TimeoutSeconds": 9, "HeartbeatTimeoutSeconds": 3},
    "ChainedInvokeOptions": {"FunctionName": "other"},
    "ContextOptions": {"ReplayChildren": True},
    "Payload": '"p"',
    "Error": {"ErrorMessage": "no"},
}
# Few, so that operations are met again; each is usually of one kind.
ids = st.sampled_from([f"{kind[:2]}{number}" for kind in _KINDS for number in (1, 2)])
wild = st.builds(
    lambda one, kind, action, parent, options: update(
        one,
        kind,
        action,
        **({"ParentId": parent} if parent else {}),
        **{name: _OPTIONS[name] for name in options},
    ),
    ids,
    st.sampled_from(_KINDS),
    st.sampled_from(("START", "SUCCEED", "FAIL", "RETRY", "CANCEL")),
    st.none() | ids,
    st.sets(st.sampled_from(sorted(_OPTIONS))),
)
# Updates that a function may well send, so that operations get far.
sensible = st.builds(
    lambda number, choice: update(
        f"{choice[0][:2]}{number}", *choice[:2], **{name: _OPTIONS[name] for name in choice[2:]}
    ),
    st.integers(min_value=1, max_value=2),
    st.sampled_from(
        [
            ("STEP", "START"),
            ("STEP", "SUCCEED", "Payload"),
            ("STEP", "FAIL", "Error"),
            ("STEP", "RETRY", "StepOptions", "Error"),
            ("WAIT", "START", "WaitOptions"),
            ("WAIT", "CANCEL"),
            ("CALLBACK", "START", "CallbackOptions"),
            ("CONTEXT", "START"),
            ("CONTEXT", "SUCCEED", "ContextOptions"),
            ("CONTEXT", "FAIL", "Error"),
            ("CHAINED_INVOKE", "START", "ChainedInvokeOptions"),
        ]
    ),
)
batches = st.lists(sensible, min_size=1, max_size=3, unique_by=lambda each: each["Id"])
moves = st.lists(
    batches | batches | st.lists(sensible | wild, max_size=4) | st.integers(1, 20),
    min_size=5,
    max_size=30,
)


def made(one: Execution, batch: list[dict[str, Any]], now_ms: int) -> bool:
    """Apply a batch; return whether it was taken, and check that else nothing changed."""
    before = deepcopy(one)
    try:
        apply(one, batch, now_ms)
    except InvalidUpdate:
        assert one == before
        return False
    return True


@given(moves)
def test_what_is_over_stays_so_and_what_changes_is_told(
    script: list[list[dict[str, Any]] | int],
) -> None:
    one, now_ms = execution(), NOW_MS
    ended: dict[str, OperationStatus] = {}
    for move in script:
        changes, events = one.changes, one.events
        if isinstance(move, int):
            now_ms += move * 1000
            pass_time(one, now_ms)
            due_ms = next_due_ms(one, with_calls=True)
            assert due_ms is not None
            assert due_ms > now_ms
        elif not made(one, move, now_ms):
            continue
        operations = list(one.operations.values())
        assert [each.position for each in operations] == list(range(len(operations)))
        assert {each.id: each.status for each in operations if each.id in ended} == ended
        ended |= {each.id: each.status for each in operations if each.status in FINAL}
        assert all(each.ended_ms is not None for each in operations if each.id in ended)
        changed = {each.id for each in operations if each.change > changes}
        assert changed <= one.touched
        told = {each.operation_id for each in one.told if each.number > events}
        silent = {
            each.id
            for each in operations
            # The engine tells of these, and a retry whose time has come is no event.
            if each.type is OperationType.CHAINED_INVOKE or each.status is OperationStatus.READY
        }
        assert changed - silent <= told
    assert [each.number for each in one.told] == list(range(1, one.events + 1))


@given(moves, st.integers(min_value=1, max_value=4), st.integers(min_value=1, max_value=600))
def test_the_pages_of_the_state_hold_each_operation_once(
    script: list[list[dict[str, Any]] | int], most: int, most_bytes: int
) -> None:
    one = execution()
    for move in script:
        if isinstance(move, list):
            made(one, move, NOW_MS)
    found: list[str] = []
    after: int | None = 0
    while after is not None:
        shapes, after = page(one, after, most, most_bytes)
        assert shapes
        found += [each["Id"] for each in shapes]
    assert found == [one.id, *(each.id for each in replayed(one))]
    assert {each.id for each in unseen(one)} == set(one.operations)


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(script=moves)
async def test_an_execution_is_read_as_it_was_written(
    tmp_path: Path, script: list[list[dict[str, Any]] | int]
) -> None:
    database = await Database.open(tmp_path)
    store = DurableStore(database)
    try:
        key = str(uuid.uuid4())
        one, now_ms = execution(id=key, name=key), NOW_MS
        await database.write(lambda connection: store.insert(connection, one))
        written(one)
        for move in script:
            if isinstance(move, int):
                now_ms += move * 1000
                pass_time(one, now_ms)
            else:
                made(one, move, now_ms)
            await database.write(lambda connection: store.update(connection, one))
            written(one)
            read = await store.load(one.id)
            assert read == one
        events = await store.history(one, None, 1000, newest_first=False)
        assert [each.number for each, _, _ in events] == list(range(1, one.events + 1))
    finally:
        await database.close()


def test_a_chained_invocation_is_ended_by_what_it_invoked() -> None:
    one = execution()
    [operation] = apply(
        one, [update("c", "CHAINED_INVOKE", "START", **_only("ChainedInvokeOptions"))], NOW_MS
    )
    assert operation.is_pending
    end_chained(one, operation, NOW_MS, OperationStatus.SUCCEEDED, '"done"', None)
    assert one.operations["c"].result == '"done"'
    assert not operation.is_pending


def _only(name: str) -> dict[str, Any]:
    return {name: _OPTIONS[name]}


def test_a_refused_checkpoint_leaves_operations_as_they_were() -> None:
    one = execution()
    assert made(one, [update("s", "STEP", "START")], NOW_MS)
    assert not made(one, [update("s", "STEP", "SUCCEED"), update("w", "WAIT", "CANCEL")], NOW_MS)
    assert one.operations["s"].status is OperationStatus.STARTED
