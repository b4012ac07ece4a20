"""How a runtime other than Python is started in a sandbox."""

from collections.abc import Mapping
from dataclasses import dataclass


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
