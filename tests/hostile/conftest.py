"""A server to attack, attackers, and a bystander that must not notice any of it."""

import json
import os
import threading
from pathlib import Path

import pytest

from tests.e2e.conftest import (
    ROLE,
    RUNTIME,
    create,
    deploy,
    events,
    eventually,
    functions,
    invoke,
    logs,
    machine,
    memory_limits,
    messages,
    start_server,
    unchecked,
    zip_of,
)
from tests.e2e.processes import alive, control_groups, descendants
from tests.e2e.server import Server

__all__ = [
    "deploy",
    "events",
    "functions",
    "invoke",
    "logs",
    "machine",
    "memory_limits",
    "messages",
    "start_server",
    "unchecked",
]

_ATTACKERS = Path(__file__).with_name("attackers")
_PACE_S = 0.01
_BYSTANDER = """
calls = 0

def handler(event, context):
    global calls
    calls += 1
    return {"event": event, "calls": calls, "sandbox": context.log_stream_name}
"""


def source_of(attacker):
    """The source of an attacker."""
    return (_ATTACKERS / f"{attacker}.py").read_text()


def package_of(attacker, modules=None):
    """A package of an attacker, as `app.py`, with what it imports, and of other modules."""
    return zip_of(**{"app": source_of(attacker), "lab": source_of("lab"), **(modules or {})})


def traces(server):
    """What the host has of a server besides its processes and control groups."""
    mark = str(server.data_dir.parent)
    table = Path("/proc/self/mountinfo").read_text()
    mounts = [line for line in table.splitlines() if mark in line]
    loops = [
        file
        for file in Path("/sys/block").glob("loop*/loop/backing_file")
        if mark in file.read_text()
    ]
    return [*mounts, *map(str, loops)]


def stop_and_leave_nothing(server):
    """Stop a server, and see that nothing of it is left."""
    processes = descendants(server.process.pid)
    assert processes, "a server has at least a warden"
    groups = control_groups(processes)
    assert server.stop() == 0
    eventually(lambda: not alive(processes), "every process is gone")
    eventually(lambda: not any(group.exists() for group in groups), "every group is gone")
    eventually(lambda: not traces(server), "every mount and device is gone")


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A server that all attackers share; nothing may be left of it in the end.

    It also takes the key pair `test`/`test`, so that attackers can try it.
    """
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "images").mkdir()
    running = Server(folder / "data", "--dev", "--images", str(folder / "images")).start()
    yield running
    stop_and_leave_nothing(running)


@pytest.fixture(scope="session")
def system_calls(machine):
    """Skip where there is no filter of system calls."""
    if machine["system calls"] != "ok":
        pytest.skip("`ingle doctor`: libseccomp cannot be loaded")


@pytest.fixture(scope="session")
def sandbox_users(machine):
    """Skip where all sandboxes have the operator's own user."""
    if machine["sandbox users"] != "ok":
        pytest.skip("`ingle doctor`: Ingle does not run as root")


@pytest.fixture
def deploy_attacker(functions):
    """Create a function of an attacker's file: `deploy_attacker("kernel", Timeout=2)` → name."""
    made = []

    def make(attacker, modules=None, **settings):
        name = f"attacker-{os.urandom(6).hex()}"
        functions.create_function(
            FunctionName=name,
            Role=ROLE,
            Runtime=RUNTIME,
            Handler="app.handler",
            Code={"ZipFile": package_of(attacker, modules)},
            **{"Timeout": 10, **settings},
        )
        made.append(name)
        return name

    yield make
    for name in made:
        functions.delete_function(FunctionName=name)


class Bystander:
    """A function that is invoked all the time, on a connection of its own."""

    def __init__(self, server):
        self.answers = []
        self.problems = []
        self._client = server.client("lambda")
        self._name = create(self._client, _BYSTANDER, Timeout=60)
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stopping.wait(_PACE_S):
            event = len(self.answers)
            try:
                response = self._client.invoke(
                    FunctionName=self._name, Payload=json.dumps(event).encode()
                )
                answer = json.loads(response["Payload"].read())
                if "FunctionError" in response or answer["event"] != event:
                    self.problems.append(answer)
            except Exception as error:  # whatever it is, the test must learn of it
                self.problems.append(error)
                answer = None
            with self._changed:
                self.answers.append(answer)
                self._changed.notify_all()

    def wait_for_more(self):
        """Wait until one more invocation that began after this call is answered."""
        with self._changed:
            enough = len(self.answers) + 2
            assert self._changed.wait_for(lambda: len(self.answers) >= enough, 60)

    def close(self):
        """Stop invoking it."""
        self._stopping.set()
        self._thread.join()
        self._client.delete_function(FunctionName=self._name)


@pytest.fixture(scope="session")
def _bystander(server):
    bystander = Bystander(server)
    bystander.wait_for_more()
    yield bystander
    bystander.close()


@pytest.fixture(autouse=True)
def bystander(_bystander):
    """While a test attacks, another function goes on answering, from one warm sandbox."""
    first = len(_bystander.answers)
    yield _bystander
    _bystander.wait_for_more()
    answers = _bystander.answers[first:]
    assert not _bystander.problems
    assert len(answers) > 1
    assert {answer["sandbox"] for answer in answers} == {answers[0]["sandbox"]}
    assert answers[-1]["calls"] - answers[0]["calls"] == len(answers) - 1
