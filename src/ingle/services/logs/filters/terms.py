"""Patterns for messages without structure: terms, phrases, and regular expressions."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from ingle.services.logs.filters.errors import PatternError
from ingle.services.logs.filters.pattern import PLAIN_MATCH, Match, Pattern
from ingle.services.logs.filters.regexes import compile_regex
from ingle.services.logs.filters.scanner import Scanner

_TERM = re.compile(r"\w+", re.ASCII)
_PHRASE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_REGEX = re.compile(r"%([^%]*)%")

Test = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class _Term:
    """What a message must hold, or not: a text, or what an expression describes."""

    text: str
    regex: Test | None = None

    def found(self, message: str) -> bool:
        return self.text in message if self.regex is None else self.regex(message)


class TermPattern(Pattern):
    """Terms that must all be there, some that must not, or some of which one must.

    Case matters, and a term is found within a word too. Beside other terms, optional ones do not
    count, as in AWS.
    """

    def __init__(
        self, required: list[_Term], excluded: list[_Term], optional: list[_Term], regexes: int
    ) -> None:
        if required or excluded:
            optional = []
        self._required = required
        self._excluded = excluded
        self._optional = optional
        self.regexes = regexes
        plain = [term.text for term in required if term.regex is None]
        if plain:
            self.needles = (max(plain, key=len).encode("utf-8", "replace"),)
        elif optional and all(term.regex is None for term in optional):
            self.needles = tuple(term.text.encode("utf-8", "replace") for term in optional)

    @property
    def everything(self) -> bool:
        """Whether every message passes."""
        return not (self._required or self._excluded or self._optional)

    def matches(self, message: str) -> bool:
        """Say whether a message passes."""
        for term in self._required:
            if not term.found(message):
                return False
        for term in self._excluded:
            if term.found(message):
                return False
        return not self._optional or any(term.found(message) for term in self._optional)

    def look(self, message: str) -> Match | None:
        """Say whether a message passes."""
        return PLAIN_MATCH if self.matches(message) else None

    def check_selector(self, selector: str) -> None:
        """Nothing can be selected."""
        raise PatternError(
            f"'{selector}' selects nothing: only JSON and space-delimited filter patterns have "
            "fields"
        )


def parse_terms(text: str) -> TermPattern:
    """Read such a pattern.

    Raises:
        PatternError: it is malformed.
    """
    scanner = Scanner(text)
    required: list[_Term] = []
    excluded: list[_Term] = []
    optional: list[_Term] = []
    scanner.skip_space()
    while not scanner.at_end:
        sign = scanner.take_one_of(("-", "?"))
        if sign == "-":
            scanner.skip_space()
        term = _read(scanner)
        if not scanner.at_end and not scanner.ahead.isspace():
            raise _invalid(scanner.ahead)
        if term.text or term.regex is not None:
            {None: required, "-": excluded, "?": optional}[sign].append(term)
        scanner.skip_space()
    return TermPattern(required, excluded, optional, scanner.regexes)


def _read(scanner: Scanner) -> _Term:
    if (match := scanner.take(_PHRASE)) is not None:
        return _Term(_ESCAPE.sub(r"\1", match[1]))
    if (match := scanner.take(_REGEX)) is not None:
        scanner.count_regex()
        return _Term(match[1], compile_regex(match[1]))
    if (match := scanner.take(_TERM)) is not None:
        return _Term(match[0])
    raise _invalid(scanner.ahead) if scanner.ahead else scanner.error("expected a term")


def _invalid(character: str) -> PatternError:
    return PatternError(f"Invalid character(s) in term '{character}'")
