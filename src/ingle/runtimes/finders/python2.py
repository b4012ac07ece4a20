"""Python 2.7: the system's, pyenv's, asdf's and mise's."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from ingle.runtimes.finders import places
from ingle.runtimes.finders.asking import answer_of
from ingle.runtimes.interpreter import Installation

NAME = re.compile(r"python2(?:\.7)?")

# An old virtual environment calls the installation that it is made from its real prefix.
_PROBE = """
import json, os, sys
prefix = getattr(sys, "real_prefix", sys.prefix)
base = os.path.join(prefix, "bin", "python2.7")
print(json.dumps({
    "cpython": "__pypy__" not in sys.builtin_module_names,
    "version": list(sys.version_info[:3]),
    "executable": os.path.realpath(base if os.path.exists(base) else sys.executable),
    "prefix": os.path.realpath(prefix),
}))
"""


def folders() -> Iterator[Path]:
    """Yield the folders in which a Python 2.7 usually is, the preferred ones first."""
    yield from places.system_folders()
    for root in (places.from_environment("PYENV_ROOT", ".pyenv"), *places.shim_roots()):
        yield from places.matching(root, "versions/2.7*/bin")
    yield from places.managed("python")
    yield from places.matching(Path("/opt"), "python*/bin")


def own() -> Iterator[Path]:
    """Yield nothing: Ingle runs on Python 3."""
    return iter(())


def probe(path: Path) -> Installation | None:
    """Ask an executable what it is; None where it is no CPython 2."""
    try:
        said = json.loads(answer_of(path, "-E", "-s", "-S", "-c", _PROBE))
        major, minor, patch = map(int, said["version"])
        installation = Installation(
            language="python2",
            release=(major, minor, patch),
            version=f"{major}.{minor}.{patch}",
            executable=Path(said["executable"]),
            prefix=Path(said["prefix"]),
        )
        usable = said["cpython"] is True and os.access(installation.executable, os.X_OK)
    except (ValueError, TypeError, KeyError):
        return None  # whatever it printed, it is not a Python that follows the probe
    return installation if usable else None
