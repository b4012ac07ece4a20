"""Patterns for messages whose fields stand between spaces: `[ip, ..., status_code = 4*, bytes]`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ingle.services.logs.filters.errors import PatternError
from ingle.services.logs.filters.logic import (
    Expression,
    conditions,
    holds,
    needles,
    read_expression,
)
from ingle.services.logs.filters.pattern import Match, Pattern
from ingle.services.logs.filters.scanner import Scanner
from ingle.services.logs.filters.values import OPERATORS, Comparison, read_comparison

_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_ELLIPSES = ("...", "…")
_SELECTOR = re.compile(r"\$([A-Za-z0-9_.-]+)")
# A field in quotes, one in brackets, or one up to the next space.
_FIELD = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|\[([^\]]*)\]|(\S+))(?=\s|$)')
_REST = re.compile(r"\s*(\S+)")


@dataclass(frozen=True, slots=True)
class _Named:
    """A comparison, and which name it calls its field by."""

    name: str
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    condition: Expression[_Named] | None

    def passes(self, value: str) -> bool:
        if self.condition is None:
            return True
        return holds(self.condition, lambda named: named.comparison.passes(value))


class _Fields(Match):
    def __init__(self, extracted: Mapping[str, str]) -> None:
        self._extracted = extracted

    def value(self, selector: str) -> str | None:
        return self._extracted.get(selector)

    @property
    def extracted(self) -> Mapping[str, str]:
        return self._extracted


class DelimitedPattern(Pattern):
    """A condition for each of a message's fields, of which there are so many and no more.

    Args:
        before: the fields before the ellipsis, or all.
        after: those after it; None without an ellipsis.
        regexes: how many regular expressions there are.
    """

    def __init__(self, before: list[_Field], after: list[_Field] | None, regexes: int) -> None:
        self._before = before
        self._after = after
        self.regexes = regexes
        for field in (*before, *(after or ())):
            if field.condition is not None and not self.needles:
                self.needles = needles(field.condition, lambda each: each.comparison.needle)

    def matches(self, message: str) -> bool:
        """Say whether a message passes."""
        return self._matching(message) is not None

    def look(self, message: str) -> Match | None:
        """Say whether a message passes, and what its fields are."""
        values = self._matching(message)
        if values is None:
            return None
        names = {place: field.name for place, field in self._places(len(values))}
        return _Fields(
            {f"${names.get(place) or place + 1}": value for place, value in enumerate(values)}
        )

    def check_selector(self, selector: str) -> None:
        """See that a field has this name, or could have this number."""
        match = _SELECTOR.fullmatch(selector)
        names = {field.name for field in (*self._before, *(self._after or ()))}
        if match is None or not (match[1] in names or match[1].isdigit()):
            raise PatternError(f"'{selector}' is not a field of the filter pattern")

    def _matching(self, message: str) -> list[str] | None:
        values = split(message)
        fixed = len(self._before) + len(self._after or ())
        if len(values) < fixed or (self._after is None and len(values) > fixed):
            return None
        for place, field in self._places(len(values)):
            if not field.passes(values[place]):
                return None
        return values

    def _places(self, count: int) -> list[tuple[int, _Field]]:
        after = self._after or []
        first = count - len(after)
        return [
            *enumerate(self._before),
            *((first + place, field) for place, field in enumerate(after)),
        ]


def split(message: str) -> list[str]:
    """Take a message apart; what is in double quotes or brackets is one field."""
    values: list[str] = []
    at = 0
    while True:
        match = _FIELD.match(message, at) or _REST.match(message, at)
        if match is None:
            return values
        values.append(next(group for group in match.groups() if group is not None))
        at = match.end()


def parse_delimited(text: str) -> DelimitedPattern:
    """Read such a pattern.

    Raises:
        PatternError: it is malformed.
    """
    scanner = Scanner(text.strip())
    scanner.expect("[")
    before: list[_Field] = []
    after: list[_Field] | None = None
    while True:
        scanner.skip_space()
        if scanner.take_one_of(_ELLIPSES):
            if after is not None:
                raise PatternError("A space-delimited filter pattern can have one ellipsis")
            after = []
        else:
            (before if after is None else after).append(_read_field(scanner))
        scanner.skip_space()
        if scanner.take_one_of((",",)) is None:
            break
    scanner.expect("]")
    if not scanner.at_end:
        raise scanner.error("expected nothing after ']'")
    names = [field.name for field in (*before, *(after or ())) if field.name]
    for name in names:
        if names.count(name) > 1:
            raise PatternError(f"The field name '{name}' is there twice")
    return DelimitedPattern(before, after, scanner.regexes)


def _read_field(scanner: Scanner) -> _Field:
    """Read a name, or conditions that all call the field by one name, or nothing."""
    if scanner.ahead in (",", "]"):
        return _Field("", None)
    if scanner.ahead != "(":
        name = scanner.take(_NAME)
        if name is None:
            raise scanner.error("expected the name of a field")
        scanner.skip_space()
        if not any(operator.startswith(scanner.ahead or " ") for operator in OPERATORS):
            return _Field(name[0], None)
        first: list[str] = [name[0]]
    else:
        first = []

    def read(inner: Scanner) -> _Named:
        if first:
            named = first.pop()
        else:
            match = inner.take(_NAME)
            if match is None:
                raise inner.error("expected the name of a field")
            named = match[0]
        inner.skip_space()
        return _Named(named, read_comparison(inner))

    condition = read_expression(scanner, read)
    names = {each.name for each in conditions(condition)}
    if len(names) > 1:
        raise PatternError(
            f"The conditions of one field must have one name, not {' and '.join(sorted(names))}"
        )
    return _Field(names.pop(), condition)
