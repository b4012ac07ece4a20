"""`&&` and `||` between conditions, and parentheses around them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from ingle.services.logs.filters.scanner import Scanner

C = TypeVar("C")
_DEEPEST = 64
"""Parentheses in each other; a pattern has 1,024 characters."""


@dataclass(frozen=True, slots=True)
class All(Generic[C]):
    """Conditions that must all hold."""

    parts: "tuple[Expression[C], ...]"


@dataclass(frozen=True, slots=True)
class Some(Generic[C]):
    """Conditions of which one must hold."""

    parts: "tuple[Expression[C], ...]"


@dataclass(frozen=True, slots=True)
class One(Generic[C]):
    """A single condition."""

    condition: C


Expression = All[C] | Some[C] | One[C]


def read_expression(
    scanner: Scanner, read: Callable[[Scanner], C], depth: int = 0
) -> "Expression[C]":
    """Read conditions; parentheses bind most, then `&&`, then `||`.

    Raises:
        PatternError: they are malformed.
    """
    parts = [_conjunction(scanner, read, depth)]
    while scanner.take_one_of(("||",)):
        parts.append(_conjunction(scanner, read, depth))
    return parts[0] if len(parts) == 1 else Some(tuple(parts))


def holds(expression: "Expression[C]", test: Callable[[C], bool]) -> bool:
    """Say whether an expression holds, if this tells which conditions do."""
    if isinstance(expression, One):
        return test(expression.condition)
    if isinstance(expression, All):
        return all(holds(part, test) for part in expression.parts)
    return any(holds(part, test) for part in expression.parts)


def conditions(expression: "Expression[C]") -> list[C]:
    """List the conditions of an expression, from left to right."""
    if isinstance(expression, One):
        return [expression.condition]
    return [each for part in expression.parts for each in conditions(part)]


def needles(expression: "Expression[C]", of: Callable[[C], bytes | None]) -> tuple[bytes, ...]:
    """Find bytes of which one is in whatever the expression holds for; none if that is not sure."""
    if isinstance(expression, One):
        needle = of(expression.condition)
        return () if not needle else (needle,)
    each = [needles(part, of) for part in expression.parts]
    if isinstance(expression, Some):
        return tuple(needle for part in each for needle in part) if all(each) else ()
    # The fewest, and of those the longest, are likely to be the rarest.
    known = [part for part in each if part]
    return min(known, key=lambda part: (len(part), -min(map(len, part))), default=())


def _conjunction(scanner: Scanner, read: Callable[[Scanner], C], depth: int) -> "Expression[C]":
    parts = [_part(scanner, read, depth)]
    while scanner.take_one_of(("&&",)):
        parts.append(_part(scanner, read, depth))
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _part(scanner: Scanner, read: Callable[[Scanner], C], depth: int) -> "Expression[C]":
    scanner.skip_space()
    found: Expression[C]
    if scanner.ahead == "(":
        if depth == _DEEPEST:
            raise scanner.error("there are too many parentheses in each other")
        scanner.expect("(")
        found = read_expression(scanner, read, depth + 1)
        scanner.expect(")")
    else:
        found = One(read(scanner))
    scanner.skip_space()
    return found
