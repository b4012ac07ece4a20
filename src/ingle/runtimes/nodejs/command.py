"""How Node.js is started in a sandbox."""

from pathlib import Path

from ingle.runtimes.command import ANONYMOUS_ENVIRONMENT, Command
from ingle.runtimes.interpreter import Interpreter

PLACE = "/var/runtime/nodejs"
"""Where the sandbox sees the bootstrap."""
BOOTSTRAP = Path(__file__).parent / "bootstrap"
SDK_PLACE = "/var/runtime/node_modules"
"""Where the sandbox should see what `sdk.find` returns."""

# The channel goes from descriptor 0, which children would inherit as their standard input, to 3,
# which Node.js closes in children.
_SHELL = ("/bin/sh", "-c", 'exec "$@" 3<&0 </dev/null', "node")

# Before it is known how much memory the function has, the heap's limit is above every function's:
# what ends one that takes too much is its control group. With V8's defaults for a large machine,
# garbage alone would fill 128 MB: the heap starts small, and so does the space for young objects.
_FLAGS = (
    "--v8-pool-size=1",
    "--max-old-space-size=10240",
    "--initial-old-space-size=32",
    "--max-semi-space-size=8",
)

# Experimental features that Node.js has on and AWS has off, and the releases that know the flag:
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html
_OFF = (
    ("--no-experimental-require-module", 20, (20, 17)),
    ("--no-experimental-require-module", 22, (22, 0)),
    ("--no-experimental-detect-module", 22, (22, 0)),
)


def command(interpreter: Interpreter) -> Command:
    """Return how a Node.js is started that does not know yet which function it will run.

    It has the variables of a function that sets none of its own, because some of them count only
    when Node.js starts. A function that sets one of those differently makes it start anew
    (`bootstrap/restart.cjs` names them).

    Args:
        interpreter: the Node.js, of release 12 or later.
    """
    return Command(
        arguments=(*_SHELL, *interpreter_command(interpreter), f"{PLACE}/index.cjs"),
        environment={**ANONYMOUS_ENVIRONMENT, "LANG": "en_US.UTF-8"},
        shows={str(BOOTSTRAP): PLACE},
    )


def interpreter_command(interpreter: Interpreter) -> tuple[str, ...]:
    """Return the program and the flags that it has in sandboxes; code is compiled for these."""
    return (str(interpreter.executable), *_FLAGS, *_switched_off(interpreter.version))


def _switched_off(version: str) -> list[str]:
    release = tuple(map(int, version.split(".")[:2]))
    return [flag for flag, major, since in _OFF if release[0] == major and release >= since]
