"""Snapshots: sandboxes that are forked of one that has initialised a function."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingle.runtimes.discovery import Interpreters
from ingle.runtimes.python import frames
from tests.sandbox.wardens import Wardened, warden
from tests.services.clocks import ManualClock

FUNCTION = """
import os, random, socket
made = random.random()
def handler(event, context):
    return eval(event)
"""


@pytest.fixture
async def sandboxes(tmp_path: Path) -> AsyncIterator[Wardened]:
    async with warden(tmp_path) as running:
        yield running


async def test_forks_have_what_the_snapshot_has_made_and_their_own_randomness(
    sandboxes: Wardened,
) -> None:
    snapshot = await sandboxes.snapshot(FUNCTION)
    forks = [await sandboxes.restore(snapshot) for _ in range(3)]
    assert len({await fork.invoke("made") for fork in forks}) == 1
    assert len({await fork.invoke("random.random()") for fork in forks}) == 3


NUMPY = """
import random, sys, types
numpy_random = types.ModuleType("numpy.random")
numpy_random.state = 0
def seed():
    numpy_random.state = random.getrandbits(64)
numpy_random.seed = seed
sys.modules["numpy.random"] = numpy_random
def handler(event, context):
    return numpy_random.state
"""


async def test_the_generator_of_numpy_is_seeded_anew_by_each_fork(sandboxes: Wardened) -> None:
    snapshot = await sandboxes.snapshot(NUMPY)
    forks = [await sandboxes.restore(snapshot) for _ in range(2)]
    assert len({0, *[await fork.invoke() for fork in forks]}) == 3


async def test_forks_have_namespaces_of_their_own(sandboxes: Wardened) -> None:
    snapshot = await sandboxes.snapshot(FUNCTION)
    forks = [await sandboxes.restore(snapshot) for _ in range(2)]
    for name in ("cgroup", "ipc", "mnt", "net", "pid", "uts"):
        assert (
            len({await each.invoke(f"os.readlink('/proc/self/ns/{name}')") for each in forks}) == 2
        )
    for fork in forks:
        assert await fork.invoke("[each for each in os.listdir('/proc') if each.isdigit()]") == [
            "1"
        ]
        assert await fork.invoke("open('/tmp/mine', 'x').write('1')") == 1
        assert await fork.invoke("socket.create_server(('127.0.0.1', 8080)) and 1") == 1
        assert await fork.invoke("socket.gethostname()") == "localhost"


async def test_a_fork_has_no_rights(sandboxes: Wardened) -> None:
    fork = await sandboxes.restore(await sandboxes.snapshot(FUNCTION))
    status = await fork.invoke("open('/proc/self/status').read()")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert {fields[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {"0" * 16}
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2"


async def test_a_fork_that_exits_tells_its_status_and_leaves_others_alone(
    sandboxes: Wardened,
) -> None:
    snapshot = await sandboxes.snapshot(FUNCTION)
    one, other = [await sandboxes.restore(snapshot) for _ in range(2)]
    head = frames.INVOKE_HEAD.pack(b"0" * 36, 2**42, 0, 0, 0, 0)
    one.held.send(frames.INVOKE, head + b'"os._exit(7)"')
    status, _, _ = await one.end()
    assert status is not None
    assert os.waitstatus_to_exitcode(status) == 7
    assert await other.invoke("1 + 1") == 2
    assert await (await sandboxes.restore(snapshot)).invoke("2") == 2


async def test_a_fork_can_be_killed(sandboxes: Wardened) -> None:
    snapshot = await sandboxes.snapshot(FUNCTION)
    one, other = [await sandboxes.restore(snapshot) for _ in range(2)]
    sandboxes.client.kill(one.held)
    assert (await one.end())[0] == signal.SIGKILL
    assert await other.invoke("1 + 1") == 2


async def test_forks_end_with_their_snapshot(sandboxes: Wardened) -> None:
    snapshot = await sandboxes.snapshot(FUNCTION)
    fork = await sandboxes.restore(snapshot)
    sandboxes.client.kill(snapshot.held)
    assert (await snapshot.end())[0] == signal.SIGKILL
    assert (await fork.end())[0] == signal.SIGKILL
    late = sandboxes.spawn(of=snapshot)
    assert await late.end() == (None, False, "the snapshot has ended")


LEAVES_FILES = """
import asyncio
import os
os.makedirs("/tmp/a/b")
open("/tmp/a/b/model", "w").write("weights" * 100_000)
os.chmod("/tmp/a/b/model", 0o640)
os.symlink("b/model", "/tmp/a/link")
log = open("/tmp/log", "w")
log.write("init")
log.flush()
os.chdir("/tmp/a")
def handler(event, context):
    return eval(event)
"""


async def test_each_fork_has_its_own_copy_of_what_the_snapshot_left_in_tmp(
    sandboxes: Wardened,
) -> None:
    snapshot = await sandboxes.snapshot(LEAVES_FILES)
    for _ in range(2):
        fork = await sandboxes.restore(snapshot)
        assert await fork.invoke("len(open('/tmp/a/link').read())") == 700_000
        assert await fork.invoke("oct(os.stat('/tmp/a/b/model').st_mode)") == "0o100640"
        assert await fork.invoke("log.write(' mine') and log.flush()") is None
        assert await fork.invoke("open('/tmp/log').read()") == "init mine"
        assert await fork.invoke("open('here', 'x').close()") is None
        assert await fork.invoke("sorted(os.listdir('/tmp/a'))") == ["b", "here", "link"]


LOOP = """
import asyncio, time
loop = asyncio.new_event_loop()
loop.run_until_complete(asyncio.sleep(0))
async def work(count):
    for _ in range(count):
        await loop.run_in_executor(None, time.sleep, 0.001)
    return count
def handler(event, context):
    return loop.run_until_complete(work(event))
"""


async def test_an_event_loop_that_the_snapshot_made_is_not_shared_by_its_forks(
    sandboxes: Wardened,
) -> None:
    snapshot = await sandboxes.snapshot(LOOP)
    forks = [await sandboxes.restore(snapshot) for _ in range(3)]
    assert await asyncio.gather(*(each.invoke(100) for each in forks)) == [100, 100, 100]


async def test_a_snapshot_of_a_function_with_threads_is_refused(sandboxes: Wardened) -> None:
    snapshot = sandboxes.spawn(
        "import threading\nthreading.Thread(target=threading.Event().wait).start()\n"
        "def handler(event, context): pass\n",
        snapshot=True,
    )
    kind, body = await snapshot.start()
    assert kind == frames.INIT_ERROR
    assert b"Runtime.SnapshotUnsafe" in body
    assert b"2 threads" in body


PYTHONS = sorted(
    each.runtime
    for each in Interpreters(ManualClock()).look()
    if each.runtime.startswith("python3")
)


@pytest.mark.parametrize("runtime", PYTHONS)
async def test_every_python_can_be_forked(sandboxes: Wardened, runtime: str) -> None:
    source = (
        LEAVES_FILES
        + LOOP.replace("def handler", "def sleep")
        + (
            "import sys\nfrom snapshot_restore_py import register_after_restore\n"
            "register_after_restore(lambda: log.write(' restored'))\n"
            "def handler(event, context):\n"
            "    return [sleep(3, None), log.flush(), open('/tmp/log').read(),\n"
            "    'python%d.%d' % sys.version_info[:2]]\n"
        )
    )
    snapshot = await sandboxes.snapshot(source, runtime=runtime)
    for _ in range(2):
        fork = await sandboxes.restore(snapshot)
        assert await fork.invoke() == [3, None, "init restored", runtime]
