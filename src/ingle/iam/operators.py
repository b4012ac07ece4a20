"""What the condition operators compare, and how.

Source:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import base64
import binascii
import ipaddress
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from ingle.iam.patterns import Patterns, Resolve, Style, Variable

# Whether a value of the request is as one of the policy's values.
Compare = Callable[[str, Resolve], bool]
Compiled = tuple[Compare, tuple[Variable, ...]]
_Order = Callable[[Decimal, Decimal], bool]

_IP_BITS = {4: 32, 6: 128}


@dataclass(frozen=True, slots=True)
class OperatorKind:
    """An operator without prefix and suffix.

    Attributes:
        compile: makes of a policy's values, and of whether `${…}` is a variable, what compares
            with them, and the variables among them.
        is_negated: whether it holds where the comparison does not.
        type_name: what its values are, for instance `Date`.
        is_valid: whether a text is a value that it can compare with.
    """

    compile: Callable[[Sequence[str], bool], Compiled]
    is_negated: bool
    type_name: str
    is_valid: Callable[[str], bool]


def parse_number(text: str) -> Decimal | None:
    """A whole or decimal number; None if it is none."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def parse_date(text: str) -> Decimal | None:
    """A date of ISO 8601, or seconds since 1970, as such seconds; None if it is none."""
    number = parse_number(text)
    if number is not None:
        return number
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return Decimal(str(date.timestamp()))


def parse_network(text: str) -> tuple[int, int, int] | None:
    """A range of addresses: version, bits that differ within it, first address; None if none."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    bits = _IP_BITS[network.version] - network.prefixlen
    return network.version, bits, int(network.network_address) >> bits


def parse_binary(text: str) -> bytes | None:
    """Bytes from Base64; None if it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _text(style: Style, folds: bool = False) -> Callable[[Sequence[str], bool], Compiled]:
    def compile_values(values: Sequence[str], has_variables: bool) -> Compiled:
        patterns = Patterns(values, style, has_variables=has_variables, folds=folds)
        return patterns.match, patterns.variables

    return compile_values


def _order(
    parse: Callable[[str], Decimal | None], order: _Order
) -> Callable[[Sequence[str], bool], Compiled]:
    def compile_values(values: Sequence[str], has_variables: bool) -> Compiled:
        bounds = [bound for bound in map(parse, values) if bound is not None]

        def compare(value: str, resolve: Resolve) -> bool:
            number = parse(value)
            return number is not None and any(order(number, bound) for bound in bounds)

        return compare, ()

    return compile_values


def _networks(values: Sequence[str], has_variables: bool) -> Compiled:
    networks = [network for network in map(parse_network, values) if network is not None]

    def compare(value: str, resolve: Resolve) -> bool:
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            return False
        version, number = address.version, int(address)
        return any(version == each and number >> bits == top for each, bits, top in networks)

    return compare, ()


def _bools(values: Sequence[str], has_variables: bool) -> Compiled:
    wanted = frozenset(value.lower() for value in values)
    return lambda value, resolve: value.lower() in wanted, ()


def _binaries(values: Sequence[str], has_variables: bool) -> Compiled:
    wanted = frozenset(map(parse_binary, values)) - {None}
    return lambda value, resolve: parse_binary(value) in wanted, ()


def _always(text: str) -> bool:
    return True


def _operators() -> dict[str, OperatorKind]:
    kinds: dict[str, OperatorKind] = {}
    for name, negation, compiler in (
        ("StringEquals", "StringNotEquals", _text(Style.EXACT)),
        ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", _text(Style.EXACT, folds=True)),
        ("StringLike", "StringNotLike", _text(Style.LIKE)),
        ("ArnEquals", "ArnNotEquals", _text(Style.ARN)),
        ("ArnLike", "ArnNotLike", _text(Style.ARN)),
    ):
        type_name = "Arn" if name.startswith("Arn") else "String"
        kinds[name] = OperatorKind(compiler, False, type_name, _always)
        kinds[negation] = OperatorKind(compiler, True, type_name, _always)
    for type_name, parse in (("Numeric", parse_number), ("Date", parse_date)):
        for suffix, order in (
            ("Equals", operator.eq),
            ("LessThan", operator.lt),
            ("LessThanEquals", operator.le),
            ("GreaterThan", operator.gt),
            ("GreaterThanEquals", operator.ge),
        ):
            kinds[type_name + suffix] = OperatorKind(
                _order(parse, order), False, type_name, _parses(parse)
            )
        kinds[type_name + "NotEquals"] = OperatorKind(
            _order(parse, operator.eq), True, type_name, _parses(parse)
        )
    kinds["Bool"] = OperatorKind(_bools, False, "Bool", lambda text: text.lower() in _BOOLS)
    kinds["BinaryEquals"] = OperatorKind(_binaries, False, "Binary", _parses(parse_binary))
    kinds["IpAddress"] = OperatorKind(_networks, False, "IpAddress", _parses(parse_network))
    kinds["NotIpAddress"] = OperatorKind(_networks, True, "IpAddress", _parses(parse_network))
    return kinds


_BOOLS = frozenset(("true", "false"))


def _parses(parse: Callable[[str], object]) -> Callable[[str], bool]:
    return lambda text: parse(text) is not None


OPERATORS = _operators()
