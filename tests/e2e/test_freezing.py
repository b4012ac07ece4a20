"""An idle sandbox is stopped whole, and goes on where it was when it is invoked again."""

import time

import pytest

from ingle.sandbox import cgroups
from tests.e2e.conftest import eventually
from tests.e2e.processes import frozen_groups

TICKER = """
import threading, time

longest = 0

def tick():
    global longest
    last = time.monotonic()
    while True:
        time.sleep(0.001)
        now = time.monotonic()
        longest = max(longest, now - last)
        last = now

threading.Thread(target=tick, daemon=True).start()

def handler(event, context):
    time.sleep(0.05)
    return longest
"""

place = cgroups.find()
pytestmark = pytest.mark.skipif(
    place is None or not place.freezes, reason="this machine cannot freeze (see `ingle doctor`)"
)


def test_background_threads_of_an_idle_sandbox_stand_still(own_server, invoke_on):
    call = invoke_on(own_server, TICKER)
    call()
    eventually(lambda: bool(frozen_groups(own_server.process.pid)), "the sandbox is frozen")
    since = time.monotonic()
    eventually(lambda: time.monotonic() - since > 0.2, "a while has passed")
    idle = time.monotonic() - since
    assert call() >= idle


def test_a_sandbox_that_was_frozen_keeps_its_state(own_server, invoke_on):
    call = invoke_on(
        own_server, "n = [0]\ndef handler(event, context):\n    n[0] += 1\n    return n[0]"
    )
    answers = []
    for _ in range(2):
        answers.append(call())
        eventually(lambda: bool(frozen_groups(own_server.process.pid)), "the sandbox is frozen")
    assert [*answers, call()] == [1, 2, 3]


def test_a_frozen_sandbox_ends_with_the_server_s_death(own_server, invoke_on):
    call = invoke_on(own_server, TICKER)
    call()
    pid = own_server.process.pid
    eventually(lambda: bool(frozen_groups(pid)), "the sandbox is frozen")
    folders = frozen_groups(pid)
    own_server.kill()
    eventually(lambda: not any(folder.exists() for folder in folders), "its group is gone")
