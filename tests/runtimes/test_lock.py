"""A fork of the zygote keeps no descriptor that it is not told to keep."""

import os
import resource

import pytest

from ingle.runtimes.python import lock
from ingle.sandbox.trials import try_in_child

HIGH = (1023, 1024, 1500)


def closes(first):
    """Open descriptors, close from `first` on; return those that are still open."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard > max(HIGH), "this test needs more open files: ulimit -Hn"
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    kept = os.dup(0)
    for number in HIGH:
        os.dup2(0, number)
    lock.close_from(first)
    return " ".join(each for each in map(str, (kept, *HIGH)) if is_open(int(each))).encode()


def is_open(fd):
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


@pytest.mark.parametrize("call", ["close_range", "none"])
def test_all_descriptors_from_one_on_are_closed_however_high(call, monkeypatch):
    if call == "none":  # as on Linux before 5.9
        monkeypatch.setattr(lock, "_SYS_CLOSE_RANGE", -1)
    left, failure = try_in_child(lambda: closes(1024))
    assert failure == ""
    assert left.split()[1:] == [b"1023"]
