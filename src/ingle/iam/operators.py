"""What the condition operators compare, and how.

Source:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import base64
import binascii
import functools
import ipaddress
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from decimal import Decimal

from ingle.iam.patterns import Patterns, Resolve, Style, Variable

# Whether a value of the request is as one of the policy's values.
Compare = Callable[[str, Resolve], bool]
Compiled = tuple[Compare, tuple[Variable, ...]]
_Order = Callable[[Decimal, Decimal], bool]

_IP_BITS = {4: 32, 6: 128}
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:E[+-]?\d{1,4})?", re.IGNORECASE | re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = 2**63 - 1
_FIRST_YEAR, _LAST_YEAR = -292275054, 292278993
_LEAST = ("", "1", "1", "0", "0", "0")
_DATE = re.compile(
    r"(-?\d{1,9})(?:-(\d{1,2})(?:-(\d{1,2}))?)?"
    r"(?:T(?:(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?)?)?"
    r"(?:Z|([+-])([01]\d|2[0-3])(?::?([0-5]\d))?)?)?",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class OperatorKind:
    """An operator without prefix and suffix.

    Attributes:
        compile: makes of a policy's values, and of whether `${…}` is a variable, what compares
            with them, and the variables among them.
        is_negated: whether it holds where the comparison does not.
    """

    compile: Callable[[Sequence[str], bool], Compiled]
    is_negated: bool


@functools.lru_cache(maxsize=1024)
def parse_number(text: str) -> Decimal | None:
    """A whole or decimal number; None if it is none."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


@functools.lru_cache(maxsize=1024)
def parse_date(text: str) -> Decimal | None:
    """A date of ISO 8601, or seconds since 1970, as such seconds; None if it is none.

    IAM takes parts of a date that are cut off at any of its colons and dashes, and years from
    -292275054 to 292278993; those beyond Python's are told apart no further.
    """
    if text.isascii() and text.isdigit():
        seconds = Decimal(text)
        return seconds if seconds <= _LAST_SECOND else None
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (
        int(each or least) for each, least in zip(found.groups()[:6], _LEAST, strict=True)
    )
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    known_year = min(max(year, MINYEAR), MAXYEAR)
    try:
        date = datetime(known_year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    fraction, sign, hours, minutes = found.groups()[6:]
    offset = 60 * (60 * int(hours or 0) + int(minutes or 0))
    whole = (date - _EPOCH) // timedelta(seconds=1)
    return Decimal(whole - (-offset if sign == "-" else offset)) + Decimal(f"0.{fraction or 0}")


@functools.lru_cache(maxsize=1024)
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
        address = parse_network(value)
        if address is None or address[1]:
            return False
        version, _, number = address
        return any(version == each and number >> bits == top for each, bits, top in networks)

    return compare, ()


def _binaries(values: Sequence[str], has_variables: bool) -> Compiled:
    wanted = frozenset(map(parse_binary, values)) - {None}
    return lambda value, resolve: parse_binary(value) in wanted, ()


def _operators() -> dict[str, OperatorKind]:
    kinds: dict[str, OperatorKind] = {}
    for name, negation, compiler in (
        ("StringEquals", "StringNotEquals", _text(Style.EXACT)),
        ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", _text(Style.EXACT, folds=True)),
        ("StringLike", "StringNotLike", _text(Style.LIKE)),
        ("ArnEquals", "ArnNotEquals", _text(Style.ARN)),
        ("ArnLike", "ArnNotLike", _text(Style.ARN)),
    ):
        kinds[name] = OperatorKind(compiler, False)
        kinds[negation] = OperatorKind(compiler, True)
    for type_name, parse in (("Numeric", parse_number), ("Date", parse_date)):
        for suffix, order in (
            ("Equals", operator.eq),
            ("LessThan", operator.lt),
            ("LessThanEquals", operator.le),
            ("GreaterThan", operator.gt),
            ("GreaterThanEquals", operator.ge),
        ):
            kinds[type_name + suffix] = OperatorKind(_order(parse, order), False)
        kinds[type_name + "NotEquals"] = OperatorKind(_order(parse, operator.eq), True)
    kinds["Bool"] = OperatorKind(_text(Style.EXACT, folds=True), False)
    kinds["BinaryEquals"] = OperatorKind(_binaries, False)
    kinds["IpAddress"] = OperatorKind(_networks, False)
    kinds["NotIpAddress"] = OperatorKind(_networks, True)
    return kinds


OPERATORS = _operators()
