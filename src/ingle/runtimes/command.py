"""How a runtime other than Python is started in a sandbox."""

from collections.abc import Mapping
from dataclasses import dataclass

ANONYMOUS_ENVIRONMENT: Mapping[str, str] = {
    "HOME": "/tmp",  # noqa: S108 - the only folder that a function may write to
    # The locale that every machine has: with one that it lacks, some languages would take text, or
    # the names of files, for ASCII. The function finds AWS's LANG all the same.
    "LANG": "C.UTF-8",
    "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task"
    ":/var/task/lib:/opt/lib",
    "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    "TZ": ":UTC",
}
"""The variables of a program that runs before it is known which function it will serve: those of a
function that sets none of its own, as far as they count when a program starts."""


@dataclass(frozen=True, slots=True)
class Command:
    """The program that a locked-in process becomes, and what it needs to see.

    Attributes:
        arguments: the program's path, as the sandbox sees it, and its arguments.
        environment: the variables it is started with, before it is known whom it serves.
        shows: host folders or files that the sandbox sees read-only, and where it sees them.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    shows: Mapping[str, str]
