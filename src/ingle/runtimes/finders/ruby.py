"""Ruby: the system's, those of version managers, and unpacked ones."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from ingle.runtimes.finders import places
from ingle.runtimes.finders.asking import answer_of, numbers
from ingle.runtimes.interpreter import Installation

NAME = re.compile(r"ruby(?:-?\d+(?:\.\d+)*)?")

# A preview has no patch level.
_PROBE = (
    'require "rbconfig"; '
    'puts RUBY_ENGINE, RUBY_PATCHLEVEL, RUBY_VERSION, RbConfig.ruby, RbConfig::CONFIG["prefix"]'
)


def folders() -> Iterator[Path]:
    """Yield the folders in which a Ruby usually is, the preferred ones first."""
    yield from places.system_folders()
    for root in (places.from_environment("RBENV_ROOT", ".rbenv"), *places.shim_roots()):
        yield from places.matching(root, "versions/*/bin")
    for root, pattern in (
        (places.from_environment("rvm_path", ".rvm"), "rubies/*/bin"),
        (Path("/usr/local/rvm"), "rubies/*/bin"),
        (places.home() / ".rubies", "*/bin"),
        (Path("/opt/rubies"), "*/bin"),
    ):
        yield from places.matching(root, pattern)
    yield from places.managed("ruby")
    yield from places.matching(Path("/opt"), "ruby*/bin")


def own() -> Iterator[Path]:
    """Yield nothing: no Ruby comes with pip."""
    return iter(())


def probe(path: Path) -> Installation | None:
    """Ask an executable what it is; None where it is no released Ruby of the reference kind."""
    said = answer_of(path, "--disable-gems", "-e", _PROBE).splitlines()
    if len(said) != 5 or said[0] != "ruby" or said[1].startswith("-"):
        return None
    release = numbers(said[2])
    executable = Path(os.path.realpath(said[3]))
    if release is None or not os.access(executable, os.X_OK):
        return None
    return Installation("ruby", release, said[2], executable, Path(os.path.realpath(said[4])))
