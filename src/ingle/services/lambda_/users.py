"""Counts who needs what, so that what nobody needs can be deleted."""

from collections import Counter
from collections.abc import Iterable


class Users:
    """How many functions, versions and layer versions need each package or folder.

    `name in users` says whether anything does, at the cost of one look-up.
    """

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, names: Iterable[str]) -> None:
        """Count one more user of each of these."""
        self._counts.update(names)

    def drop(self, names: Iterable[str]) -> None:
        """Count one user less of each of these."""
        for name in names:
            self._counts[name] -= 1
            if not self._counts[name]:
                del self._counts[name]

    def __contains__(self, name: object) -> bool:
        return name in self._counts
