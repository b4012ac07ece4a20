"""Which interpreters this machine has, found by looking where they usually are."""

import asyncio
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from ingle.clock import Clock
from ingle.runtimes import serving
from ingle.runtimes.catalogue import install_hint, languages
from ingle.runtimes.finders import FINDERS, Finder
from ingle.runtimes.finders.places import matching
from ingle.runtimes.interpreter import Installation, Interpreter
from ingle.runtimes.serving import Substitutes

__all__ = ["Interpreter", "Interpreters", "discover", "find_installations", "install_hint"]

_PROBES_AT_ONCE = 4
_LOOK_AGAIN_S = 10.0


def discover(
    search: Sequence[Path] | None = None,
    *,
    more: Sequence[Path] = (),
    substitutes: Substitutes = False,
) -> list[Interpreter]:
    """Find what serves the runtimes on this machine. Blocks for about 0.2 s.

    Args:
        search: as for `find_installations`.
        more: as for `find_installations`.
        substitutes: the runtimes that a newer version may serve where their own is missing.

    Returns:
        One interpreter a runtime, in AWS's order; none for `provided`, which needs none.
    """
    return serving.serve(find_installations(search, more), substitutes)


def find_installations(
    search: Sequence[Path] | None = None, more: Sequence[Path] = ()
) -> list[Installation]:
    """Find every installation of the languages that Ingle runs, the preferred ones first.

    Looks at every candidate once, a few at a time; one that is broken, hangs or is something else
    counts as absent.

    Args:
        search: the folders to look into, without their subfolders; None for the usual ones
            (`PATH`, the system's, those of version managers, and Ingle's own environment).
        more: folders to look into first: each may hold executables, an installation, or
            installations.
    """
    with ThreadPoolExecutor(_PROBES_AT_ONCE, "ingle-discovery") as threads:
        probes = [
            (threads.submit(finder.probe, path), chosen)
            for language, finder in FINDERS.items()
            if languages()[language].served
            for path, chosen in _candidates(finder, search, more)
        ]
        found = [(probe.result(), chosen) for probe, chosen in probes]
    return [replace(each, chosen=chosen) for each, chosen in found if each is not None]


class Interpreters:
    """The interpreters of this machine: looked for once, and again for one that is missing."""

    def __init__(
        self,
        clock: Clock,
        search: Sequence[Path] | None = None,
        *,
        more: Sequence[Path] = (),
        substitutes: Substitutes = False,
    ) -> None:
        """Look for nothing yet.

        Args:
            clock: tells when it is time to look again.
            search: as for `find_installations`.
            more: as for `find_installations`.
            substitutes: the runtimes that a newer version may serve where their own is missing.
        """
        self._clock = clock
        self._search = search
        self._more = more
        self._substitutes = substitutes
        self._lock = asyncio.Lock()
        self._installed: list[Installation] = []
        self._found: dict[str, Interpreter] = {}
        self._at_first: frozenset[str] | None = None
        self._looked_at = float("-inf")

    def look(self) -> list[Interpreter]:
        """Look now, and return what was found. Blocks for about 0.2 s."""
        self._learn(find_installations(self._search, self._more))
        return list(self._found.values())

    async def find(self, runtime: str) -> Interpreter | None:
        """Return what serves a runtime, or None where this machine has nothing that may.

        A runtime that was missing is looked for again, at most every ten seconds.

        Args:
            runtime: AWS's identifier.
        """
        if runtime not in self._found:
            async with self._lock:
                age_s = self._clock.monotonic() - self._looked_at
                if age_s >= _LOOK_AGAIN_S:
                    self._learn(
                        await asyncio.to_thread(find_installations, self._search, self._more)
                    )
        return self._found.get(runtime)

    def is_new(self, runtime: str) -> bool:
        """Whether what serves this runtime was not there yet at the first look."""
        return self._at_first is not None and runtime not in self._at_first

    def substitute(self, runtime: str) -> Interpreter | None:
        """Return what could serve a runtime if that were allowed, by the latest look."""
        return serving.substitute(runtime, self._installed)

    def _learn(self, installed: list[Installation]) -> None:
        """Take in what a look found; what an earlier one found stays."""
        self._installed = list(dict.fromkeys([*installed, *self._installed]))
        served = serving.serve(self._installed, self._substitutes)
        self._found = {each.runtime: each for each in served}
        if self._at_first is None:
            self._at_first = frozenset(self._found)
        self._looked_at = self._clock.monotonic()


def _candidates(
    finder: Finder, search: Sequence[Path] | None, more: Sequence[Path]
) -> Iterator[tuple[Path, bool]]:
    """Yield, each only once, the executables that may be of a finder's language.

    With each goes whether it is in one of the folders `more`.
    """
    chosen = _named(finder, itertools.chain.from_iterable(map(_meant_by, more)))
    usual = _named(finder, finder.folders() if search is None else search)
    own = finder.own() if search is None else ()
    seen: set[Path] = set()
    for paths, is_chosen in ((chosen, True), (own, False), (usual, False)):
        for path in paths:
            real = Path(os.path.realpath(path))  # unlike Path.resolve, bears a loop of links
            # The real name counts too: behind another one is a program that tells by the name
            # under which it is called what to run, and that may do more than run it.
            known = real in seen or not finder.NAME.fullmatch(real.name)
            if not known and os.access(real, os.X_OK):
                seen.add(real)
                yield path, is_chosen


def _named(finder: Finder, folders: Iterable[Path]) -> Iterator[Path]:
    for folder in dict.fromkeys(folders):
        try:
            # Of /usr/bin there are thousands, too many to make paths of at each start.
            names = os.listdir(folder)  # noqa: PTH208
        except OSError:
            continue  # a folder that is not there or not ours to read holds nothing for us
        yield from (folder / name for name in sorted(filter(finder.NAME.fullmatch, names)))


def _meant_by(folder: Path) -> list[Path]:
    return [folder, folder / "bin", *matching(folder, "*/bin")]
