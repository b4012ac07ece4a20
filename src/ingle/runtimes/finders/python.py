"""Python 3: the system's, pyenv's, uv's, asdf's, mise's, and the one that runs Ingle."""

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from ingle.runtimes.catalogue import languages
from ingle.runtimes.finders import places
from ingle.runtimes.finders.asking import answer_of
from ingle.runtimes.interpreter import Installation

_SERVED = languages()["python"]
_MINORS = "|".join(str(minor) for minor in range(_SERVED.oldest[1], _SERVED.newest[1] + 1))
NAME = re.compile(rf"python(?:3(?:\.(?:{_MINORS}))?)?")

# Runs in Python 3.8 and later. A virtual environment made by copying does not know its base
# executable before 3.11, only the base's prefix.
_PROBE = """
import json, os, sys
executable = getattr(sys, "_base_executable", None) or sys.executable
home = os.path.dirname(os.path.dirname(executable))
if os.path.exists(os.path.join(home, "pyvenv.cfg")):
    executable = os.path.join(sys.base_prefix, "bin", "python%d.%d" % sys.version_info[:2])
print(json.dumps({
    "implementation": sys.implementation.name,
    "version": list(sys.version_info[:3]),
    "final": sys.version_info[3] == "final",
    "executable": os.path.realpath(executable),
    "prefix": os.path.realpath(sys.base_prefix),
}))
"""


def folders() -> Iterator[Path]:
    """Yield the folders in which a Python usually is, the preferred ones first."""
    yield Path(sys.base_prefix) / "bin"
    yield from places.system_folders()
    for root in (places.from_environment("PYENV_ROOT", ".pyenv"), *places.shim_roots()):
        yield from places.matching(root, "versions/*/bin")
    uv_root = places.from_environment("UV_PYTHON_INSTALL_DIR", ".local/share/uv/python")
    yield from places.matching(uv_root, "*/bin")
    yield from places.managed("python")
    yield from places.matching(Path("/opt"), "python*/bin")


def own() -> Iterator[Path]:
    """Yield the Python that runs Ingle."""
    yield Path(getattr(sys, "_base_executable", sys.executable))


def probe(path: Path) -> Installation | None:
    """Ask an executable what it is; None where it is no CPython 3."""
    try:
        said = json.loads(answer_of(path, "-I", "-S", "-c", _PROBE))
        major, minor, patch = map(int, said["version"])
        installation = Installation(
            language="python",
            release=(major, minor, patch),
            version=f"{major}.{minor}.{patch}",
            executable=Path(said["executable"]),
            prefix=Path(said["prefix"]),
        )
        usable = (
            said["implementation"] == "cpython"
            and said["final"] is True
            and os.access(installation.executable, os.X_OK)
        )
    except (ValueError, TypeError, KeyError):
        return None  # whatever it printed, it is not a Python that follows the probe
    return installation if usable else None
