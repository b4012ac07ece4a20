"""Folders with packages of a lock file in them, filled once."""

import hashlib
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.commands import output_of

INSTALL_TIMEOUT_S = 600.0
STAMP = "lock.sha256"
"""In the folder: what it was filled from."""


def fill(folder: Path, lock: Path, commands: Sequence[Sequence[str]], what: str) -> bool:
    """Fills a folder by running commands, unless it is as they leave it; returns whether it did.

    Args:
        folder: made by the commands; one of another lock file or another Python is removed first.
        lock: the lock file that they install.
        commands: run one after the other.
        what: is installed, for the error.

    Raises:
        BenchError: a command failed; the text ends with its own last words.
    """
    stamp = folder / STAMP
    wanted = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return False
    if folder.exists():
        shutil.rmtree(folder)
    for command in commands:
        output_of(command, f"{what} could not be installed", INSTALL_TIMEOUT_S)
    stamp.write_text(wanted)
    return True
