"""How Python 2.7 is started in a sandbox."""

from pathlib import Path

from ingle.runtimes.command import Command
from ingle.runtimes.interpreter import Interpreter

PLACE = "/var/runtime/python27"
"""Where the sandbox sees the bootstrap."""

_BOOTSTRAP = Path(__file__).parent / "bootstrap"

# The locale that every machine has: with one that it lacks, Python would take the names of files
# for ASCII. The function finds AWS's LANG all the same.
_ENVIRONMENT = {
    "HOME": "/tmp",  # noqa: S108 - the only folder that a function may write to
    "LANG": "C.UTF-8",
    "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task"
    ":/var/task/lib:/opt/lib",
    "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    "TZ": ":UTC",
}


def command(interpreter: Interpreter) -> Command:
    """Return how a Python 2.7 is started that does not know yet which function it will run.

    It has the variables of a function that sets none of its own, because some of them count only
    when Python starts. A function that sets one of those differently makes it start anew
    (`bootstrap/ingle_runtime/restart.py` names them).

    Args:
        interpreter: the Python, of release 2.7.
    """
    return Command(
        arguments=(str(interpreter.executable), f"{PLACE}/index.py"),
        environment=_ENVIRONMENT,
        shows={str(_BOOTSTRAP): PLACE},
    )
