"""Finds the rules that an event matches without trying all of them.

Nearly every pattern wants one of a few texts in some field, `source` for one. A rule is looked up
by the field whose texts the fewest other rules want; only those found are tried, and those that
want no text anywhere.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from ingle.services.event_patterns import EventPattern, elements, field_of

Path = tuple[str, ...]


class _Known(NamedTuple):
    """A rule: its compiled pattern, and where it is found."""

    pattern: EventPattern
    texts: Mapping[Path, frozenset[str]]
    path: Path | None


class RuleIndex:
    """The patterns of the rules of one bus."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._by_text: dict[Path, dict[str, dict[str, EventPattern]]] = {}
        self._others: dict[str, EventPattern] = {}
        # How many rules want a text in a field.
        self._wanted: Counter[tuple[Path, str]] = Counter()

    def add(self, name: str, pattern: str) -> None:
        """Add a rule.

        Raises:
            InvalidPattern: its pattern is none.
        """
        compiled = EventPattern(pattern)
        texts = dict(_texts(orjson.loads(pattern), ()))
        self._wanted.update((path, text) for path, each in texts.items() for text in each)
        path = min(texts, key=lambda path: self._crowd(path, texts[path]), default=None)
        self._known[name] = _Known(compiled, texts, path)
        if path is None:
            self._others[name] = compiled
            return
        by_text = self._by_text.setdefault(path, {})
        for text in texts[path]:
            by_text.setdefault(text, {})[name] = compiled

    def remove(self, name: str) -> None:
        """Remove a rule, where it is there."""
        known = self._known.pop(name, None)
        if known is None:
            return
        self._wanted.subtract((path, text) for path, each in known.texts.items() for text in each)
        self._wanted += Counter()
        self._others.pop(name, None)
        if known.path is not None:
            by_text = self._by_text[known.path]
            for text in known.texts[known.path]:
                rules = by_text[text]
                rules.pop(name, None)
                if not rules:
                    del by_text[text]
            if not by_text:
                del self._by_text[known.path]

    def matches(self, event: Mapping[str, Any]) -> list[str]:
        """Find the rules that an event matches, by their names."""
        found = {name for name, pattern in self._others.items() if pattern.matches(event)}
        for path, by_text in self._by_text.items():
            for text in _values(event, path):
                rules = by_text.get(text)
                if rules is not None:
                    found.update(
                        name
                        for name, pattern in rules.items()
                        if name not in found and pattern.matches(event)
                    )
        return sorted(found)

    def _crowd(self, path: Path, texts: frozenset[str]) -> int:
        return sum(self._wanted[path, text] for text in texts)


def _texts(pattern: Mapping[str, Any], above: Path) -> Iterator[tuple[Path, frozenset[str]]]:
    """Find the fields in which a pattern wants one of some texts, and nothing else will do."""
    for name, rule in pattern.items():
        if name == "$or":
            continue
        path = (*above, *name.split("."))
        if isinstance(rule, Mapping):
            yield from _texts(rule, path)
        elif all(isinstance(each, str) for each in rule):
            yield path, frozenset(rule)


def _values(value: Any, path: Path) -> Iterator[str]:
    """Find the texts in a field, also within arrays."""
    if isinstance(value, list):
        for each in elements(value):
            yield from _values(each, path)
    elif not path:
        if isinstance(value, str):
            yield value
    elif isinstance(value, Mapping):
        name, below = path[0], path[1:]
        # Only of an object can fields stand beside it, with a dot in their names.
        found = field_of(value, name, f"{name}.") if below else value.get(name)
        yield from _values(found, below)
