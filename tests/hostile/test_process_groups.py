"""A sandbox must not share its process group with the warden, the zygotes and other sandboxes."""

import os
import signal
from pathlib import Path

import pytest

from tests.e2e.conftest import eventually
from tests.e2e.processes import children, descendants


def states(processes):
    """The state and the niceness of those processes that still run."""
    found = {}
    for pid, _ in processes:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found[pid] = (fields[0], int(fields[16]))
    return found


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSTOP", "SIGTERM"])
def test_a_signal_to_the_group_reaches_only_the_own_sandbox(
    deploy_attacker, invoke, server, bystander, name
):
    attacker = deploy_attacker("processes", Timeout=2)
    invoke(attacker, "fine")
    keepers = descendants(server.process.pid)
    invoke(attacker, ["group", name])
    try:
        stopped = [pid for pid, (state, _) in states(keepers).items() if state == "T"]
        assert stopped == []
        bystander.wait_for_more()
        assert children(server.process.pid)
    finally:
        for pid, (state, _) in states(keepers).items():
            if state == "T":
                os.kill(pid, signal.SIGCONT)


def test_the_group_s_importance_is_the_sandbox_s_alone(deploy_attacker, invoke, server):
    attacker = deploy_attacker("processes", Timeout=2)
    invoke(attacker, "fine")
    keepers = descendants(server.process.pid)
    invoke(attacker, ["less_important"])
    eventually(lambda: bool(states(keepers)), "they run")
    assert sum(nice == 19 for _, nice in states(keepers).values()) <= 1
