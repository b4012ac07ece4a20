"""A sandbox that is not told of the warden's end must end with it all the same."""

import os
import signal

import pytest

from tests.e2e.processes import children
from tests.hostile.test_leftovers import Attacked


@pytest.fixture
def attacked(start_server):
    """A server under attack."""
    return Attacked(start_server("--drain-seconds", "1"))


def test_a_warden_that_is_killed_leaves_no_process(attacked):
    (warden,) = children(attacked.server.process.pid)
    os.kill(warden, signal.SIGKILL)
    assert attacked.server.process.wait(60) == 1
    attacked.assert_nothing_is_left()
