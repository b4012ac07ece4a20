"""What every filter pattern is, whatever its kind."""

from abc import ABC, abstractmethod
from collections.abc import Mapping


class Match(ABC):
    """A message that passed."""

    @abstractmethod
    def value(self, selector: str) -> str | None:
        """Return what a selector ($.latency, $bytes, $3) finds in the message, if anything."""

    @property
    @abstractmethod
    def extracted(self) -> Mapping[str, str]:
        """What the pattern's own selectors or fields found, by their names with the `$`."""


class Pattern(ABC):
    """A test of messages.

    Attributes:
        needles: bytes of which every message that passes holds one; without any, all must be
            looked at.
        escapable: whether such bytes can be written with `\\u` in a message.
        regexes: how many regular expressions it has.
    """

    needles: tuple[bytes, ...] = ()
    escapable: bool = False
    regexes: int = 0

    @abstractmethod
    def matches(self, message: str) -> bool:
        """Say whether a message passes."""

    @abstractmethod
    def look(self, message: str) -> Match | None:
        """Say whether a message passes, and what is in it."""

    @abstractmethod
    def check_selector(self, selector: str) -> None:
        """See that something of a message can be found by this selector.

        Raises:
            PatternError: patterns of this kind do not select, or not by this name.
        """


class PlainMatch(Match):
    """A message in which nothing can be selected."""

    def value(self, selector: str) -> str | None:
        """Nothing is found."""
        return None

    @property
    def extracted(self) -> Mapping[str, str]:
        """Nothing is found."""
        return {}


PLAIN_MATCH = PlainMatch()
