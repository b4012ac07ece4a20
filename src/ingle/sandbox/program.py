"""What the warden needs to know of a runtime to make sandboxes of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Launch:
    """A program that a locked-in child becomes.

    Attributes:
        arguments: the program's path, as the sandbox sees it, and its arguments.
        environment: its variables.
        http: whether it speaks to the Runtime API rather than in frames.
        anonymous: whether it is started before it is known which function it is for.
        image: whether the function's code is a whole root file system, and says itself what
            program to become.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    http: bool
    anonymous: bool
    image: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """One runtime on this machine.

    Attributes:
        python: the interpreter that forks its sandboxes.
        shows: host folders that its sandboxes see, read-only, and where they see them.
        home: where the sandbox sees the runtime's own installation.
        links: symbolic links that its sandboxes see, and where they lead.
        launch: what a sandbox becomes; None where it runs the function in that interpreter itself.
    """

    python: str
    shows: Mapping[str, str]
    home: str
    launch: Launch | None = None
    links: Mapping[str, str] = field(default_factory=dict)

    def pack(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        return asdict(self)

    @classmethod
    def unpack(cls, packed: dict[str, Any]) -> "Program":
        """Return what `pack` gave; raise KeyError or TypeError when it is none."""
        launch = packed["launch"]
        return cls(
            packed["python"],
            packed["shows"],
            packed["home"],
            launch
            and Launch(
                tuple(launch["arguments"]),
                launch["environment"],
                launch["http"],
                launch["anonymous"],
                launch["image"],
            ),
            packed["links"],
        )
