"""Which idle sandboxes are ended, and when."""

import uuid
from collections.abc import Callable
from typing import Any

from tests.e2e.conftest import eventually
from tests.e2e.processes import processes_with
from tests.e2e.server import Server

Calls = Callable[[Server, str], Callable[..., Any]]

COUNTER = """
import subprocess
calls = 0

def handler(event, context):
    global calls
    calls += 1
    if event:
        subprocess.Popen(["sh", "-c", "sleep 10000; : " + event])
    return calls
"""


def test_a_sandbox_that_was_idle_for_long_enough_is_ended_with_all_its_processes(
    start_server: Callable[..., Server], invoke_on: Calls
) -> None:
    mark = uuid.uuid4().hex
    call = invoke_on(start_server("--idle-seconds", "3"), COUNTER)
    assert call(mark) == 1
    assert processes_with(mark)
    eventually(lambda: not processes_with(mark), "the sandbox is ended")
    assert call() == 1


def test_the_sandbox_that_was_idle_for_longest_gives_way_to_a_new_one(
    start_server: Callable[..., Server], invoke_on: Calls
) -> None:
    server = start_server("--concurrency", "2")
    first, second, third = (invoke_on(server, COUNTER) for _ in range(3))
    assert [first(), second(), first()] == [1, 1, 2]
    assert third() == 1  # one more than there may be
    assert [first(), second()] == [3, 1]
