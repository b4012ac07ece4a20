"""The virtual environment that holds the peers, apart from Ingle's own."""

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from bench.errors import BenchError

HERE = Path(__file__).resolve().parent
LOCK = HERE / "peers.lock"
ENVIRONMENT = HERE / ".peers"
INSTALL_TIMEOUT_S = 600.0


def ensure() -> bool:
    """Makes the environment from the lock file, unless it is there; returns whether it did.

    An environment of another lock file or another Python is made anew.

    Raises:
        BenchError: the packages could not be installed; the text ends with pip's own words.
    """
    stamp = ENVIRONMENT / "lock.sha256"
    wanted = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return False
    if ENVIRONMENT.exists():
        shutil.rmtree(ENVIRONMENT)
    _run([sys.executable, "-m", "venv", str(ENVIRONMENT)])
    _run([peer_script("python"), "-m", "pip", "install", "--require-hashes", "-r", str(LOCK)])
    stamp.write_text(wanted)
    return True


def peer_script(name: str) -> str:
    """The path of a command of the peers' environment."""
    return str(ENVIRONMENT / "bin" / name)


def versions(peers: Iterable[str]) -> list[str]:
    """The locked `name version` of each of the peers that the lock file holds."""
    locked = dict(re.findall(r"(?m)^([\w-]+)==(\S+)", LOCK.read_text()))
    return [f"{name} {locked[name]}" for name in peers if name in locked]


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=INSTALL_TIMEOUT_S,
    )
    if done.returncode != 0:
        raise BenchError(f"the peers could not be installed:\n{done.stdout[-2000:]}")
