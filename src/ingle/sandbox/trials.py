"""Trying in a process of its own what would change the calling one for good."""

import os
from collections.abc import Callable

_WORKED, _FAILED = b"+", b"-"
_LONGEST = 4096


def try_in_child(work: Callable[[], bytes | None]) -> tuple[bytes, str]:
    """Do something in a child process, which then ends.

    Args:
        work: what to do. It may return a few kilobytes.

    Returns:
        What that returned, and "", or b"" and what went wrong.
    """
    read, write = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        try:
            os.write(write, _WORKED + (work() or b""))
        except BaseException as error:
            os.write(write, _FAILED + (str(error) or repr(error)).encode()[:_LONGEST])
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as file:
        answer = file.read()
    os.waitpid(pid, 0)
    said = answer[1:]
    return (said, "") if answer[:1] == _WORKED else (b"", said.decode() or "it ended at once")
