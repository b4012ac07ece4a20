"""How a server ends: what it finishes, and that nothing of it is left, whatever ended it."""

import os
import signal
import threading

import pytest

from tests.e2e.conftest import create, eventually
from tests.e2e.processes import (
    alive,
    children,
    control_groups,
    descendants,
    processes_with,
    sandboxes,
)

BUSY = """
import subprocess, time

def handler(event, context):
    command = ["/bin/sh", "-c", "while :; do sleep 1; done", event["mark"]]
    subprocess.Popen(command, start_new_session=True)
    if event.get("hang"):
        time.sleep(600)
    return "done"
"""


class Busy:
    """A server with idle sandboxes, a running invocation and child processes of both."""

    def __init__(self, server, mark):
        self.server = server
        self.mark = mark
        self.outcome = []
        functions = server.client("lambda")
        name = create(functions, BUSY, Timeout=60, MemorySize=256)

        def invoke(hang):
            payload = b'{"mark": "%s", "hang": %d}' % (mark.encode(), hang)
            return functions.invoke(FunctionName=name, Payload=payload)

        invoke(False)

        def hang():
            try:
                self.outcome.append(invoke(True))
            except Exception as error:  # the test looks at it
                self.outcome.append(error)

        self.thread = threading.Thread(target=hang)
        self.thread.start()
        eventually(lambda: len(processes_with(mark)) >= 2, "both invocations have a child")
        self.processes = descendants(server.process.pid)
        self.groups = control_groups(self.processes)
        assert sandboxes(server.process.pid)

    def assert_nothing_left(self):
        self.thread.join(30)
        eventually(lambda: not alive(self.processes), "every process is gone")
        assert processes_with(self.mark) == []
        eventually(lambda: not any(group.exists() for group in self.groups), "every group is gone")
        assert len(self.outcome) == 1


def warden_of(server):
    """The one child of a server."""
    (warden,) = children(server.process.pid)
    return warden


@pytest.fixture
def busy(start_server, tmp_path):
    return Busy(start_server("--drain-seconds", "1"), f"mark-{tmp_path.name}")


def test_sigterm_ends_everything_and_exits_with_zero(busy):
    assert busy.server.stop() == 0
    busy.assert_nothing_left()
    assert "some invocations were still running after 1 seconds and are ended" in busy.server.log


def test_kill_9_leaves_nothing_behind(busy):
    busy.server.kill()
    busy.assert_nothing_left()


def test_a_killed_warden_takes_the_server_and_all_sandboxes_with_it(busy):
    os.kill(warden_of(busy.server), signal.SIGKILL)
    assert busy.server.process.wait(60) == 1
    assert "the warden is gone" in busy.server.log
    busy.thread.join(30)
    eventually(lambda: not alive(busy.processes), "every process is gone")
    assert processes_with(busy.mark) == []
    eventually(lambda: not any(group.exists() for group in busy.groups), "every group is gone")


def test_killed_zygotes_are_replaced(own_server):
    functions = own_server.client("lambda")
    name = create(functions, "def handler(event, context):\n    return event\n")
    assert functions.invoke(FunctionName=name, Payload=b"1")["Payload"].read() == b"1"
    for zygote in children(warden_of(own_server)):
        os.kill(zygote, signal.SIGKILL)

    def answers():
        response = functions.invoke(FunctionName=name, Payload=b"2")
        return response["Payload"].read() == b"2"

    eventually(answers, "it answers again")


def test_sigterm_lets_running_invocations_finish(own_server):
    functions = own_server.client("lambda")
    name = create(
        functions,
        "import time\ndef handler(event, context):\n    print('begun')\n    time.sleep(2)\n"
        "    return 'finished'\n",
        Timeout=30,
    )
    answers = []
    thread = threading.Thread(
        target=lambda: answers.append(functions.invoke(FunctionName=name)["Payload"].read())
    )
    thread.start()
    logs = own_server.client("logs")
    group = f"/aws/lambda/{name}"
    eventually(
        lambda: group_has(logs, group, "begun"),
        "the invocation has begun",
    )
    assert own_server.stop() == 0
    thread.join()
    assert answers == [b'"finished"']
    own_server.start()
    logs = own_server.client("logs")
    assert group_has(logs, group, "REPORT")


def group_has(logs, group, term):
    try:
        return bool(logs.filter_log_events(logGroupName=group, filterPattern=term)["events"])
    except logs.exceptions.ResourceNotFoundException:
        return False
