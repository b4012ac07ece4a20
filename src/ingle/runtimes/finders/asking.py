"""Asking an executable what it is, by a short process of its own."""

import os
import re
import signal
import subprocess
from pathlib import Path

TIMEOUT_S = 5.0
"""How long an executable may take to tell."""

_NUMBERS = re.compile(r"\d+(?:\.\d+){1,4}")
# What would make an interpreter run something else as well.
_STEERING = (
    "BASH_ENV",
    "ENV",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "NODE_OPTIONS",
    "RUBYLIB",
    "RUBYOPT",
    "_JAVA_OPTIONS",
)


def answer_of(path: Path, *arguments: str, errors: bool = False) -> str:
    """Return what an executable prints; nothing where it cannot start or takes too long.

    Args:
        path: the executable.
        arguments: its arguments.
        errors: whether what it prints to standard error counts too.
    """
    kept = {name: value for name, value in os.environ.items() if name not in _STEERING}
    try:
        process = subprocess.Popen(  # noqa: S603 - running what is found is the point
            [os.fspath(path), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if errors else subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            env=kept,
        )
    except OSError:
        return ""
    with process:
        try:
            output = process.communicate(timeout=TIMEOUT_S)[0]
        except subprocess.TimeoutExpired:
            # Wrappers leave children behind that would hold the pipe open.
            os.killpg(process.pid, signal.SIGKILL)
            return ""
    return output.decode("utf-8", "replace")


def numbers(version: str) -> tuple[int, ...] | None:
    """Return the numbers of a released version; None for a preview, or what is none."""
    if _NUMBERS.fullmatch(version) is None:
        return None
    return tuple(int(part) for part in version.split("."))
