"""Patterns for messages that are JSON: `{ $.latency >= 500 && $.user.id IS NULL }`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from ingle.services.logs.filters.errors import PatternError
from ingle.services.logs.filters.logic import conditions, holds, needles, read_expression
from ingle.services.logs.filters.pattern import Match, Pattern
from ingle.services.logs.filters.scanner import Scanner
from ingle.services.logs.filters.selectors import Selector, parse_selector, read_selector
from ingle.services.logs.filters.values import Comparison, as_text, read_comparison

_STATE = re.compile(
    r"(?P<null>IS\s+NULL)|(?P<true>IS\s+TRUE)|(?P<false>IS\s+FALSE)|(?P<missing>NOT\s+EXISTS)"
    r"|(?P<present>EXISTS)",
    re.IGNORECASE,
)
_MOST_WILDCARDS = 3
_STATES: dict[str, Callable[[list[Any]], bool]] = {
    "null": lambda found: any(value is None for value in found),
    "true": lambda found: any(value is True for value in found),
    "false": lambda found: any(value is False for value in found),
    "missing": lambda found: not found,
    "present": bool,
}


@dataclass(frozen=True, slots=True)
class _Condition:
    """What is tested of what a selector finds: its state, or its value."""

    selector: Selector
    state: str = ""
    comparison: Comparison | None = None

    def holds(self, document: Any) -> bool:
        found = self.selector.find(document)
        if self.comparison is None:
            return _STATES[self.state](found)
        passes = self.comparison.passes
        return any(passes(_scalar(value)) for value in found if _is_scalar(value))


class _Document(Match):
    def __init__(self, document: Any, selectors: list[Selector]) -> None:
        self._document = document
        self._selectors = selectors

    def value(self, selector: str) -> str | None:
        return _first(parse_selector(selector), self._document)

    @property
    def extracted(self) -> Mapping[str, str]:
        found = {each.text: _first(each, self._document) for each in self._selectors}
        return {text: value for text, value in found.items() if value is not None}


class JsonPattern(Pattern):
    """Conditions on what selectors find in a document."""

    escapable = True

    def __init__(self, text: str) -> None:
        scanner = Scanner(text.strip())
        scanner.expect("{")
        self._expression = read_expression(scanner, _read_condition)
        scanner.expect("}")
        if not scanner.at_end:
            raise scanner.error("expected nothing after '}'")
        all_conditions = conditions(self._expression)
        self._selectors = [each.selector for each in all_conditions]
        if sum(each.wildcards for each in self._selectors) > _MOST_WILDCARDS:
            raise PatternError(
                f"A filter pattern can have at most {_MOST_WILDCARDS} wildcards in its selectors"
            )
        self.regexes = scanner.regexes
        self.needles = needles(
            self._expression,
            lambda each: each.comparison.needle if each.comparison is not None else None,
        )

    def matches(self, message: str) -> bool:
        """Say whether a message passes."""
        document = _load(message)
        return document is not None and self._passes(document)

    def look(self, message: str) -> Match | None:
        """Say whether a message passes, and what is in it."""
        document = _load(message)
        if document is None or not self._passes(document):
            return None
        return _Document(document, self._selectors)

    def check_selector(self, selector: str) -> None:
        """See that a selector is well formed."""
        parse_selector(selector)

    def _passes(self, document: Any) -> bool:
        return holds(self._expression, lambda condition: condition.holds(document))


def _read_condition(scanner: Scanner) -> _Condition:
    selector = read_selector(scanner)
    scanner.skip_space()
    state = scanner.take(_STATE)
    if state is not None:
        return _Condition(selector, state=str(state.lastgroup))
    return _Condition(selector, comparison=read_comparison(scanner))


def _load(message: str) -> Any:
    """Read a message that is a JSON object or array; None if it is something else."""
    head = message.lstrip()[:1]
    if head not in ("{", "["):
        return None
    try:
        return orjson.loads(message)
    except orjson.JSONDecodeError:
        return None


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _scalar(value: Any) -> str | int | float:
    if value is True or value is False:
        return "true" if value else "false"
    scalar: str | int | float = value
    return scalar


def _first(selector: Selector, document: Any) -> str | None:
    for value in selector.find(document):
        if _is_scalar(value):
            return as_text(_scalar(value))
    return None
