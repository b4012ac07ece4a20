"""Makes functions of rows out of expressions."""

import math
from collections.abc import Callable, Mapping

import re2

from ingle.services.logs.insights.errors import QueryError
from ingle.services.logs.insights.functions import AGGREGATES, FUNCTIONS, PERCENTILES
from ingle.services.logs.insights.records import Row
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
from ingle.services.logs.insights.values import Moment, Value, equal, number, order, text, truth

Evaluator = Callable[[Row], Value]
TIMESTAMP = "@timestamp"
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_MOST_CHARACTERS = 1 << 20
"""What repeated concatenation may grow a value to."""


def compile_regex(pattern: str, at: int) -> "re2._Regexp":
    """Compile a regular expression of a query; matching takes time in proportion to the text.

    Raises:
        QueryError: it is malformed, or looks around or back.
    """
    try:
        return re2.compile(pattern, _OPTIONS)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        told = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise QueryError(f"/{pattern}/ is not a regular expression: {told}", at) from error


def is_aggregate(call: Call) -> bool:
    """Whether a function is one of many events."""
    return call.name in AGGREGATES or call.name in PERCENTILES or call.name == "median"


def compile_expression(
    expression: Expression, known: Mapping[Expression, Evaluator] | None = None
) -> Evaluator:
    """Make a function that evaluates an expression.

    Args:
        expression: what is evaluated.
        known: expressions that have been evaluated in another way.

    Raises:
        QueryError: a function is unknown, or has a wrong number of arguments.
    """
    known = known or {}
    if expression in known:
        return known[expression]

    def compiled(part: Expression) -> Evaluator:
        return compile_expression(part, known)

    if isinstance(expression, Literal | Period):
        value = expression.value if isinstance(expression, Literal) else expression.ms
        return lambda row: value
    if isinstance(expression, Field):
        name = expression.name
        return lambda row: row.get(name)
    if isinstance(expression, Unary):
        operand = compiled(expression.operand)
        if expression.operator == "not":
            return lambda row: not truth(operand(row))
        return lambda row: _negative(operand(row))
    if isinstance(expression, Membership):
        operand = compiled(expression.operand)
        members = [compiled(member) for member in expression.members]
        return lambda row: any(equal(operand(row), member(row)) for member in members)
    if isinstance(expression, Like):
        return _like(expression, compiled(expression.operand))
    if isinstance(expression, Call):
        return _call(expression, compiled)
    return _binary(expression, compiled(expression.left), compiled(expression.right))


def _negative(value: Value) -> Value:
    read = number(value)
    return None if read is None else -read


def _like(expression: Like, operand: Evaluator) -> Evaluator:
    if expression.is_regex:
        search = compile_regex(expression.text, expression.at).search

        def found(row: Row) -> Value:
            value = operand(row)
            return value is not None and search(text(value)) is not None

        return found
    part = expression.text

    def holds(row: Row) -> Value:
        value = operand(row)
        return value is not None and part in text(value)

    return holds


def _call(call: Call, compiled: Callable[[Expression], Evaluator]) -> Evaluator:
    if call.name == "bin":
        if len(call.arguments) != 1 or not isinstance(call.arguments[0], Period):
            raise QueryError("bin takes a period, for instance bin(5m)", call.at)
        period = call.arguments[0].ms

        def binned(row: Row) -> Value:
            moment = number(row.get(TIMESTAMP))
            return None if moment is None else Moment(int(moment) // period * period)

        return binned
    if is_aggregate(call):
        raise QueryError(f"{call.name} is an aggregate function, which only stats has", call.at)
    function = FUNCTIONS.get(call.name)
    if function is None:
        raise QueryError(f"There is no function '{call.name}'", call.at)
    count = len(call.arguments)
    if count < function.least or (function.most is not None and count > function.most):
        raise QueryError(f"{call.name} does not take {count} arguments", call.at)
    arguments = [compiled(argument) for argument in call.arguments]
    run = function.run

    def applied(row: Row) -> Value:
        result = run([argument(row) for argument in arguments])
        return result[:_MOST_CHARACTERS] if isinstance(result, str) else result

    return applied


def _binary(expression: Binary, left: Evaluator, right: Evaluator) -> Evaluator:
    operator = expression.operator
    if operator == "and":
        return lambda row: truth(left(row)) and truth(right(row))
    if operator == "or":
        return lambda row: truth(left(row)) or truth(right(row))
    if operator == "=":
        return lambda row: equal(left(row), right(row))
    if operator == "!=":
        return lambda row: not equal(left(row), right(row))
    if operator in _ORDERINGS:
        passes = _ORDERINGS[operator]

        def compared(row: Row) -> Value:
            result = order(left(row), right(row))
            return result is not None and passes(result)

        return compared
    return lambda row: _arithmetic(operator, left(row), right(row))


_ORDERINGS: dict[str, Callable[[int], bool]] = {
    "<": lambda result: result < 0,
    "<=": lambda result: result <= 0,
    ">": lambda result: result > 0,
    ">=": lambda result: result >= 0,
}


def _arithmetic(operator: str, left: Value, right: Value) -> Value:
    one, other = number(left), number(right)
    if one is None or other is None:
        return None
    result: float
    try:
        if operator == "+":
            result = one + other
        elif operator == "-":
            result = one - other
        elif operator == "*":
            result = one * other
        elif operator == "/":
            result = one / other
        elif operator == "%":
            result = math.fmod(one, other)
        else:
            # As floats, because whole numbers would grow without bound.
            result = float(one) ** float(other)
    except (ArithmeticError, ValueError):
        return None
    if isinstance(result, complex) or not math.isfinite(result):
        return None
    if operator in "+-" and (isinstance(left, Moment) != isinstance(right, Moment)):
        return Moment(int(result))
    return int(result) if isinstance(result, float) and _whole(operator, result) else result


def _whole(operator: str, result: float) -> bool:
    return operator in "%^" and result.is_integer() and abs(result) < 1e15
