"""Which interpreters this machine has, found by looking where they usually are."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ingle.clock import Clock
from ingle.runtimes.catalogue import PYTHON_MINORS, install_hint

__all__ = ["Interpreter", "Interpreters", "discover", "install_hint"]

_PROBE_TIMEOUT_S = 5.0
_PROBES_AT_ONCE = 4
_LOOK_AGAIN_S = 10.0
_EXECUTABLE_NAME = re.compile(r"python(?:3(?:\.(?P<minor>\d+))?)?")

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


@dataclass(frozen=True, slots=True)
class Interpreter:
    """An interpreter that can serve a runtime.

    Attributes:
        runtime: AWS's identifier, for instance `python3.11`.
        executable: the real interpreter, never a virtual environment's nor a shim.
        version: in full, for instance `3.11.7`.
        prefix: the folder that holds its standard library (`sys.base_prefix`).
    """

    runtime: str
    executable: Path
    version: str
    prefix: Path


def discover(search: Sequence[Path] | None = None) -> list[Interpreter]:
    """Find the interpreters of this machine; of each minor version, the newest patch.

    Runs every candidate once, a few at a time; one that is broken, hangs or is no CPython
    counts as absent. Blocks for about 0.2 s.

    Args:
        search: the folders to look into, without their subfolders; None for the usual ones
            (this Python's own, `PATH`, pyenv's, uv's, `/usr/bin`, `/usr/local/bin`,
            `/opt/python*/bin`).

    Returns:
        One interpreter a runtime, oldest runtime first.
    """
    folders = list(usual_folders()) if search is None else list(search)
    candidates = list(_candidates(folders))
    if search is None:
        candidates.insert(0, Path(getattr(sys, "_base_executable", sys.executable)))
    best: dict[tuple[int, int], tuple[tuple[int, int, int], Interpreter]] = {}
    with ThreadPoolExecutor(_PROBES_AT_ONCE, "ingle-discovery") as threads:
        for found in threads.map(_probe, _distinct(candidates)):
            if found is None:
                continue
            version = found[0]
            # The first one found wins among equals: folders come in order of preference.
            known = best.get(version[:2])
            if known is None or version > known[0]:
                best[version[:2]] = found
    return [best[minor][1] for minor in sorted(best)]


class Interpreters:
    """The interpreters of this machine, looked for once and off the event loop."""

    def __init__(self, clock: Clock, search: Sequence[Path] | None = None) -> None:
        """Look for nothing yet.

        Args:
            clock: tells when it is time to look again.
            search: as for `discover`.
        """
        self._clock = clock
        self._search = search
        self._lock = asyncio.Lock()
        self._found: dict[str, Interpreter] = {}
        self._looked_at: float | None = None

    async def find(self, runtime: str) -> Interpreter | None:
        """Return the interpreter of a runtime, or None where the machine has none.

        A runtime that was missing is looked for again, at most every ten seconds, so that one
        installed meanwhile needs no restart.

        Args:
            runtime: AWS's identifier.
        """
        found = self._found.get(runtime)
        if found is None:
            found = (await self._look(_LOOK_AGAIN_S)).get(runtime)
        return found

    async def all(self) -> list[Interpreter]:
        """Return every interpreter that the latest look found."""
        return list((await self._look(float("inf"))).values())

    async def _look(self, max_age_s: float) -> dict[str, Interpreter]:
        async with self._lock:
            now = self._clock.monotonic()
            if self._looked_at is None or now - self._looked_at >= max_age_s:
                interpreters = await asyncio.to_thread(discover, self._search)
                self._found = {each.runtime: each for each in interpreters}
                self._looked_at = now
            return self._found


def usual_folders() -> Iterator[Path]:
    """Yield the folders in which interpreters usually are, the preferred ones first."""
    yield Path(sys.base_prefix) / "bin"
    home = _home()
    pyenv_roots = [Path(os.environ.get("PYENV_ROOT") or home / ".pyenv")]
    for entry in os.get_exec_path():
        folder = Path(entry)
        # pyenv's shims are slow shell scripts, and each shows only the version selected now.
        if folder.name == "shims" and os.path.isdir(folder.parent / "versions"):  # noqa: PTH112 - bears one that is not ours
            pyenv_roots.append(folder.parent)
        elif folder.is_absolute():
            yield folder
    yield Path("/usr/local/bin")
    yield Path("/usr/bin")
    uv_root = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or home / ".local/share/uv/python")
    for root, pattern in (
        *((root, "versions/*/bin") for root in pyenv_roots),
        (uv_root, "*/bin"),
        (Path("/opt"), "python*/bin"),
    ):
        yield from _matching(root, pattern)


def _matching(root: Path, pattern: str) -> list[Path]:
    try:
        return sorted(root.glob(pattern))
    except OSError:
        return []  # a folder that is not ours to read holds nothing for us


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")  # a user id without a home, as in some containers


def _candidates(folders: Sequence[Path]) -> Iterator[Path]:
    """Yield the executables in these folders whose names may be a Python that Ingle runs."""
    for folder in folders:
        try:
            files = sorted(folder.iterdir())
        except OSError:
            continue  # a folder that is not there or not ours to read holds nothing for us
        yield from (file for file in files if _may_be_served(file.name))


def _may_be_served(name: str) -> bool:
    match = _EXECUTABLE_NAME.fullmatch(name)
    return match is not None and (match["minor"] is None or int(match["minor"]) in PYTHON_MINORS)


def _distinct(candidates: Sequence[Path]) -> list[Path]:
    """Drop the candidates that are other names of an earlier one, or of one not served."""
    distinct: dict[Path, Path] = {}
    for path in candidates:
        real = Path(os.path.realpath(path))  # unlike Path.resolve, bears a loop of links
        if not real.name.startswith("python"):
            real = path  # a dispatcher that tells by its name what to run
        elif not _may_be_served(real.name):
            continue
        if os.access(path, os.X_OK) and real not in distinct:
            distinct[real] = path
    return list(distinct.values())


def _probe(path: Path) -> tuple[tuple[int, int, int], Interpreter] | None:
    """Ask an executable what it is; None where it is nothing that Ingle can run."""
    output = _output_of([os.fspath(path), "-I", "-S", "-c", _PROBE])
    try:
        said = json.loads(output)
        major, minor, patch = said["version"]
        interpreter = Interpreter(
            runtime=f"python{major}.{minor}",
            executable=Path(said["executable"]),
            version=f"{major}.{minor}.{patch}",
            prefix=Path(said["prefix"]),
        )
        served = (
            said["implementation"] == "cpython"
            and said["final"] is True
            and major == 3
            and minor in PYTHON_MINORS
            and interpreter.executable.is_file()
        )
    except (ValueError, TypeError, KeyError, OSError):
        return None  # whatever it printed, it is not a Python that follows the probe
    return ((major, minor, patch), interpreter) if served else None


def _output_of(command: list[str]) -> bytes:
    """Return what a command prints; nothing where it cannot start or takes too long."""
    try:
        process = subprocess.Popen(  # noqa: S603 - running what is found is the point
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return b""
    with process:
        try:
            return process.communicate(timeout=_PROBE_TIMEOUT_S)[0]
        except subprocess.TimeoutExpired:
            # Wrappers leave children behind that would hold the pipe open.
            os.killpg(process.pid, signal.SIGKILL)
            return b""
