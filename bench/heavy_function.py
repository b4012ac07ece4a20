"""A Python function whose imports take far longer than what it does: numpy and pandas."""

import sys
from dataclasses import replace
from importlib.metadata import distributions
from pathlib import Path

from bench import locked_packages
from bench.programs import Program, python_program

HERE = Path(__file__).resolve().parent
LOCK = HERE / "functions.lock"
PACKAGES = HERE / ".functions"
IMPORTED = ("numpy", "pandas")
LEFT_OUT = frozenset({"bin", "include", "tests", locked_packages.STAMP})
"""Files and folders that no function needs; a zipped package may have 50 MB."""
MEMORY_MB = 1024
SOURCE = """\
import os

import numpy
import pandas

served = 0


def handler(event, context):
    global served
    if "username" not in event:
        os._exit(0)
    served += 1
    if served > 1:
        raise RuntimeError("this sandbox has served before: not a cold start")
    return "Hello, " + event["username"]
"""


def ensure() -> bool:
    """Installs what the function imports, unless it is there; returns whether it did.

    Raises:
        BenchError: the packages could not be installed; the text ends with pip's own words.
    """
    pip = [sys.executable, "-m", "pip", "install", "--require-hashes", "--only-binary", ":all:"]
    # A plain start is to be as good as it can be, so there is byte code, and of the kind that
    # unpacking, which changes the times of files, leaves valid.
    compiling = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    commands = [
        [*pip, "--no-compile", "--target", str(PACKAGES), "-r", str(LOCK)],
        [*compiling, str(PACKAGES)],
    ]
    return locked_packages.fill(PACKAGES, LOCK, commands, " and ".join(IMPORTED))


def versions() -> list[str]:
    """The installed `name version` of what it imports, in that order; none before `ensure`."""
    found = {each.name: each.version for each in distributions(path=[str(PACKAGES)])}
    return [f"{name} {found[name]}" for name in IMPORTED if name in found]


def heavy(packages: Path = PACKAGES) -> Program:
    """Greets, but only once a sandbox, and ends its sandbox when it is given nobody to greet.

    Its published versions have SnapStart.

    Args:
        packages: the folder that `ensure` has filled.
    """
    module = python_program(SOURCE)
    files = dict(module.files)
    for path in sorted(packages.rglob("*")):
        name = path.relative_to(packages)
        if path.is_file() and LEFT_OUT.isdisjoint(name.parts):
            files[name.as_posix()] = path.read_bytes()
    return replace(module, files=files, memory_mb=MEMORY_MB, snap_start=True)
