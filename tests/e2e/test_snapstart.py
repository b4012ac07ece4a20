"""Published versions with SnapStart: initialised once, forked for every sandbox."""

import contextlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import create, eventually, refusal
from tests.e2e.extensions import OBSERVER, layer
from tests.e2e.server import Server

ON = {"ApplyOn": "PublishedVersions"}
PROBE = """
import os, random, socket, time, uuid
made = random.random()
init_stream = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
calls = 0
def handler(event, context):
    global calls
    calls += 1
    return eval(event)
"""


@pytest.fixture
def publish(functions: Any, deploy: Callable[..., str]) -> Callable[..., str]:
    """Create a function with SnapStart and publish it: `publish(source)` → name, once active."""

    def make(source: str, **settings: Any) -> str:
        name = deploy(source, SnapStart=ON, **settings)
        publish_version(functions, name)
        return name

    return make


def publish_version(client: Any, name: str) -> str:
    version = client.publish_version(FunctionName=name)["Version"]
    client.get_waiter("published_version_active").wait(
        FunctionName=name, Qualifier=version, WaiterConfig={"Delay": 0.05, "MaxAttempts": 600}
    )
    return version


def settled(client: Any, name: str, version: str = "1") -> dict[str, Any]:
    """Wait until a version is no longer pending; return its configuration."""
    found: list[dict[str, Any]] = []

    def holds() -> bool:
        found.append(client.get_function_configuration(FunctionName=name, Qualifier=version))
        return found[-1]["State"] != "Pending"

    eventually(holds, "the version is pending")
    return found[-1]


def at_once(invoke: Any, name: str, event: Any, count: int, version: str = "1") -> list[Any]:
    """Invoke a version in so many sandboxes at a time; return the answers."""
    with ThreadPoolExecutor(count) as pool:
        answers = [pool.submit(invoke, name, event, Qualifier=version) for _ in range(count)]
        return [each.result()[0] for each in answers]


def test_a_version_is_pending_until_its_snapshot_is_made(functions: Any, deploy: Any) -> None:
    name = deploy("import time\ntime.sleep(1)\ndef handler(e, c): return 1\n", SnapStart=ON)
    version = functions.publish_version(FunctionName=name)
    assert version["State"] == "Pending"
    assert version["StateReasonCode"] == "Creating"
    assert version["SnapStart"] == {**ON, "OptimizationStatus": "On"}
    assert refusal(functions.invoke, FunctionName=name, Qualifier="1") == (
        409,
        "ResourceConflictException",
        "The operation cannot be performed at this time. The function is currently in the "
        "following state: Pending",
    )
    after = settled(functions, name)
    assert after["State"] == "Active"
    assert "StateReason" not in after
    assert functions.get_function_configuration(FunctionName=name)["State"] == "Active"


def test_all_sandboxes_share_what_was_made_at_the_initialisation(publish: Any, invoke: Any) -> None:
    name = publish(PROBE)
    answers = at_once(invoke, name, "time.sleep(0.5) or [made, init_stream, calls]", 4)
    assert len({json.dumps(each) for each in answers}) == 1
    assert answers[0][2] == 1
    streams = at_once(invoke, name, "time.sleep(0.5) or context.log_stream_name", 4)
    assert len(set(streams)) == 4
    assert answers[0][1] not in streams


@pytest.mark.parametrize(
    "expression",
    [
        "random.random()",
        "str(uuid.uuid4())",
        "os.urandom(8).hex()",
        "__import__('secrets').token_hex()",
        "__import__('ssl').RAND_bytes(8).hex()",
        "__import__('tempfile').mktemp()",
    ],
)
def test_no_two_sandboxes_have_the_same_randomness(
    publish: Any, invoke: Any, expression: str
) -> None:
    used = "import ssl, tempfile\nssl.RAND_bytes(8)\ntempfile.mktemp()\n"
    name = publish(used + PROBE)
    answers = at_once(invoke, name, f"time.sleep(0.3) or {expression}", 4)
    assert len(set(answers)) == 4


