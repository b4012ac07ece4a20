"""Which installation serves which runtime, its own or a newer one that stands in for it."""

from collections.abc import Collection, Iterable

from ingle.runtimes.catalogue import RuntimeInfo, catalogue
from ingle.runtimes.interpreter import Installation, Interpreter

Substitutes = bool | Collection[str]
"""The runtimes that a newer version may serve: all, none, or those named."""


def serve(
    installations: Iterable[Installation], substitutes: Substitutes = False
) -> list[Interpreter]:
    """Say what serves each runtime that can be served, in AWS's order.

    A runtime is served by the newest release of its own version, unless the configuration chose
    another one. Where there is none, and it is allowed, the nearest newer version of the same
    language serves it; never an older one.

    Args:
        installations: what this machine has, the preferred ones first.
        substitutes: the runtimes that a newer version may serve.
    """
    installed = list(installations)
    found = []
    for info in catalogue().values():
        interpreter = _own(info, installed)
        if interpreter is None and (
            substitutes if isinstance(substitutes, bool) else info.id in substitutes
        ):
            interpreter = substitute(info.id, installed)
        if interpreter is not None:
            found.append(interpreter)
    return found


def substitute(runtime: str, installations: Iterable[Installation]) -> Interpreter | None:
    """Return what could stand in for a runtime's own version: the nearest newer one, or None.

    Args:
        runtime: AWS's identifier.
        installations: what this machine has, the preferred ones first.
    """
    info = catalogue()[runtime]
    depth = len(info.language.oldest)
    newer = [each for each in _usable(info, installations) if each.release[:depth] > info.line]
    if not newer:
        return None
    nearest = min(each.release[:depth] for each in newer)
    return _interpreter(info, [e for e in newer if e.release[:depth] == nearest], True)


def _own(info: RuntimeInfo, installations: Iterable[Installation]) -> Interpreter | None:
    depth = len(info.line)
    same = [each for each in _usable(info, installations) if each.release[:depth] == info.line]
    return _interpreter(info, same, False) if same else None


def _usable(info: RuntimeInfo, installations: Iterable[Installation]) -> list[Installation]:
    if not info.served or not info.line:
        return []
    language = info.language
    return [e for e in installations if e.language == language.id and language.runs(e.release)]


def _interpreter(
    info: RuntimeInfo, installations: list[Installation], is_substitute: bool
) -> Interpreter:
    # What somebody installed for all to use is preferred to what came with pip. The first one
    # wins among equals.
    best = max(installations, key=lambda e: (e.chosen, e.package is None, e.release))
    return Interpreter(
        info.id, best.executable, best.version, best.prefix, best.package, is_substitute
    )
