"""Search expressions: which metrics a text finds.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from ingle.services.cloudwatch.math.errors import BadExpression
from ingle.services.cloudwatch.model import MetricKey

Test = Callable[[MetricKey], bool]
"""Whether a search finds a metric."""

_SCHEMA = re.compile(r"\s*\{([^{}]*)\}")
_NAME = re.compile(r'\s*(?:"([^"]*)"|([^",]+?))\s*(?:,|$)')
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<sign>[()=])
      | "(?P<exact>[^"]*)"
      | (?P<term>[^\s()="]+)
    )""",
    re.VERBOSE,
)
_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NO_TERMS = frozenset({("sign", ")"), ("sign", "="), ("term", "OR"), ("term", "AND")})
_MOST_DEEP = 50


@lru_cache(maxsize=256)
def parse(text: str) -> Test:
    """Read a search expression.

    Raises:
        BadExpression: it is not one.
    """
    schema: Test | None = None
    at = 0
    found = _SCHEMA.match(text)
    if found is not None:
        schema = _of_schema(found[1])
        at = found.end()
    rest = text[at:]
    terms = _Parser(rest).whole() if rest.strip() else None
    if schema is None and terms is None:
        raise BadExpression("A search has something to search for")
    tests = [each for each in (schema, terms) if each is not None]
    return lambda key: all(test(key) for test in tests)


def _of_schema(text: str) -> Test:
    names: list[str] = []
    at = 0
    while at < len(text):
        match = _NAME.match(text, at)
        if match is None:
            raise BadExpression(f"Invalid metric schema {{{text}}} in the search expression")
        names.append(match[1] if match[1] is not None else match[2])
        at = match.end()
    if not names:
        raise BadExpression("A metric schema begins with a namespace")
    namespace, dimensions = names[0], set(names[1:])
    return lambda key: (
        key.namespace == namespace and {name for name, _ in key.dimensions} == dimensions
    )


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at, end = 0, len(text.rstrip())
        while at < end:
            match = _TOKEN.match(text, at)
            if match is None:
                raise BadExpression(f"Unexpected '{text[at:].strip()}' in the search expression")
            kind = match.lastgroup or ""
            self._tokens.append((kind, match[kind]))
            at = match.end()
        self._at = 0
        self._deep = 0

    def whole(self) -> Test:
        test = self._or()
        if self._at < len(self._tokens):
            raise self._unexpected()
        return test

    def _or(self) -> Test:
        tests = [self._and()]
        while self._takes("OR"):
            tests.append(self._and())
        return tests[0] if len(tests) == 1 else lambda key: any(test(key) for test in tests)

    def _and(self) -> Test:
        tests = [self._not()]
        while self._takes("AND") or self._goes_on():
            tests.append(self._not())
        return tests[0] if len(tests) == 1 else lambda key: all(test(key) for test in tests)

    def _goes_on(self) -> bool:
        """Whether another term follows, which is as good as an AND."""
        token = self._peek()
        return token is not None and token not in _NO_TERMS

    def _not(self) -> Test:
        if self._takes("NOT"):
            test = self._not()
            return lambda key: not test(key)
        return self._term()

    def _term(self) -> Test:
        token = self._peek()
        if token is None or token in _NO_TERMS:
            raise self._unexpected()
        self._at += 1
        if token == ("sign", "("):
            self._deep += 1
            if self._deep > _MOST_DEEP:
                raise BadExpression("The search expression is nested too deeply")
            test = self._or()
            if self._peek() != ("sign", ")"):
                raise self._unexpected()
            self._at += 1
            self._deep -= 1
            return test
        kind, text = token
        if self._peek() == ("sign", "="):
            self._at += 1
            return self._property(text)
        matches = _matcher(kind, text)
        return lambda key: any(matches(each) for each in _texts(key))

    def _property(self, name: str) -> Test:
        token = self._peek()
        if token == ("sign", "("):  # several of them: Name=("a" OR "b")
            self._at += 1
            tests = [self._one(name)]
            while self._takes("OR"):
                tests.append(self._one(name))
            if self._peek() != ("sign", ")"):
                raise self._unexpected()
            self._at += 1
            return lambda key: any(test(key) for test in tests)
        return self._one(name)

    def _one(self, name: str) -> Test:
        token = self._peek()
        if token is None or token[0] == "sign":
            raise self._unexpected()
        self._at += 1
        matches = _matcher(*token)
        if name == "Namespace":
            return lambda key: matches(key.namespace)
        if name == "MetricName":
            return lambda key: matches(key.name)
        if name == ":aws.AccountId":
            return lambda key: token[1] in (key.account_id, "LOCAL")
        return lambda key: any(each == name and matches(value) for each, value in key.dimensions)

    def _peek(self) -> tuple[str, str] | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _takes(self, word: str) -> bool:
        if self._peek() == ("term", word):
            self._at += 1
            return True
        return False

    def _unexpected(self) -> BadExpression:
        token = self._peek()
        if token is None:
            return BadExpression("Unexpected end of the search expression")
        return BadExpression(f"Unexpected '{token[1]}' in the search expression")


def _texts(key: MetricKey) -> Iterable[str]:
    yield key.namespace
    yield key.name
    for name, value in key.dimensions:
        yield name
        yield value


def _matcher(kind: str, wanted: str) -> Callable[[str], bool]:
    """Say how a term is compared: in quotes with all of a text, else with parts of it."""
    if kind == "exact":
        return lambda text: text == wanted
    folded = wanted.casefold()
    pieces = _pieces(wanted)
    return lambda text: text.casefold() == folded or _within(pieces, _pieces(text))


@lru_cache(maxsize=4096)
def _pieces(text: str) -> tuple[str, ...]:
    """Cut a text where its words end: at signs, and at changes of case or to digits."""
    return tuple(each.casefold() for each in _PIECE.findall(text))


def _within(pieces: tuple[str, ...], of: tuple[str, ...]) -> bool:
    count = len(pieces)
    return bool(pieces) and any(of[at : at + count] == pieces for at in range(len(of) - count + 1))
