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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Matcher = Callable[[Any], bool]
"""Says of a value that is in an event whether it matches."""
_Field = tuple[str, Any]
"""A field of an object: its name, and what stands there."""

_OR = "$or"
_DEEPEST = 100
"""How deep objects may be in a pattern: Ingle's own bound."""
_BITS = re.compile(r"\d{1,3}", re.ASCII)
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
_Comparison = Callable[[float, float], bool]
_COMPARED: Mapping[str, _Comparison] = {
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
        self._matches = _object(_loaded(pattern).items(), _Place())

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


def _object(pattern: Iterable[_Field], place: _Place) -> Matcher:
    if place.depth > _DEEPEST:
        raise InvalidPattern(f"Objects are nested deeper than {_DEEPEST}: {place.path[:64]}…")
    nested: dict[str, list[_Field]] = {}
    values: dict[str, Any] = {}
    fields: list[Matcher] = []
    for name, rule in pattern:
        where = place.below(name)
        if name == _OR:
            fields.append(_alternatives(rule, where._replace(path=place.path)))
            continue
        if place.alternative and name in _RESERVED:
            raise InvalidPattern(
                f"{name} is Ruler reserved fieldName which cannot be used inside $or."
            )
        if isinstance(rule, Mapping):
            if not rule:
                raise InvalidPattern(f"Empty objects are not allowed: {where.path}")
        elif not isinstance(rule, Sequence) or isinstance(rule, str):
            raise InvalidPattern(f'"{name}" must be an object or an array')
        # A dot joins names: {"a.b": …} is {"a": {"b": …}}.
        first, dot, rest = name.partition(".")
        if dot:
            nested.setdefault(first, []).append((rest, rule))
        elif isinstance(rule, Mapping):
            nested.setdefault(name, []).extend(rule.items())
        else:
            values[name] = rule
    fields += [_inside(name, _object(rules, place.below(name))) for name, rules in nested.items()]
    fields += [_values(name, rule, place.below(name)) for name, rule in values.items()]
    if len(fields) == 1:
        return fields[0]
    return lambda value: all(matches(value) for matches in fields)


def _inside(name: str, inner: Matcher) -> Matcher:
    prefix = f"{name}."

    def matches(value: Any) -> bool:
        if isinstance(value, list):
            return any(map(matches, elements(value)))
        found = field_of(value, name, prefix)
        if isinstance(found, list) and found:
            return any(inner(each) for each in found)
        # What is not there has no fields either, which `exists: false` may want.
        return inner(found)

    return matches


def field_of(value: Any, name: str, prefix: str) -> Any:
    """Return what is in a field of an event's object; None where it has none.

    A dot in the name of a field joins names, as in a pattern: with `{"a.b": 1}`, the field `a` is
    `{"b": 1}`.

    Args:
        value: an event, or a part of it.
        name: of the field.
        prefix: that with a dot.
    """
    if not isinstance(value, Mapping):
        return None
    found = value.get(name)
    joined = {key[len(prefix) :]: each for key, each in value.items() if key.startswith(prefix)}
    if not joined:
        return found
    if isinstance(found, list):
        merged = [{**joined, **each} if isinstance(each, Mapping) else each for each in found]
        return [*merged, joined]
    return {**joined, **found} if isinstance(found, Mapping) else joined


def _values(name: str, rule: Sequence[Any], where: _Place) -> Matcher:
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
    chosen = [_object(each.items(), place._replace(alternative=True)) for each in rule]
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
    """Split a wildcard at its stars; `\\*` is a star that is meant, and `\\\\` a backslash.

    What is wrong is told with its place as AWS counts, from the quote before the text.
    """
    parts = [""]
    position = 0
    while position < len(text):
        character = text[position]
        if character == "*":
            if text[position + 1 : position + 2] == "*":
                raise InvalidPattern(f"Consecutive wildcard characters at pos {position + 1}")
            parts.append("")
        elif character == "\\":
            position += 1
            escaped = text[position : position + 1]
            if escaped not in ("*", "\\"):
                raise InvalidPattern(f"Invalid escape character at pos {position}")
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
    if name not in _NEGATED_OF_OTHERS:
        raise InvalidPattern(f"Unsupported anything-but pattern: {name}")
    if isinstance(inner, Mapping):
        raise InvalidPattern(
            "Value of anything-but must be an array or single string/number value."
        )
    texts = inner if isinstance(inner, list) else [inner]
    if not texts:
        raise InvalidPattern("Empty arrays are not allowed")
    if not all(isinstance(each, str) for each in texts):
        raise InvalidPattern(_NEGATED_OF_OTHERS[name])
    if name in ("prefix", "suffix") and not all(texts):
        raise InvalidPattern("Null prefix/suffix not allowed")
    matchers = [_OPERATORS[name](each) for each in texts]
    return lambda value: not any(matches(value) for matches in matchers)


def _numeric(operand: Any) -> Matcher:
    if not isinstance(operand, list) or not operand:
        raise InvalidPattern("Value of numeric must be an array.")
    name, *rest = operand
    if not isinstance(name, str):
        raise InvalidPattern(f"Invalid member in numeric match: {name}")
    if name not in _COMPARED:
        raise InvalidPattern(f"Unrecognized numeric range operator: {name}")
    bound = _bound(name, rest)
    comparisons = [(_COMPARED[name], bound)]
    if len(rest) > 1:
        comparisons.append(_top(name, bound, rest[1:]))
    return lambda value: (
        _is_number(value) and all(compare(value, bound) for compare, bound in comparisons)
    )


def _top(first: str, bottom: float, rest: list[Any]) -> tuple[_Comparison, float]:
    """Read what stands behind the first comparison of a range."""
    if first not in (">", ">="):
        raise InvalidPattern("Too many elements in numeric expression")
    name = rest[0]
    if not isinstance(name, str):
        raise InvalidPattern(f"Bad value in numeric range: {name}")
    if name not in ("<", "<="):
        raise InvalidPattern(f"Bad numeric range operator: {name}")
    top = _bound(name, rest[1:])
    if len(rest) > 2:
        raise InvalidPattern("Too many terms in numeric range expression")
    if bottom >= top:
        raise InvalidPattern("Bottom must be less than top")
    return _COMPARED[name], top


def _bound(name: str, rest: list[Any]) -> float:
    if not rest or not _is_number(rest[0]):
        raise InvalidPattern(f"Value of {'equals' if name == '=' else name} must be numeric")
    value = rest[0]
    if not -_MOST <= value <= _MOST:
        raise InvalidPattern("Value must be between -5.0E9 and 5.0E9, inclusive")
    return float(value)


def _cidr(operand: Any) -> Matcher:
    # AWS says prefix here, too.
    address, slash, bits = _text("prefix", operand).partition("/")
    if not slash or "/" in bits:
        raise InvalidPattern("Malformed CIDR, one '/' required")
    if _BITS.fullmatch(bits) is None:
        raise InvalidPattern("Malformed CIDR, mask bits must be an integer")
    try:
        most = ipaddress.ip_address(address).max_prefixlen
    except ValueError:
        raise InvalidPattern(f"Nonstandard IP address: {address}") from None
    if int(bits) > most:
        raise InvalidPattern(f"IPv{4 if most == 32 else 6} mask bits must be <= {most}")
    network = ipaddress.ip_network(operand, strict=False)

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
_NEGATED_OF_OTHERS: Mapping[str, str] = {
    "prefix": "prefix/suffix match pattern must be a string",
    "suffix": "prefix/suffix match pattern must be a string",
    "equals-ignore-case": "Inside anything-but/equals-ignore-case list, number|start|null|boolean "
    "is not supported.",
    "wildcard": "wildcard match pattern must be a string",
}
"""What can stand within `anything-but`, with what AWS says of values other than texts there."""
