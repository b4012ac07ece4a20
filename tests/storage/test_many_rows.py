"""Fewer statements do what many would have done."""

import sqlite3
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.storage.many_rows import ROWS, VALUES, widened

values = st.one_of(
    st.none(), st.integers(-5, 5), st.binary(max_size=3), st.text("a?(),", max_size=3)
)


def table() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("CREATE TABLE t (a, b, c DEFAULT 7)")
    connection.execute("INSERT INTO t (a, b) VALUES (1, 1), (1, 2), (NULL, 3), ('a', 4)")
    return connection


@given(st.lists(st.tuples(values, values), max_size=3 * ROWS))
def test_rows_are_inserted_as_one_by_one(rows: list[tuple[object, ...]]) -> None:
    operation = "INSERT INTO t (a, b) VALUES (?, ?)"
    one_by_one, together = table(), table()
    one_by_one.executemany(operation, rows)
    count = sum(together.execute(*each).rowcount for each in widened(operation, rows) or ())
    assert count == len(rows)
    query = "SELECT rowid, * FROM t"
    assert together.execute(query).fetchall() == one_by_one.execute(query).fetchall()


@given(st.lists(st.tuples(values), max_size=2 * ROWS))
def test_rows_are_deleted_as_one_by_one(rows: list[tuple[object, ...]]) -> None:
    operation = "DELETE FROM t WHERE t.a = ?"
    one_by_one, together = table(), table()
    count = one_by_one.executemany(operation, rows).rowcount if rows else 0
    assert sum(together.execute(*each).rowcount for each in widened(operation, rows) or ()) == count
    query = "SELECT rowid, * FROM t"
    assert together.execute(query).fetchall() == one_by_one.execute(query).fetchall()


@given(st.integers(1, 1200), st.integers(0, 300))
def test_all_rows_are_in_statements_that_are_not_too_long(width: int, count: int) -> None:
    row = ", ".join("?" * width)
    rows = [(number,) * width for number in range(count)]
    statements = list(widened(f"INSERT INTO t (…) VALUES ({row})", rows) or ())
    assert list(chain(*(each for _, each in statements))) == list(chain(*rows))
    for operation, each in statements:
        assert operation.count("?") == len(each)
        assert len(each) <= max(width, VALUES)
    assert len({operation for operation, _ in statements}) <= ROWS.bit_length()


@pytest.mark.parametrize(
    "operation",
    [
        "INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT (a) DO NOTHING",
        "INSERT INTO t (a, b) VALUES (?, lower(?))",
        "INSERT INTO t (a) SELECT ?",
        "UPDATE t SET a = ? WHERE t.b = ?",
        "DELETE FROM t WHERE t.a = ? AND t.b = ?",
        "DELETE FROM t WHERE t.a < ?",
    ],
)
def test_what_is_more_than_its_values_stays_as_it_is(operation: str) -> None:
    assert widened(operation, [(1, 2)]) is None
