"""Which packages a Python's functions find."""

from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.python_sdk import bundled, older
from ingle.runtimes.python_sdk.tree import Tree, release_of


def is_bundled(python: Interpreter) -> bool:
    """Whether Ingle's own packages support a Python."""
    return release_of(python) >= bundled.oldest()


def packages(python: Interpreter) -> Tree | None:
    """Return which packages a Python's functions find, or None where there are none for it."""
    return bundled.tree() if is_bundled(python) else older.tree(release_of(python))
