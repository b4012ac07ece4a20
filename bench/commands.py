"""Commands that are run to their end for what they print or leave behind."""

import subprocess
from collections.abc import Mapping, Sequence

from bench.errors import BenchError

LAST_WORDS = 2000
"""Characters of a command's output that an error shows."""


def output_of(
    command: Sequence[str],
    failing: str,
    timeout_s: float,
    environment: Mapping[str, str] | None = None,
) -> str:
    """What a command prints to standard output.

    Args:
        command: the program and its arguments.
        failing: begins the error.
        timeout_s: how long it may take, in seconds.
        environment: its environment; None gives it that of this process.

    Raises:
        BenchError: it failed or took too long; the text ends with its own last words.
    """
    try:
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"{failing}: it took longer than {timeout_s:.0f} s") from error
    if done.returncode != 0:
        words = done.stderr.strip() or done.stdout.strip()
        raise BenchError(f"{failing}: {words[-LAST_WORDS:]}")
    return done.stdout