def test_latest_is_initialised_anew_for_each_sandbox(publish: Any, invoke: Any) -> None:
    name = publish(PROBE)
    expression = "time.sleep(0.3) or [made, os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']]"
    versions = at_once(invoke, name, expression, 2)
    latest = at_once(invoke, name, expression, 2, "$LATEST")
    assert {each[1] for each in versions} == {"snap-start"}
    assert {each[1] for each in latest} == {"on-demand"}
    assert len({each[0] for each in versions + latest}) == 3


HOOKS = """
from snapshot_restore_py import register_after_restore, register_before_snapshot
order = []
@register_before_snapshot
def first(): order.append("before 1")
register_before_snapshot(lambda *a, **k: order.append(["before 2", a, k]), 1, x=2)
@register_after_restore
def third(): order.append("after 1"); print("restored")
register_after_restore(order.append, "after 2")
def handler(event, context): return order
"""


def test_hooks_run_before_the_snapshot_backwards_and_after_it_forwards(
    publish: Any, invoke: Any, messages: Any
) -> None:
    name = publish(HOOKS)
    answer, _ = invoke(name, Qualifier="1")
    assert answer == [["before 2", [1], {"x": 2}], "before 1", "after 1", "after 2"]
    assert "restored\n" in messages(name)


def test_a_hook_that_fails_before_the_snapshot_fails_the_version(
    functions: Any, deploy: Any, messages: Any
) -> None:
    name = deploy(
        "import snapshot_restore_py as hooks\n"
        "hooks.register_before_snapshot(lambda: 1 / 0)\n"
        "def handler(event, context): return 1\n",
        SnapStart=ON,
    )
    functions.publish_version(FunctionName=name)
    after = settled(functions, name)
    assert (after["State"], after["StateReasonCode"]) == ("Failed", "FunctionError")
    assert "ZeroDivisionError: division by zero" in after["StateReason"]
    assert refusal(functions.invoke, FunctionName=name, Qualifier="1")[:2] == (
        409,
        "ResourceConflictException",
    )
    assert any("ZeroDivisionError" in each for each in messages(name))


def test_a_hook_that_fails_after_a_restore_fails_the_invocation(
    functions: Any, publish: Any
) -> None:
    name = publish(
        "import snapshot_restore_py as hooks\n"
        "hooks.register_after_restore(lambda: 1 / 0)\n"
        "def handler(event, context): return 1\n"
    )
    status, code, _ = refusal(functions.invoke, FunctionName=name, Qualifier="1")
    assert (status, code) == (400, "SnapStartException")


@pytest.mark.parametrize(
    ("left", "reason"),
    [
        (
            "import threading, time\n"
            "threading.Thread(target=time.sleep, args=(60,), daemon=True, name='poller').start()",
            "the function has 2 threads after its initialisation, and only one can be carried over "
            "into its sandboxes (poller)",
        ),
        (
            "import subprocess\nsubprocess.Popen(['sleep', '60'])",
            "the function has started 1 other processes that are still running",
        ),
    ],
)
def test_what_cannot_be_carried_over_is_refused_by_name(
    functions: Any, deploy: Any, left: str, reason: str
) -> None:
    name = deploy(f"{left}\ndef handler(event, context): return 1\n", SnapStart=ON)
    functions.publish_version(FunctionName=name)
    after = settled(functions, name)
    assert (after["State"], after["StateReasonCode"]) == ("Failed", "FunctionError")
    assert f"Runtime.SnapshotUnsafe: {reason}" in after["StateReason"]


