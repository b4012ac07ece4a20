"""What is tried in a child process changes nothing here, and tells how it went."""

import os
from pathlib import Path

from ingle.sandbox.trials import try_in_child


def fail(error):
    raise error


def test_what_worked_gives_what_it_returned():
    assert try_in_child(lambda: b"answer") == (b"answer", "")
    assert try_in_child(lambda: None) == (b"", "")


def test_what_failed_says_why():
    assert try_in_child(lambda: fail(OSError("no rights"))) == (b"", "no rights")
    assert try_in_child(lambda: fail(SystemExit("stopped"))) == (b"", "stopped")
    assert try_in_child(lambda: fail(ValueError())) == (b"", "ValueError()")


def test_a_child_that_is_gone_has_failed():
    assert try_in_child(lambda: os._exit(0)) == (b"", "it ended at once")


def test_it_happens_in_another_process():
    folder = Path.cwd()
    other, failure = try_in_child(lambda: os.chdir("/") or str(os.getpid()).encode())
    assert (failure, Path.cwd()) == ("", folder)
    assert int(other) != os.getpid()
