"""Reads filter patterns of every kind."""

from functools import lru_cache

from ingle.services.logs.filters.delimited import parse_delimited
from ingle.services.logs.filters.json_pattern import JsonPattern
from ingle.services.logs.filters.pattern import Pattern
from ingle.services.logs.filters.terms import TermPattern, parse_terms


@lru_cache(maxsize=256)
def parse_pattern(text: str) -> Pattern:
    """Read a filter pattern.

    Raises:
        PatternError: it is malformed.
    """
    head = text.lstrip()[:1]
    if head == "{":
        return JsonPattern(text)
    if head == "[":
        return parse_delimited(text)
    return parse_terms(text)


def passes_everything(pattern: Pattern) -> bool:
    """Say whether no message is held back by a pattern."""
    return isinstance(pattern, TermPattern) and pattern.everything
