"""How Ruby is started in a sandbox."""

from pathlib import Path

from ingle.runtimes.command import ANONYMOUS_ENVIRONMENT, Command
from ingle.runtimes.interpreter import Interpreter

PLACE = "/var/runtime/ruby"
"""Where the sandbox sees the bootstrap."""

_BOOTSTRAP = Path(__file__).parent / "bootstrap"


def command(interpreter: Interpreter) -> Command:
    """Return how a Ruby is started that does not know yet which function it will run.

    It has the variables of a function that sets none of its own, because some of them count only
    when Ruby starts. A function that sets one of those differently makes it start anew
    (`bootstrap/restart.rb` names them). The AWS SDK is not there unless the function or a layer
    brings it.

    Args:
        interpreter: the Ruby, of release 2.5 or later.
    """
    return Command(
        arguments=(str(interpreter.executable), f"{PLACE}/main.rb"),
        environment=ANONYMOUS_ENVIRONMENT,
        shows={str(_BOOTSTRAP): PLACE},
    )
