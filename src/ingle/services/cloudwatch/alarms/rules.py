"""The language of composite alarms' rules: from a text to a tree, and what that says.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-combining.html
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, get_args

from ingle.services.cloudwatch.alarms.limits import COMPOSITE
from ingle.services.cloudwatch.alarms.model import StateValue

_STATES: tuple[StateValue, ...] = get_args(StateValue)
_TOKEN = re.compile(r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<sign>[(),])|(?P<word>[^\s(),"]+))')
_REFERENCE = re.compile(r"[^()]+")
_MUST = "must be: '(', 'NOT', AT_LEAST, TRUE or FALSE, ALARM, OK, or INSUFFICIENT_DATA"


class BadRule(ValueError):
    """A text is no rule; what is wrong with it, as CloudWatch says it."""


@dataclass(frozen=True, slots=True)
class Constant:
    """TRUE or FALSE."""

    value: bool


@dataclass(frozen=True, slots=True)
class Is:
    """Whether an alarm is in a state; it is told by its name or its ARN."""

    state: StateValue
    alarm: str


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary of something."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class All:
    """Whether all of several are true."""

    operands: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Any:
    """Whether any of several is true."""

    operands: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Whether so many of several are true."""

    count: int
    operands: "tuple[Node, ...]"


Node = Constant | Is | Not | All | Any | AtLeast


class _Token(NamedTuple):
    text: str
    place: int
    quoted: bool


@lru_cache(maxsize=1024)
def parse(text: str) -> Node:
    """Read a rule.

    Raises:
        BadRule: it is none.
    """
    return _Parser(text).whole()


def alarms(node: Node) -> Iterator[str]:
    """Tell all names and ARNs of alarms in a rule, in their order."""
    match node:
        case Is(_, alarm):
            yield alarm
        case Not(operand):
            yield from alarms(operand)
        case All(operands) | Any(operands) | AtLeast(_, operands):
            for each in operands:
                yield from alarms(each)


def holds(node: Node, state_of: Callable[[str], str]) -> bool:
    """Say whether a rule is true.

    Args:
        node: the rule.
        state_of: tells the state of an alarm by its name or ARN.
    """
    match node:
        case Constant(value):
            return value
        case Is(state, alarm):
            return state_of(alarm) == state
        case Not(operand):
            return not holds(operand, state_of)
        case All(operands):
            return all(holds(each, state_of) for each in operands)
        case Any(operands):
            return any(holds(each, state_of) for each in operands)
        case AtLeast(count, operands):
            return sum(holds(each, state_of) for each in operands) >= count


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._at = 0
        self._deep = 0
        self._elements = 0

    def whole(self) -> Node:
        node = self._any()
        left = self._next()
        if left is not None:
            raise _unsupported(left, "must be: AND or OR")
        return node

    def _any(self) -> Node:
        operands = [self._all()]
        while self._word("OR"):
            operands.append(self._all())
        return operands[0] if len(operands) == 1 else Any(tuple(operands))

    def _all(self) -> Node:
        operands = [self._one()]
        while self._word("AND"):
            operands.append(self._one())
        return operands[0] if len(operands) == 1 else All(tuple(operands))

    def _one(self) -> Node:
        self._elements += 1
        if self._elements > COMPOSITE["elements"]:
            raise BadRule(f"The rule has more than {COMPOSITE['elements']} elements")
        if self._deep >= COMPOSITE["deep"]:
            raise BadRule(f"The rule is nested more than {COMPOSITE['deep']} deep")
        token = self._take(_MUST)
        if token.quoted:
            raise _unsupported(token, _MUST)
        word = token.text.upper()
        self._deep += 1
        try:
            if word == "(":
                node = self._any()
                self._sign(")")
                return node
            if word == "NOT":
                return Not(self._one())
        finally:
            self._deep -= 1
        if word in ("TRUE", "FALSE"):
            return Constant(word == "TRUE")
        if word == "AT_LEAST":
            return self._at_least()
        for state in _STATES:
            if word == state:
                self._sign("(")
                alarm = self._reference()
                self._sign(")")
                return Is(state, alarm)
        raise _unsupported(token, _MUST)

    def _at_least(self) -> Node:
        self._sign("(")
        amount = self._take("must be: a number or a percentage")
        self._sign(",")
        negated = self._word("NOT")
        wanted = self._take("must be: ALARM, OK, or INSUFFICIENT_DATA")
        states = [each for each in _STATES if each == wanted.text.upper()]
        if not states:
            raise _unsupported(wanted, "must be: ALARM, OK, or INSUFFICIENT_DATA")
        self._sign(",")
        self._sign("(")
        operands: list[Node] = []
        while True:
            each = Is(states[0], self._reference())
            operands.append(Not(each) if negated else each)
            self._elements += 1
            if not self._sign_if(","):
                break
        self._sign(")")
        self._sign(")")
        return AtLeast(_amount(amount, len(operands)), tuple(operands))

    def _reference(self) -> str:
        token = self._take("must be: the name or ARN of an alarm")
        if token.quoted:
            return re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)
        if _REFERENCE.fullmatch(token.text) is None or token.text == ",":
            raise _unsupported(token, "must be: the name or ARN of an alarm")
        words = [token.text]
        # Names have spaces in them, and need no quotes all the same.
        while (more := self._peek()) is not None and not more.quoted and more.text not in "(),":
            words.append(more.text)
            self._at += 1
        first = self._tokens[self._at - len(words)]
        last = self._tokens[self._at - 1]
        return self._text[first.place : last.place + len(last.text)]

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> _Token | None:
        token = self._peek()
        self._at += token is not None
        return token

    def _take(self, must: str) -> _Token:
        token = self._next()
        if token is None:
            raise BadRule(f"Unexpected end at char {len(self._text)}, {must}")
        return token

    def _word(self, word: str) -> bool:
        token = self._peek()
        found = token is not None and not token.quoted and token.text.upper() == word
        self._at += found
        return found

    def _sign_if(self, sign: str) -> bool:
        token = self._peek()
        found = token is not None and not token.quoted and token.text == sign
        self._at += found
        return found

    def _sign(self, sign: str) -> None:
        must = f"must be: '{sign}'"
        token = self._take(must)
        if token.quoted or token.text != sign:
            raise _unsupported(token, must)


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    end = len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            start = place + len(text[place:]) - len(text[place:].lstrip())
            raise BadRule(f"Unsupported token '{text[start]}' at char {start}")
        kind = match.lastgroup
        assert kind is not None
        yield _Token(match[kind], match.start(kind), kind == "text")
        place = match.end()


def _amount(token: _Token, count: int) -> int:
    match = re.fullmatch(r"(\d{1,4})(%?)", token.text, re.ASCII)
    if match is not None:
        amount = int(match[1])
        if match[2] and 1 <= amount <= 100:
            return math.ceil(count * amount / 100)
        if not match[2] and 1 <= amount <= count:
            return amount
    raise _unsupported(token, "must be: a number of those alarms, or a percentage")


def _unsupported(token: _Token, must: str) -> BadRule:
    return BadRule(f"Unsupported token '{token.text}' at char {token.place}, {must}")
