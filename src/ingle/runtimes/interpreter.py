"""What a runtime is run with: an installation of its language that is on this machine."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Installation:
    """A language that is installed on this machine.

    Attributes:
        language: as the catalogue names it, for instance `nodejs`.
        release: the version as numbers, for instance (20, 11, 1); Java 8 is (8, 0, 412).
        version: as the installation spells it, for instance `1.8.0_412`.
        executable: the real interpreter, never a virtual environment's nor a shim.
        prefix: the folder that holds it and all that it needs.
        package: the Python package that it came with into Ingle's own environment, if so.
        chosen: whether it is in a folder that the configuration names.
    """

    language: str
    release: tuple[int, ...]
    version: str
    executable: Path
    prefix: Path
    package: str | None = None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Interpreter:
    """What serves a runtime.

    Attributes:
        runtime: AWS's identifier, for instance `python3.11`.
        executable: the real interpreter, never a virtual environment's nor a shim.
        version: in full, for instance `3.11.7`.
        prefix: the folder that holds it and all that it needs (of a Python, `sys.base_prefix`).
        package: the Python package that it came with into Ingle's own environment, if so.
        substitute: whether it is of a newer version than the runtime's name says.
    """

    runtime: str
    executable: Path
    version: str
    prefix: Path
    package: str | None = None
    substitute: bool = False
