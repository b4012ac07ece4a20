"""Metric math: every function and operator."""

import contextlib
import math
from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingle.services.cloudwatch.math.errors import BadExpression
from ingle.services.cloudwatch.math.evaluate import Scope, evaluate
from ingle.services.cloudwatch.math.functions import ELSEWHERE, FUNCTIONS, Grid
from ingle.services.cloudwatch.math.language import Binary, Name, Negative, Node, Number, parse
from ingle.services.cloudwatch.math.values import Series, Value

# 2026-03-04 05:00 UTC, a Wednesday.
T = 1_772_600_400
GRID = Grid(T, T + 300, 60)


def series(*values: float | None, label: str = "") -> Series:
    points = {T + 60 * at: float(each) for at, each in enumerate(values) if each is not None}
    return Series(points, 60, label)


METRICS = {
    "m1": series(1, 2, 3, 4, 5, label="one"),
    "m2": series(10, None, 30, None, 50, label="two"),
    "zero": series(0, 1, 0, 1, 0, label="zero"),
    "empty": series(),
}


def worth(text: str, metrics: Mapping[str, Series] = METRICS) -> Value:
    return evaluate(parse(text), Scope(GRID, metrics, metrics.__getitem__, {}))


def told(value: Value) -> object:
    """A time series as a list, with None where a value is missing."""
    if isinstance(value, Series):
        return [value.points.get(at) for at in GRID.times]
    if isinstance(value, list):
        return [told(each) for each in value]
    return value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("m1 + 1", [2, 3, 4, 5, 6]),
        ("10 - m1 * 2", [8, 6, 4, 2, 0]),
        ("m1 + m2", [11, None, 33, None, 55]),
        ("m1 / zero", [None, 2, None, 4, None]),
        ("-m1 ^ 2", [-1, -4, -9, -16, -25]),
        ("2 ^ 3 ^ 1 * 2 + 1", 17),
        ("m1 > 2", [0, 0, 1, 1, 1]),
        ("m1 >= 2 && m1 < 4", [0, 1, 1, 0, 0]),
        ("m1 == 1 OR m1 == 5", [1, 0, 0, 0, 1]),
        ("m1 != 3 AND zero", [0, 1, 0, 1, 0]),
        ("[m1, zero] * 2", [[2, 4, 6, 8, 10], [0, 2, 0, 2, 0]]),
        ("[m1, zero] + m1", [[2, 4, 6, 8, 10], [1, 3, 3, 5, 5]]),
        ("[m1, zero] + [zero, m1]", [[1, 3, 3, 5, 5], [1, 3, 3, 5, 5]]),
        ("ABS(0 - m1)", [1, 2, 3, 4, 5]),
        ("AVG(m1)", 3),
        ("AVG([m1, m2])", [5.5, 2, 16.5, 4, 27.5]),
        ("SUM(METRICS())", [11, 3, 33, 5, 55]),
        ("METRICS('m')", [[1, 2, 3, 4, 5], [10, None, 30, None, 50], [None] * 5]),
        ("CEIL(m1 / 2)", [1, 1, 2, 2, 3]),
        ("FLOOR(m1 / 2)", [0, 1, 1, 2, 2]),
        ("DATAPOINT_COUNT(m2)", 3),
        ("DATAPOINT_COUNT([m1, m2])", [2, 1, 2, 1, 2]),
        ("DIFF(m2)", [None, None, 20, None, 20]),
        ("DIFF_TIME(m2)", [None, None, 120, None, 120]),
        ("RATE(m1)", [None] + [1 / 60] * 4),
        ("FILL(m2, 0)", [10, 0, 30, 0, 50]),
        ("FILL(m2, REPEAT)", [10, 10, 30, 30, 50]),
        ("FILL(m2, LINEAR)", [10, 20, 30, 40, 50]),
        ("FILL(m2, m1)", [10, 2, 30, 4, 50]),
        ("FILL([m2, empty], 7)", [[10, 7, 30, 7, 50], [7] * 5]),
        ("FIRST([m1, zero])", [1, 2, 3, 4, 5]),
        ("LAST([m1, zero])", [0, 1, 0, 1, 0]),
        ("IF(m1 > 3, m1)", [None, None, None, 4, 5]),
        ("IF(m1 > 3, m1, 0)", [0, 0, 0, 4, 5]),
        ("IF(m1 > 3, 100, m2)", [10, None, 30, 100, 100]),
        ("IF(1, m1, zero)", [1, 2, 3, 4, 5]),
        ("IF(m1 > 2, [m1, zero], 9)", [[9, 9, 3, 4, 5], [9, 9, 0, 1, 0]]),
        ("LOG10(m1 * 0 + 100)", [2] * 5),
        ("LOG(zero)", [None, 0, None, 0, None]),
        ("MAX(m1) - MIN(m1)", 4),
        ("MAX([m1, m2])", [10, 2, 30, 4, 50]),
        ("MIN([m1, m2])", [1, 2, 3, 4, 5]),
        ("METRIC_COUNT(METRICS())", 4),
        ("PERIOD(m1)", 60),
        ("REMOVE_EMPTY(METRICS())", [told(METRICS[each]) for each in ("m1", "m2", "zero")]),
        ("RUNNING_SUM(m1)", [1, 3, 6, 10, 15]),
        ("SLICE([m1, m2, zero], 2)", [[0, 1, 0, 1, 0]]),
        ("SLICE([m1, m2, zero], 0, 1)", [[1, 2, 3, 4, 5]]),
        ("SORT([zero, m1], MAX, DESC)", [[1, 2, 3, 4, 5], [0, 1, 0, 1, 0]]),
        ("SORT([m1, zero], SUM, ASC, 1)", [[0, 1, 0, 1, 0]]),
        ("STDDEV(m1)", math.sqrt(2)),
        ("TIME_SERIES(AVG(m1))", [3] * 5),
        ("MINUTE(m1)", [0, 1, 2, 3, 4]),
        ("HOUR(m1)", [5] * 5),
        ("DAY(m1)", [3] * 5),
        ("DATE(m1)", [4] * 5),
        ("MONTH(m1)", [3] * 5),
        ("YEAR(m1)", [2026] * 5),
        ("EPOCH(m1) - 1772600400", [0, 60, 120, 180, 240]),
        ("100 * (errors / invocations)", [50]),
    ],
)
def test_expressions_are_worth_what_aws_documents(text: str, expected: object) -> None:
    metrics = dict(METRICS)
    if "errors" in text:
        metrics = {"errors": series(1), "invocations": series(2)}
        expected = [50, None, None, None, None]
    found = told(worth(text, metrics))
    if isinstance(expected, float):
        assert found == pytest.approx(expected)
    else:
        assert found == expected