def test_the_log_tells_of_the_initialisation_and_of_each_restore(
    publish: Any, invoke: Any, events: Any
) -> None:
    name = publish(
        "print('loading')\ndef handler(event, context): return context.log_stream_name\n"
    )
    stream, _ = invoke(name, Qualifier="1")
    every = events(name)
    restored = [each["message"] for each in every if each["logStreamName"] == stream]
    initial = [each["message"] for each in every if each["logStreamName"] != stream]
    assert [each.split(":")[0] for each in initial] == [
        "INIT_START Runtime Version",
        "loading\n",
        "INIT_REPORT Init Duration",
    ]
    assert [each.split(":")[0] for each in restored] == [
        "RESTORE_START Runtime Version",
        "RESTORE_REPORT Restore Duration",
        "START RequestId",
        "END RequestId",
        "REPORT RequestId",
    ]
    assert "\tRestore Duration: " in restored[-1]
    assert "\tBilled Restore Duration: " in restored[-1]
    assert "Init Duration" not in restored[-1]


def test_a_sandbox_that_times_out_or_exits_leaves_others_alone(publish: Any, invoke: Any) -> None:
    name = publish(PROBE, Timeout=1)
    first, _ = invoke(name, "made", Qualifier="1")
    answer, _ = invoke(name, "time.sleep(30)", Qualifier="1")
    assert answer["errorType"] == "Sandbox.Timedout"
    answer, _ = invoke(name, "os._exit(3)", Qualifier="1")
    assert answer["errorMessage"].endswith("Runtime exited with error: exit status 3")
    assert invoke(name, "made", Qualifier="1")[0] == first


def test_memory_is_limited_for_each_sandbox(publish: Any, invoke: Any) -> None:
    name = publish(PROBE, MemorySize=128, Timeout=20)
    answer, _ = invoke(name, "len(bytearray(300_000_000))", Qualifier="1")
    assert answer["errorType"] == "Runtime.OutOfMemory"
    assert invoke(name, "len(bytearray(50_000_000))", Qualifier="1")[0] == 50_000_000


def test_a_deleted_version_takes_its_snapshot_with_it(
    functions: Any, publish: Any, invoke: Any
) -> None:
    name = publish(PROBE)
    namespace, _ = invoke(name, "os.readlink('/proc/self/ns/user')", Qualifier="1")
    assert in_user_namespace(namespace)
    functions.delete_function(FunctionName=name, Qualifier="1")
    eventually(lambda: not in_user_namespace(namespace), "its processes are there")


def in_user_namespace(namespace: str) -> list[str]:
    """All processes of this machine in a user namespace."""
    found = []
    for link in Path("/proc").glob("[0-9]*/ns/user"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            if str(link.readlink()) == namespace:
                found.append(link.parts[2])
    return found


def test_a_version_with_external_extensions_starts_without_a_snapshot(
    functions: Any, publish: Any, invoke: Any
) -> None:
    with layer(functions, {"watcher": OBSERVER}) as layers:
        name = publish(PROBE, Timeout=20, **layers)
        told, _ = invoke(
            name,
            "[init_stream == context.log_stream_name,"
            " os.environ['AWS_LAMBDA_INITIALIZATION_TYPE'], os.getpid() > 1]",
            Qualifier="1",
        )
    assert told == [True, "on-demand", True]


def test_snapshots_are_made_again_after_a_restart(own_server: Server) -> None:
    client = own_server.client("lambda")
    name = create(client, PROBE, SnapStart=ON)
    publish_version(client, name)
    own_server.stop()
    own_server.start()
    client = own_server.client("lambda")

    def restored() -> bool:
        # A sandbox that was initialised for itself has the stream that it was initialised with.
        evaluate(client, name, "os._exit(0)")
        first, own = evaluate(client, name, "[init_stream, context.log_stream_name]")
        return first != own

    eventually(restored, "no sandbox comes from a snapshot")


def evaluate(client: Any, name: str, expression: str) -> Any:
    """Evaluate an expression in a sandbox of version 1."""
    payload = json.dumps(expression).encode()
    answer = client.invoke(FunctionName=name, Qualifier="1", Payload=payload)
    return json.loads(answer["Payload"].read())
