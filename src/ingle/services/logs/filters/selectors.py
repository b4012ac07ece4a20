"""Selectors of JSON patterns: `$.users[0].id`, `$.["a name"]`, `$.resources[*].arn`."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ingle.services.logs.filters.errors import PatternError
from ingle.services.logs.filters.scanner import Scanner

_STEP = re.compile(
    r"\.?\[\s*(?:(?P<index>\d+)|(?P<every>\*)|\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)')\s*\]"
    r"|\.(?:(?P<any>\*)|(?P<name>[A-Za-z0-9_\-#@:]+)|\"(?P<quoted>[^\"]*)\")"
)
_ROOT = re.compile(r"\$")

EVERY = object()
"""A step to all elements of an array, or all members of an object."""


@dataclass(frozen=True, slots=True)
class Selector:
    """A way into a document.

    Attributes:
        text: as it was written.
        steps: names of members, indices of elements, or `EVERY`.
    """

    text: str
    steps: tuple[Any, ...]

    @property
    def wildcards(self) -> int:
        """How many steps go to several places."""
        return self.steps.count(EVERY)

    def find(self, document: Any) -> list[Any]:
        """Return what is there, nothing where the way does not lead anywhere."""
        found = [document]
        for step in self.steps:
            found = [each for value in found for each in _enter(value, step)]
            if not found:
                break
        return found


def read_selector(scanner: Scanner) -> Selector:
    """Read a selector.

    Raises:
        PatternError: there is something else.
    """
    scanner.skip_space()
    if scanner.take(_ROOT) is None:
        raise scanner.error("expected a selector, which begins with '$'")
    text, steps = "$", []
    while (match := scanner.take(_STEP)) is not None:
        text += match[0]
        steps.append(_step(match))
    if steps.count(EVERY) > 1:
        raise PatternError(f"The selector {text} has more than one wildcard")
    return Selector(text, tuple(steps))


@lru_cache(maxsize=1024)
def parse_selector(text: str) -> Selector:
    """Read a text that is a selector, and nothing else.

    Raises:
        PatternError: it is none.
    """
    scanner = Scanner(text)
    selector = read_selector(scanner)
    if not scanner.at_end or not selector.steps:
        raise PatternError(f"'{text}' is not a selector of a JSON filter pattern")
    return selector


def _step(match: "re.Match[str]") -> Any:
    kind, text = match.lastgroup, match[match.lastgroup or 0]
    if kind in ("every", "any"):
        return EVERY
    return int(text) if kind == "index" else text


def _enter(value: Any, step: Any) -> list[Any]:
    if step is EVERY:
        if isinstance(value, list):
            return value
        return list(value.values()) if isinstance(value, dict) else []
    if isinstance(step, int):
        return [value[step]] if isinstance(value, list) and step < len(value) else []
    return [value[step]] if isinstance(value, dict) and step in value else []