def test_every_function_is_tested() -> None:
    import inspect

    source = inspect.getsource(inspect.getmodule(told))  # type: ignore[arg-type]
    assert {name for name in FUNCTIONS if f"{name}(" not in source} == set()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "m1 +",
        "(m1",
        "m1)",
        "m1 m2",
        "[m1, 2]",
        "SUM()",
        "SUM(m1, m2)",
        "SUM(1)",
        "FILL(m1)",
        "FILL(m1, 'x')",
        "NOPE(m1)",
        "m1 + 'text'",
        "SLICE(m1, 1)",
        "SLICE([m1], -1)",
        "SORT([m1], MEDIAN, ASC)",
        "SORT([m1], MAX, UP)",
        "IF(m1)",
        "METRICS(1)",
        "[m1] + [m1, m2]",
        "m1 § 2",
        "(" * 200 + "1" + ")" * 200,
        *(f"{name}(m1)" for name in sorted(ELSEWHERE)),
    ],
)
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises((BadExpression, KeyError)):
        worth(text)


numbers = st.floats(0.25, 1024).map(lambda each: Number(round(each * 4) / 4))
nodes = st.recursive(
    numbers | st.sampled_from([Name("a"), Name("b")]),
    lambda inner: (
        st.builds(Negative, inner)
        | st.builds(Binary, st.sampled_from(["+", "-", "*", "/", "<", "==", "&&"]), inner, inner)
    ),
    max_leaves=12,
)
VALUES = {"a": 3.0, "b": -2.5}


def written(node: Node) -> str:
    match node:
        case Number(value):
            return repr(value)
        case Name(name):
            return name
        case Negative(operand):
            return f"-({written(operand)})"
        case Binary(sign, left, right):
            return f"({written(left)}){sign}({written(right)})"
    raise AssertionError(node)


def naive(node: Node) -> float:
    match node:
        case Number(value):
            return value
        case Name(name):
            return VALUES[name]
        case Negative(operand):
            return -naive(operand)
        case Binary(sign, left, right):
            one, two = naive(left), naive(right)
            if math.isnan(one) or math.isnan(two):
                return math.nan
            if sign == "/":
                return one / two if two else math.nan
            if sign == "&&":
                return float(bool(one) and bool(two))
            return float(eval(f"x {sign} y", {"x": one, "y": two}))
    raise AssertionError(node)


@given(nodes)
def test_what_is_written_is_read_as_it_was_meant(node: Node) -> None:
    assert parse(written(node)) == node


@given(nodes)
@example(Binary("<", Number(1.0), Binary("/", Name("a"), Number(0.0))))
@example(Binary("&&", Number(1.0), Binary("/", Number(1.0), Number(0.0))))
def test_arithmetic_is_that_of_numbers_at_every_time(node: Node) -> None:
    metrics = {name: series(*[value] * 5) for name, value in VALUES.items()}
    expected = naive(node)
    found = told(worth(written(node), metrics))
    if isinstance(found, list):
        wanted = expected if math.isfinite(expected) else None
        assert found == [wanted if wanted is None else pytest.approx(wanted)] * 5
    else:
        assert found == pytest.approx(expected, nan_ok=True)


@given(st.text(max_size=40))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    with contextlib.suppress(BadExpression):
        parse(text)
