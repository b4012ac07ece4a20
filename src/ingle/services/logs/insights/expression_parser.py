"""Reads expressions: `or` binds least, then `and`, `not`, comparisons, `+ -`, `* / %`, `^`."""

from ingle.services.logs.insights.errors import QueryError
from ingle.services.logs.insights.reader import Reader
from ingle.services.logs.insights.syntax import (
    Binary,
    Call,
    Expression,
    Field,
    Like,
    Literal,
    Membership,
    Period,
    Unary,
)

_COMPARISONS = ("!=", "<=", ">=", "=", "<", ">")
_UNITS = {
    "ms": 1,
    "s": 1000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
}
_LONG = {
    "millisecond": "ms",
    "second": "s",
    "sec": "s",
    "minute": "m",
    "min": "m",
    "hour": "h",
    "hr": "h",
    "day": "d",
    "week": "w",
}
_DEEPEST = 100


class ExpressionParser:
    """Reads expressions.

    Args:
        reader: where they stand.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._depth = 0

    def expression(self) -> Expression:
        """Read one.

        Raises:
            QueryError: it is malformed.
        """
        self._depth += 1
        if self._depth > _DEEPEST:
            raise QueryError("There are too many parentheses in each other", self._reader.at)
        left = self._conjunction()
        while self._reader.keyword("or"):
            left = Binary("or", left, self._conjunction())
        self._depth -= 1
        return left

    def _conjunction(self) -> Expression:
        left = self._negation()
        while self._reader.keyword("and"):
            left = Binary("and", left, self._negation())
        return left

    def _negation(self) -> Expression:
        negated = False
        while self._reader.keyword("not"):
            negated = not negated
        operand = self._comparison()
        return Unary("not", operand) if negated else operand

    def _comparison(self) -> Expression:
        left = self._sum()
        reader = self._reader
        start = reader.at
        negated = bool(reader.keyword("not"))
        if reader.keyword("in"):
            found: Expression = Membership(left, self._members())
        elif reader.keyword("like") or (not negated and reader.sign("=~")):
            found = self._like(left)
        elif negated:
            reader.at = start
            return left
        else:
            operator = reader.sign(*_COMPARISONS)
            return left if operator is None else Binary(operator, left, self._sum())
        return Unary("not", found) if negated else found

    def _like(self, left: Expression) -> Expression:
        at = self._reader.at
        regex = self._reader.regex()
        if regex is not None:
            return Like(left, regex, True, at)
        text = self._reader.string()
        if text is None:
            raise self._reader.error("a text in quotes or a regular expression between slashes")
        return Like(left, text, False, at)

    def _members(self) -> tuple[Expression, ...]:
        if self._reader.sign("[") is None:
            raise self._reader.error("'[' after in")
        members: list[Expression] = []
        while self._reader.sign("]") is None:
            if members and self._reader.sign(",") is None:
                raise self._reader.error("',' or ']'")
            members.append(self._sum())
        return tuple(members)

    def _sum(self) -> Expression:
        left = self._product()
        while operator := self._reader.sign("+", "-"):
            left = Binary(operator, left, self._product())
        return left

    def _product(self) -> Expression:
        left = self._power()
        while operator := self._reader.sign("*", "/", "%"):
            left = Binary(operator, left, self._power())
        return left

    def _power(self) -> Expression:
        left = self.primary()
        if self._reader.sign("^"):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise QueryError("There are too many '^' after each other", self._reader.at)
            right = self._power()
            self._depth -= 1
            return Binary("^", left, right)
        return left

    def primary(self) -> Expression:
        """Read a field, a function, a value, or an expression in parentheses.

        Raises:
            QueryError: it is malformed.
        """
        reader = self._reader
        if reader.sign("("):
            inner = self.expression()
            if reader.sign(")") is None:
                raise reader.error("')'")
            return inner
        if reader.sign("-"):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise QueryError("There are too many '-' after each other", reader.at)
            operand = self.primary()
            self._depth -= 1
            return Unary("-", operand)
        text = reader.string()
        if text is not None:
            return Literal(text)
        digits = reader.number()
        if digits is not None:
            return Literal(int(digits) if digits.isdigit() else float(digits))
        at = reader.at
        period = reader.period()
        if period is not None:
            return _period(*period, at)
        name = reader.name()
        if name is None:
            raise reader.error("a field, a number, a text or a function")
        if reader.query[at] != "`":
            if name.lower() in ("true", "false"):
                return Literal(name.lower() == "true")
            if reader.sign("("):
                return Call(name.lower(), self._arguments(), at)
        return Field(name)

    def _arguments(self) -> tuple[Expression, ...]:
        reader = self._reader
        if reader.sign("*"):
            if reader.sign(")") is None:
                raise reader.error("')' after '*'")
            return ()
        arguments: list[Expression] = []
        while reader.sign(")") is None:
            if arguments and reader.sign(",") is None:
                raise reader.error("',' or ')'")
            arguments.append(self.expression())
        return tuple(arguments)


def _period(count: int, unit: str, at: int) -> Period:
    short = _LONG.get(unit.removesuffix("s"), unit)
    if short not in _UNITS:
        raise QueryError(f"'{unit}' is not a unit of time that Ingle has: {', '.join(_UNITS)}", at)
    if count == 0:
        raise QueryError("a period of time must not be 0", at)
    return Period(count * _UNITS[short])
