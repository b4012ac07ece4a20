"""From the interpreters that this machine has to the programs that the warden starts."""

import sys
from collections.abc import Iterable

from ingle.runtimes.discovery import Interpreter
from ingle.sandbox.program import Launch, Program

PROVIDED = ("provided", "provided.al2", "provided.al2023")
"""Runtimes whose program is in the function's package."""
_ENVIRONMENT = {"LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin"}


def programs(interpreters: Iterable[Interpreter]) -> dict[str, Program]:
    """Return a program for every runtime that these interpreters can serve."""
    launcher = getattr(sys, "_base_executable", sys.executable)
    table = {
        each.runtime: Program(
            str(each.executable), {str(each.prefix): str(each.prefix)}, str(each.prefix)
        )
        for each in interpreters
        if each.runtime.startswith("python3")
    }
    bootstrap = Launch(("/var/task/bootstrap",), _ENVIRONMENT, http=True)
    for runtime in PROVIDED:
        table[runtime] = Program(launcher, {sys.base_prefix: sys.base_prefix}, "/usr", bootstrap)
    return table
