"""Event patterns: the language in which rules and filters say which events they are for.

EventBridge's rules and the filter criteria of event source mappings have it in common.
Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
and https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

import ipaddress
import json
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Matcher = Callable[[Any], bool]
"""Says of a value that is in an event whether it matches."""

_OR = "$or"
_DEEPEST = 100
"""How deep objects may be in a pattern: Ingle's own bound."""
_CIDR = re.compile(r"[^/]+/\d{1,3}", re.ASCII)
_RESERVED = frozenset(
    (
        "exactly",
        "prefix",
        "suffix",
        "anything-but",
        "numeric",
        "cidr",
        "exists",
        "equals-ignore-case",
        "wildcard",
    )
)
"""The names that fields within `$or` may not have."""
_MOST = 5e9
"""How large numbers of a numeric comparison may be, either way."""
_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class InvalidPattern(ValueError):
    """A text is no event pattern; the message says why, in English, without a full stop."""


class EventPattern:
    """A pattern, compiled.

    Args:
        pattern: JSON, or what it says.

    Raises:
        InvalidPattern: it is none.
    """

    __slots__ = ("_matches",)

    def __init__(self, pattern: str | bytes | Mapping[str, Any]) -> None:
        self._matches = _object(_loaded(pattern), _Place())

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Say whether an event matches."""
        return self._matches(event)


def _loaded(pattern: str | bytes | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(pattern, str | bytes):
        try:
            pattern = json.loads(pattern, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise InvalidPattern("Filter is not valid JSON") from None
    if not isinstance(pattern, Mapping):
        raise InvalidPattern("Filter is not an object")
    if not pattern:
        raise InvalidPattern("Empty objects are not allowed")
    return pattern


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


class _Place(NamedTuple):
    """Where something stands in a pattern: the names of its fields, and whether within `$or`."""

    path: str = ""
    depth: int = 0
    alternative: bool = False

    def below(self, name: str) -> "_Place":
        path = f"{self.path}.{name}" if self.path else name
        return _Place(path, self.depth + 1, self.alternative)


def _object(pattern: Mapping[str, Any], place: _Place) -> Matcher:
    if place.depth > _DEEPEST:
        raise InvalidPattern(f"Objects are nested deeper than {_DEEPEST}: {place.path[:64]}…")
    fields = [_field(name, rule, place) for name, rule in pattern.items()]
    if len(fields) == 1:
        return fields[0]
    return lambda value: all(matches(value) for matches in fields)


def _field(name: str, rule: Any, place: _Place) -> Matcher:
    where = place.below(name)
    if name == _OR:
        return _alternatives(rule, where._replace(path=place.path))
    if place.alternative and name in _RESERVED:
        raise InvalidPattern(f"{name} is Ruler reserved fieldName which cannot be used inside $or.")
    if isinstance(rule, Mapping):
        if not rule:
            raise InvalidPattern(f"Empty objects are not allowed: {where.path}")
        inner = _object(rule, where)
        return lambda value: _any_inside(value, name, inner)
    if not isinstance(rule, Sequence) or isinstance(rule, str):
        raise InvalidPattern(f'"{name}" must be an object or an array')
    if not rule:
        raise InvalidPattern(f"Empty arrays are not allowed: {where.path}")
    absent = False
    leaves: list[Matcher] = []
    for each in rule:
        if _is_operator(each, "exists"):
            wanted = each["exists"]
            if not isinstance(wanted, bool):
                raise InvalidPattern("exists match pattern must be either true or false.")
            if wanted:
                leaves.append(_is_leaf)
            else:
                absent = True
        else:
            leaves.append(_leaf(each))
    return _leaf_field(name, leaves, absent)


def _alternatives(rule: Any, place: _Place) -> Matcher:
    if not isinstance(rule, Sequence) or isinstance(rule, str):
        raise InvalidPattern("It must be an Array followed with $or.")
    if not all(isinstance(each, Mapping) for each in rule):
        raise InvalidPattern("Only JSON object is allowed in array of $or relationship.")
    if not all(rule):
        raise InvalidPattern("Empty objects are not allowed")
    if len(rule) < 2:
        raise InvalidPattern("There must have at least 2 Objects in $or relationship.")
    chosen = [_object(each, place._replace(alternative=True)) for each in rule]
    return lambda value: any(matches(value) for matches in chosen)


def _leaf_field(name: str, leaves: Sequence[Matcher], absent: bool) -> Matcher:
    def matches(value: Any) -> bool:
        if isinstance(value, list):
            # Each object of an array is looked at by itself.
            return any(map(matches, elements(value))) or (absent and not value)
        if not isinstance(value, Mapping) or name not in value:
            return absent
        found = value[name]
        if absent and not _has_leaf(found):
            return True
        return any(_any_leaf(found, leaf) for leaf in leaves)

    return matches


def _any_inside(value: Any, name: str, inner: Matcher) -> bool:
    if isinstance(value, list):
        return any(_any_inside(each, name, inner) for each in elements(value))
    found = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(found, list) and found:
        return any(inner(each) for each in found)
    # What is not there has no fields either, which `exists: false` may want.
    return inner(found)


def elements(value: Any) -> Iterator[Any]:
    """Go through what is in an array, and in arrays within it, however deep; else the value."""
    rest = [value]
    while rest:
        each = rest.pop()
        if isinstance(each, list):
            rest.extend(reversed(each))
        else:
            yield each


def _any_leaf(value: Any, leaf: Matcher) -> bool:
    if isinstance(value, list):
        return any(leaf(each) for each in elements(value) if not isinstance(each, Mapping))
    return not isinstance(value, Mapping) and leaf(value)


def _has_leaf(value: Any) -> bool:
    return _any_leaf(value, _is_leaf)


def _is_leaf(value: Any) -> bool:
    return True


def _is_operator(rule: Any, name: str) -> bool:
    return isinstance(rule, Mapping) and list(rule) == [name]


def _leaf(rule: Any) -> Matcher:
    """Compile one entry of an array: a value, or an operator."""
    if rule is None or isinstance(rule, str | bool):
        return lambda value: type(value) is type(rule) and value == rule
    if isinstance(rule, int | float):
        return lambda value: _is_number(value) and value == rule
    if not isinstance(rule, Mapping):
        raise InvalidPattern("Match value must be String, number, true, false, or null")
    if len(rule) != 1:
        raise InvalidPattern("Only one key allowed in match expression")
    name, operand = next(iter(rule.items()))
    make = _OPERATORS.get(name)
    if make is None:
        raise InvalidPattern(f"Unrecognized match type {name}")
    return make(operand)


def _prefix(operand: Any) -> Matcher:
    return _edge("prefix", operand, str.startswith)


def _suffix(operand: Any) -> Matcher:
    return _edge("suffix", operand, str.endswith)


def _edge(name: str, operand: Any, at: Callable[[str, str], bool]) -> Matcher:
    if _is_operator(operand, "equals-ignore-case"):
        wanted = _text(name, operand["equals-ignore-case"]).lower()
        return lambda value: isinstance(value, str) and at(value.lower(), wanted)
    text = _text(name, operand)
    return lambda value: isinstance(value, str) and at(value, text)


def _ignore_case(operand: Any) -> Matcher:
    wanted = _text("equals-ignore-case", operand).lower()
    return lambda value: isinstance(value, str) and value.lower() == wanted


def _wildcard(operand: Any) -> Matcher:
    parts = _between_stars(_text("wildcard", operand))
    if len(parts) == 1:
        return lambda value: isinstance(value, str) and value == parts[0]
    first, *middle, last = parts
    shortest = len(first) + len(last)

    def matches(value: Any) -> bool:
        if (
            not isinstance(value, str)
            or len(value) < shortest
            or not value.startswith(first)
            or not value.endswith(last)
        ):
            return False
        # Each text as early as it can be: nothing that was found has to be given up again.
        position, end = len(first), len(value) - len(last)
        for part in middle:
            found = value.find(part, position, end)
            if found < 0:
                return False
            position = found + len(part)
        return True

    return matches


def _between_stars(text: str) -> list[str]:
    """Split a wildcard at its stars; `\\*` is a star that is meant, and `\\\\` a backslash."""
    parts = [""]
    position = 0
    while position < len(text):
        character = text[position]
        if character == "*":
            if text[position + 1 : position + 2] == "*":
                raise InvalidPattern(f"Consecutive wildcard characters at pos {position}")
            parts.append("")
        elif character == "\\":
            position += 1
            escaped = text[position : position + 1]
            if escaped not in ("*", "\\"):
                raise InvalidPattern(f"Invalid escape character at pos {position - 1}")
            parts[-1] += escaped
        else:
            parts[-1] += character
        position += 1
    return parts


def _anything_but(operand: Any) -> Matcher:
    if isinstance(operand, Mapping):
        return _anything_but_operator(operand)
    chosen = operand if isinstance(operand, list) else [operand]
    if not chosen:
        raise InvalidPattern("Empty arrays are not allowed")
    if all(isinstance(each, str) for each in chosen):
        texts = frozenset(chosen)
        return lambda value: not (isinstance(value, str) and value in texts)
    if all(_is_number(each) for each in chosen):
        return lambda value: not (_is_number(value) and value in chosen)
    if all(isinstance(each, str) or _is_number(each) for each in chosen):
        raise InvalidPattern(
            "Inside anything but list, either all values are number or string, mixed type is not "
            "supported"
        )
    raise InvalidPattern("Inside anything but list, start|null|boolean is not supported.")


def _anything_but_operator(operand: Mapping[str, Any]) -> Matcher:
    if len(operand) != 1:
        raise InvalidPattern("Only one key allowed in match expression")
    name, inner = next(iter(operand.items()))
    if name not in _NEGATED:
        raise InvalidPattern(f"Unsupported anything-but pattern: {name}")
    texts = inner if isinstance(inner, list) else [inner]
    if not texts:
        raise InvalidPattern("Empty arrays are not allowed")
    matchers = [_NEGATED[name](_text(name, each)) for each in texts]
    return lambda value: not any(matches(value) for matches in matchers)


def _numeric(operand: Any) -> Matcher:
    if not isinstance(operand, list) or not operand:
        raise InvalidPattern("Value of numeric must be an array.")
    if len(operand) not in (2, 4):
        raise InvalidPattern("Invalid numeric range: it must have one comparison, or two")
    comparisons = [
        (_comparison(operand[start]), _bound(operand[start + 1]))
        for start in range(0, len(operand), 2)
    ]
    if len(operand) == 4:
        first, low, second, high = operand
        if first not in (">", ">=") or second not in ("<", "<="):
            raise InvalidPattern(f"Bad numeric range operators: {first} and {second}")
        if low >= high:
            raise InvalidPattern("Bottom must be less than top")
    return lambda value: (
        _is_number(value) and all(compare(value, bound) for compare, bound in comparisons)
    )


def _comparison(name: Any) -> Callable[[float, float], bool]:
    if not isinstance(name, str) or name not in _COMPARED:
        raise InvalidPattern(f"Unrecognized numeric range operator: {name}")
    return _COMPARED[name]


def _bound(value: Any) -> float:
    if not _is_number(value):
        raise InvalidPattern("Value of numeric match is not a number")
    if not -_MOST <= value <= _MOST:
        raise InvalidPattern("Value must be between -5.0E9 and 5.0E9, inclusive")
    return float(value)


def _cidr(operand: Any) -> Matcher:
    text = _text("cidr", operand)
    if _CIDR.fullmatch(text) is None:
        raise InvalidPattern(f"Malformed CIDR, one '/' required: {text}")
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise InvalidPattern(f"Malformed CIDR: {text}") from None

    def matches(value: Any) -> bool:
        if not isinstance(value, str):
            return False
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return matches


def _text(name: str, operand: Any) -> str:
    if not isinstance(operand, str):
        raise InvalidPattern(f"{name} match pattern must be a string")
    return operand


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


_OPERATORS: Mapping[str, Callable[[Any], Matcher]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _ignore_case,
    "wildcard": _wildcard,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "cidr": _cidr,
}
_NEGATED: Mapping[str, Callable[[Any], Matcher]] = {
    name: _OPERATORS[name] for name in ("prefix", "suffix", "equals-ignore-case", "wildcard")
}
