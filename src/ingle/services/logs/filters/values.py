"""Comparisons of one value of a message, as conditions of JSON and space-delimited patterns have.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from ingle.services.logs.filters.errors import PatternError
from ingle.services.logs.filters.regexes import compile_regex
from ingle.services.logs.filters.scanner import Scanner

OPERATORS = (">=", "<=", "!=", "=", "<", ">")
Value = str | int | float
Test = Callable[[Value], bool]

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_BARE = re.compile(r"[^\s,\[\](){}=!<>&|\"%]+")
_REGEX = re.compile(r"%([^%]*)%")
# What every writer of JSON puts alike: it has no escapes, and is no number.
_WRITTEN_ALIKE = re.compile(r"(?=.*[A-Za-df-z_])[ !#-.0-\[\]-~]+")


@dataclass(frozen=True, slots=True)
class Operand:
    """What a value is compared with.

    Attributes:
        text: as it stands in the pattern, without quotes or percent signs.
        number: its value where it is a number without quotes.
        regex: tests a text, where it is a regular expression.
    """

    text: str
    number: float | None = None
    regex: Callable[[str], bool] | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """An operator with its right side.

    Attributes:
        operator: one of `OPERATORS`.
        operand: the right side.
        passes: tests a value.
    """

    operator: str
    operand: Operand
    passes: Test

    @property
    def needle(self) -> bytes | None:
        """Bytes that the text of every value that passes holds, if there are such."""
        operand = self.operand
        if self.operator != "=" or operand.number is not None or operand.regex is not None:
            return None
        core = _core(operand.text)[1]
        return core.encode() if _WRITTEN_ALIKE.fullmatch(core) else None


def read_comparison(scanner: Scanner) -> Comparison:
    """Read an operator and its right side.

    Raises:
        PatternError: there is something else.
    """
    operator = scanner.take_one_of(OPERATORS)
    if operator is None:
        raise scanner.error("expected one of = != < > <= >=")
    scanner.skip_space()
    operand = _read_operand(scanner)
    if operand.regex is not None and operator not in ("=", "!="):
        raise PatternError(f"A regular expression cannot be compared with {operator}")
    if operator in ("=", "!="):
        test = _equality(operand)
        return Comparison(operator, operand, test if operator == "=" else _negated(test))
    if operand.number is None:
        raise PatternError(f"'{operand.text}' is not a number, so {operator} cannot compare it")
    return Comparison(operator, operand, _ordering(operator, operand.number))


def as_number(value: Value) -> float | None:
    """Read a number, if it is one."""
    if isinstance(value, str):
        if _NUMBER.fullmatch(value) is None:
            return None
        number = float(value)
        return number if math.isfinite(number) else None
    return value


def as_text(value: Value) -> str:
    """Write a value as a message would have it."""
    return value if isinstance(value, str) else repr(value)


def _read_operand(scanner: Scanner) -> Operand:
    if (match := scanner.take(_QUOTED)) is not None:
        return Operand(_ESCAPE.sub(r"\1", match[1]))
    if (match := scanner.take(_REGEX)) is not None:
        scanner.count_regex()
        return Operand(match[1], regex=compile_regex(match[1]))
    if (match := scanner.take(_BARE)) is not None:
        return Operand(match[0], number=as_number(match[0]))
    raise scanner.error("expected a number, a text or a %regular expression%")


def _core(text: str) -> tuple[bool, str, bool]:
    """Take the wildcards off: only at the ends is `*` one."""
    if text == "*":
        return True, "", True
    before, after = text.startswith("*"), len(text) > 1 and text.endswith("*")
    return before, text[1 if before else 0 : -1 if after else None], after


def _equality(operand: Operand) -> Test:
    regex = operand.regex
    if regex is not None:
        return lambda value: regex(as_text(value))
    number, text = operand.number, operand.text
    if number is not None:
        return lambda value: as_number(value) == number
    before, core, after = _core(text)
    if before and after:
        return lambda value: core in as_text(value)
    if before:
        return lambda value: as_text(value).endswith(core)
    if after:
        return lambda value: as_text(value).startswith(core)
    return lambda value: as_text(value) == core


def _negated(test: Test) -> Test:
    return lambda value: not test(value)


def _ordering(operator: str, bound: float) -> Test:
    def passes(value: Value) -> bool:
        number = as_number(value)
        if number is None:
            return False
        if operator == "<":
            return number < bound
        if operator == "<=":
            return number <= bound
        if operator == ">":
            return number > bound
        return number >= bound

    return passes
