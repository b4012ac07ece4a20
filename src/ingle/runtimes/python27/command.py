"""How Python 2.7 is started in a sandbox."""

from pathlib import Path

from ingle.runtimes.command import ANONYMOUS_ENVIRONMENT, Command
from ingle.runtimes.interpreter import Interpreter

PLACE = "/var/runtime/python27"
"""Where the sandbox sees the bootstrap."""

_BOOTSTRAP = Path(__file__).parent / "bootstrap"


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
        environment=ANONYMOUS_ENVIRONMENT,
        shows={str(_BOOTSTRAP): PLACE},
    )
