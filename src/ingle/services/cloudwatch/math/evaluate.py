"""What an expression is worth."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from ingle.services.cloudwatch.math.errors import BadExpression
from ingle.services.cloudwatch.math.functions import ELSEWHERE, FUNCTIONS, WORDS, Grid
from ingle.services.cloudwatch.math.language import (
    Array,
    Binary,
    Call,
    Name,
    Negative,
    Node,
    Number,
    Text,
)
from ingle.services.cloudwatch.math.values import Series, Value, combine


class Search(NamedTuple):
    """A call of SEARCH.

    Attributes:
        text: what is searched for.
        statistic: of what is found.
        period: of its datapoints; None where it is not told.
    """

    text: str
    statistic: str
    period: int | None


class Scope(NamedTuple):
    """What an expression may refer to.

    Attributes:
        grid: the times that are asked for.
        metrics: the request's metrics by their ids, in its order.
        value: gives what another expression or a metric is worth, by its id; raises BadExpression.
        found: what each search has found.
    """

    grid: Grid
    metrics: Mapping[str, Series]
    value: Callable[[str], Value]
    found: Mapping[Search, list[Series]]


def searches(node: Node) -> Iterator[Search]:
    """List the calls of SEARCH in an expression; raises BadExpression."""
    match node:
        case Call("SEARCH", arguments):
            yield _search(arguments)
        case Call(_, items) | Array(items):
            for each in items:
                yield from searches(each)
        case Negative(operand):
            yield from searches(operand)
        case Binary(_, left, right):
            yield from searches(left)
            yield from searches(right)


def evaluate(node: Node, scope: Scope) -> Value:
    """Compute an expression.

    Raises:
        BadExpression: it cannot be.
    """
    match node:
        case Number(value):
            return value
        case Text(text):
            return text
        case Name(name):
            return scope.value(name)
        case Negative(operand):
            return combine("*", -1.0, evaluate(operand, scope))
        case Binary(operator, left, right):
            return combine(operator, evaluate(left, scope), evaluate(right, scope))
        case Array(items):
            return _flat([evaluate(each, scope) for each in items])
        case Call("METRICS", arguments):
            return _metrics(arguments, scope)
        case Call("SEARCH", arguments):
            return list(scope.found[_search(arguments)])
        case Call(name, arguments):
            return _call(name, arguments, scope)
    raise AssertionError(node)


def _call(name: str, arguments: tuple[Node, ...], scope: Scope) -> Value:
    function = FUNCTIONS.get(name)
    if function is None:
        if name in ELSEWHERE:
            raise BadExpression(f"Function {name} is not implemented by Ingle yet")
        raise BadExpression(f"Function '{name}' not found")
    values = [
        each.name if isinstance(each, Name) and each.name in WORDS else evaluate(each, scope)
        for each in arguments
    ]
    return function(name, values, scope.grid)


def _metrics(arguments: tuple[Node, ...], scope: Scope) -> Value:
    match arguments:
        case ():
            return list(scope.metrics.values())
        case (Text(part),):
            return [series for name, series in scope.metrics.items() if part in name]
    raise BadExpression("Function METRICS takes a text, or nothing")


def _search(arguments: tuple[Node, ...]) -> Search:
    match arguments:
        case (Text(text), Text(statistic)):
            return Search(text, statistic, None)
        case (Text(text), Text(statistic), Number(period)) if period >= 1:
            return Search(text, statistic, int(period))
    raise BadExpression("Function SEARCH takes a text, a statistic and a period")


def _flat(values: list[Value]) -> list[Series]:
    several: list[Series] = []
    for value in values:
        if isinstance(value, Series):
            several.append(value)
        elif isinstance(value, list):
            several += value
        else:
            raise BadExpression("An array has time series in it, and nothing else")
    return several
