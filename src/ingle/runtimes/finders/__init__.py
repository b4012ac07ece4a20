"""How the interpreters of each language are found: a module a language, all of the same shape."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from ingle.runtimes.finders import java, nodejs, python, python2, ruby
from ingle.runtimes.interpreter import Installation

__all__ = ["FINDERS", "Finder"]


class Finder(Protocol):
    """What each module here has.

    Attributes:
        NAME: what its interpreters' files are called; nothing else is ever run.
    """

    @property
    def NAME(self) -> re.Pattern[str]: ...  # noqa: N802

    def folders(self) -> Iterable[Path]:
        """Return the folders in which its interpreters usually are, the preferred ones first."""
        ...

    def own(self) -> Iterable[Path]:
        """Return the interpreters that came with Ingle's own environment."""
        ...

    def probe(self, path: Path) -> Installation | None:
        """Tell what an executable is; None where it is nothing of this language that runs."""
        ...


FINDERS: Mapping[str, Finder] = {
    "nodejs": nodejs,
    "java": java,
    "python2": python2,
    "python": python,
    "ruby": ruby,
}
"""By language, as the catalogue names them."""
