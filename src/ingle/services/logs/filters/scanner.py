"""Reads a pattern from left to right."""

import re
from collections.abc import Sequence

from ingle.services.logs.filters.errors import PatternError
from ingle.services.logs.filters.regexes import MOST

_SPACE = re.compile(r"\s*")


class Scanner:
    """A place in a pattern.

    Args:
        text: the pattern.

    Attributes:
        regexes: how many regular expressions were read.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self.regexes = 0

    @property
    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self._at >= len(self._text)

    @property
    def ahead(self) -> str:
        """The next character, or "" at the end."""
        return self._text[self._at : self._at + 1]

    def skip_space(self) -> None:
        """Go on to what is not white space."""
        match = _SPACE.match(self._text, self._at)
        assert match is not None
        self._at = match.end()

    def take(self, expression: "re.Pattern[str]") -> "re.Match[str] | None":
        """Take what matches here."""
        match = expression.match(self._text, self._at)
        if match is not None:
            self._at = match.end()
        return match

    def take_one_of(self, texts: Sequence[str]) -> str | None:
        """Take the first of these that stands here."""
        for text in texts:
            if self._text.startswith(text, self._at):
                self._at += len(text)
                return text
        return None

    def expect(self, text: str) -> None:
        """Take this.

        Raises:
            PatternError: it is not here.
        """
        if self.take_one_of((text,)) is None:
            raise self.error(f"expected '{text}'")

    def count_regex(self) -> None:
        """Note a regular expression.

        Raises:
            PatternError: there are too many.
        """
        self.regexes += 1
        if self.regexes > MOST:
            raise PatternError(f"A filter pattern can have at most {MOST} regular expressions")

    def error(self, what: str) -> PatternError:
        """Make the error for what stands here."""
        found = f"'{self.ahead}'" if self.ahead else "the end"
        return PatternError(
            f"Invalid filter pattern at character {self._at + 1}: {what}, got {found}"
        )
