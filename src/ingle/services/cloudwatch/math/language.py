"""The grammar of expressions: from a text to a tree."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from ingle.services.cloudwatch.math.errors import BadExpression

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)
      | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<sign>==|!=|<=|>=|&&|\|\||[-+*/^<>()\[\],])
    )""",
    re.VERBOSE,
)
_MOST_DEEP = 40
_WORDS = {"AND": "&&", "OR": "||"}
# From what binds least to what binds most; all of them to the left.
_LEVELS = (("||",), ("&&",), ("==", "!=", "<", ">", "<=", ">="), ("+", "-"), ("*", "/"))


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A text in quotes."""

    value: str


@dataclass(frozen=True, slots=True)
class Name:
    """The id of a metric or expression, or a word that a function takes."""

    name: str


@dataclass(frozen=True, slots=True)
class Array:
    """Several, in brackets."""

    items: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Negative:
    """The negative of something."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two operands."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """A function of arguments."""

    function: str
    arguments: "tuple[Node, ...]"


Node = Number | Text | Name | Array | Negative | Binary | Call


class _Token(NamedTuple):
    kind: str
    text: str
    place: int


@lru_cache(maxsize=256)
def parse(text: str) -> Node:
    """Read an expression.

    Raises:
        BadExpression: it is not one.
    """
    return _Parser(_tokens(text)).whole()


def names(node: Node) -> frozenset[str]:
    """Return all names in an expression, those of functions left out."""
    match node:
        case Name(name):
            return frozenset({name})
        case Array(items) | Call(_, items):
            return frozenset().union(*map(names, items))
        case Negative(operand):
            return names(operand)
        case Binary(_, left, right):
            return names(left) | names(right)
    return frozenset()


def calls(node: Node, function: str) -> bool:
    """Whether an expression has a call of a function in it."""
    match node:
        case Call(name, arguments):
            return name == function or any(calls(each, function) for each in arguments)
        case Array(items):
            return any(calls(each, function) for each in items)
        case Negative(operand):
            return calls(operand, function)
        case Binary(_, left, right):
            return calls(left, function) or calls(right, function)
    return False


def _tokens(text: str) -> list[_Token]:
    found = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadExpression(f"Unexpected character '{text[at:].lstrip()[:1]}' at {at + 1}")
        kind = match.lastgroup or ""
        token = match[kind]
        if kind == "name" and token in _WORDS:
            kind, token = "sign", _WORDS[token]
        found.append(_Token(kind, token, match.start(kind) + 1))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._deep = 0

    def whole(self) -> Node:
        node = self._level(0)
        if self._at < len(self._tokens):
            raise self._unexpected()
        return node

    def _level(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        node = self._level(level + 1)
        while (operator := self._next_sign()) in _LEVELS[level]:
            self._at += 1
            node = Binary(operator, node, self._level(level + 1))
        return node

    def _unary(self) -> Node:
        negative = self._signs()
        node = self._primary()
        while self._next_sign() == "^":
            self._at += 1
            lowered = self._signs()
            exponent = self._primary()
            node = Binary("^", node, Negative(exponent) if lowered else exponent)
        return Negative(node) if negative else node

    def _signs(self) -> bool:
        """Skip signs before an operand; return whether they make it negative."""
        count = 0
        while self._next_sign() in ("-", "+"):
            count += self._tokens[self._at].text == "-"
            self._at += 1
        return count % 2 == 1

    def _primary(self) -> Node:
        self._deep += 1
        if self._deep > _MOST_DEEP:
            raise BadExpression("The expression is nested too deeply")
        try:
            return self._single()
        finally:
            self._deep -= 1

    def _single(self) -> Node:
        if self._at >= len(self._tokens):
            raise BadExpression("Unexpected end of the expression")
        kind, text, _ = self._tokens[self._at]
        self._at += 1
        if kind == "number":
            return Number(float(text))
        if kind == "text":
            return Text(re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL))
        if kind == "name":
            if self._next_sign() != "(":
                return Name(text)
            self._at += 1
            return Call(text.upper(), self._list(")"))
        if text == "(":
            node = self._level(0)
            self._expect(")")
            return node
        if text == "[":
            return Array(self._list("]"))
        self._at -= 1
        raise self._unexpected()

    def _list(self, end: str) -> tuple[Node, ...]:
        items: list[Node] = []
        if self._next_sign() == end:
            self._at += 1
            return ()
        while True:
            items.append(self._level(0))
            if self._next_sign() != ",":
                break
            self._at += 1
        self._expect(end)
        return tuple(items)

    def _next_sign(self) -> str:
        if self._at < len(self._tokens) and self._tokens[self._at].kind == "sign":
            return self._tokens[self._at].text
        return ""

    def _expect(self, sign: str) -> None:
        if self._next_sign() != sign:
            raise self._unexpected()
        self._at += 1

    def _unexpected(self) -> BadExpression:
        if self._at >= len(self._tokens):
            return BadExpression("Unexpected end of the expression")
        token = self._tokens[self._at]
        return BadExpression(f"Unexpected '{token.text}' at {token.place}")
