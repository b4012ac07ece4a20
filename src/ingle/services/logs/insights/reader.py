"""Reads the words of a query from left to right."""

import re

from ingle.services.logs.insights.errors import QueryError

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_NAME = re.compile(r"`([^`]+)`|([@A-Za-z_][\w.@]*)", re.ASCII)
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'', re.DOTALL)
_REGEX = re.compile(r"/((?:[^/\\]|\\.)+)/", re.DOTALL)
_NUMBER = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])", re.ASCII)
_PERIOD = re.compile(r"(\d+)\s*([a-z]+)(?!\w)", re.ASCII)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


class Reader:
    """A place in a query; white space before it is skipped.

    Args:
        query: its text, without comments.
    """

    def __init__(self, query: str) -> None:
        self.query = query
        self.at = 0
        self._skip()

    @property
    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.query)

    def word(self) -> str | None:
        """Take a keyword, in lower case."""
        match = self._take(_WORD)
        return match[0].lower() if match else None

    def keyword(self, *words: str) -> str | None:
        """Take one of these words, in upper or lower case."""
        match = _WORD.match(self.query, self.at)
        if match is None or match[0].lower() not in words:
            return None
        self._move(match.end())
        return match[0].lower()

    def sign(self, *signs: str) -> str | None:
        """Take one of these signs; the longer ones come first."""
        for sign in signs:
            if self.query.startswith(sign, self.at):
                self._move(self.at + len(sign))
                return sign
        return None

    def name(self) -> str | None:
        """Take the name of a field, which may be in backticks."""
        match = self._take(_NAME)
        return (match[1] or match[2]) if match else None

    def string(self) -> str | None:
        """Take a text in quotes."""
        match = self._take(_STRING)
        if match is None:
            return None
        body = match[1] if match[1] is not None else match[2]
        return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), body)

    def glob(self) -> str | None:
        """Take a text in quotes in which a backslash stays before everything but a quote."""
        match = self._take(_STRING)
        if match is None:
            return None
        body = match[1] if match[1] is not None else match[2]
        return re.sub(r"\\([\"'])", r"\1", body)

    def regex(self) -> str | None:
        """Take a regular expression between slashes."""
        match = self._take(_REGEX)
        return match[1].replace("\\/", "/") if match else None

    def number(self) -> str | None:
        """Take a number."""
        match = self._take(_NUMBER)
        return match[0] if match else None

    def period(self) -> tuple[int, str] | None:
        """Take a number with a unit of time."""
        match = self._take(_PERIOD)
        return (int(match[1]), match[2]) if match else None

    def between(self, start: int) -> str:
        """Return what was read since a place, without the white space around it."""
        return self.query[start : self.at].strip()

    def error(self, expected: str) -> QueryError:
        """Make the error for what stands here."""
        match = re.compile(r"\w+|.", re.DOTALL).match(self.query, self.at)
        found = f"'{match[0]}'" if match else "the end"
        return QueryError(f"expected {expected}, got {found}", self.at)

    def _take(self, expression: "re.Pattern[str]") -> "re.Match[str] | None":
        match = expression.match(self.query, self.at)
        if match is not None:
            self._move(match.end())
        return match

    def _move(self, to: int) -> None:
        self.at = to
        self._skip()

    def _skip(self) -> None:
        match = _SPACE.match(self.query, self.at)
        assert match is not None
        self.at = match.end()
