"""Whatever ends a server, nothing that it was attacked with is left."""

import json
import threading
import uuid

import pytest

from tests.e2e.conftest import ROLE, RUNTIME, eventually
from tests.e2e.processes import alive, control_groups, descendants, processes_with
from tests.hostile.conftest import package_of, stop_and_leave_nothing, traces


class Attacked:
    """A server with a sandbox that tries to outlive it, and with idle ones."""

    def __init__(self, server):
        self.server = server
        self.mark = f"hostile-{uuid.uuid4().hex}"
        self._client = server.client("lambda")
        self._thread = threading.Thread(target=self._hang)
        for attacker in ("survivor", "processes"):
            self._client.create_function(
                FunctionName=attacker,
                Role=ROLE,
                Runtime=RUNTIME,
                Handler="app.handler",
                Timeout=60,
                Code={"ZipFile": package_of(attacker)},
            )
        self._invoke("processes", ["daemons", self.mark])
        self._thread.start()
        # Four daemons of an idle sandbox, two children of the busy one.
        eventually(lambda: len(processes_with(self.mark)) >= 6, "the attackers run")
        self.processes = descendants(server.process.pid)
        self.groups = control_groups(self.processes)

    def _invoke(self, name, event):
        return self._client.invoke(FunctionName=name, Payload=json.dumps(event).encode())

    def _hang(self):
        try:
            self._invoke("survivor", self.mark)
        except Exception:  # the server ended meanwhile
            return

    def assert_nothing_is_left(self):
        """See that all of it is gone."""
        self._thread.join(30)
        eventually(lambda: not alive(self.processes), "every process is gone")
        assert processes_with(self.mark) == []
        assert not traces(self.server)


@pytest.fixture
def attacked(start_server):
    """A server under attack."""
    return Attacked(start_server("--drain-seconds", "1"))


def test_a_server_that_is_stopped_leaves_nothing(attacked):
    stop_and_leave_nothing(attacked.server)
    attacked.assert_nothing_is_left()


def test_a_server_that_is_killed_leaves_nothing(attacked):
    attacked.server.kill()
    attacked.assert_nothing_is_left()
    eventually(lambda: not any(group.exists() for group in attacked.groups), "every group is gone")
