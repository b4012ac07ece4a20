"""The virtual environment that holds the peers, apart from Ingle's own."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from bench import locked_packages

HERE = Path(__file__).resolve().parent
LOCK = HERE / "peers.lock"
ENVIRONMENT = HERE / ".peers"


def ensure() -> bool:
    """Makes the environment from the lock file, unless it is there; returns whether it did.

    Raises:
        BenchError: the packages could not be installed; the text ends with pip's own words.
    """
    commands = [
        [sys.executable, "-m", "venv", str(ENVIRONMENT)],
        [peer_script("python"), "-m", "pip", "install", "--require-hashes", "-r", str(LOCK)],
    ]
    return locked_packages.fill(ENVIRONMENT, LOCK, commands, "the peers")


def peer_script(name: str) -> str:
    """The path of a command of the peers' environment."""
    return str(ENVIRONMENT / "bin" / name)


def versions(peers: Iterable[str]) -> list[str]:
    """The locked `name version` of each of the peers that the lock file holds."""
    locked = dict(re.findall(r"(?m)^([\w-]+)==(\S+)", LOCK.read_text()))
    return [f"{name} {locked[name]}" for name in peers if name in locked]
