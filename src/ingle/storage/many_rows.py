"""One statement instead of many that differ in their values alone.

SQLite's module gives up Python's global lock with each row of `executemany`, and waits for it again
each time, which takes longer than the row where the event loop is busy.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

ROWS = 64
"""How many rows one statement takes at most."""
VALUES = 999
"""How many values one statement takes at most, whatever SQLite was built with; see
https://www.sqlite.org/limits.html#max_variable_number.
"""

_INSERT = re.compile(r"(?P<head>INSERT (?:OR \w+ )?INTO .+ VALUES )(?P<row>\(\?(?:, \?)*\))", re.S)
_DELETE = re.compile(r"(?P<head>DELETE FROM \S+ WHERE \S+) = \?")


def widened(
    operation: str, rows: Sequence[Sequence[Any]]
) -> Iterator[tuple[str, Sequence[Any]]] | None:
    """Say the same with fewer statements.

    Statements take a power of two of rows, so that there are few that have to be prepared.

    Args:
        operation: a statement with `?` for its values.
        rows: the values of each time that it is executed.

    Returns:
        Statements with all their values, in the order of the rows; None where it is neither an
        INSERT of plain values nor a DELETE by one column.
    """
    if (insert := _INSERT.fullmatch(operation)) is not None:
        return _statements(insert["head"], insert["row"], "", rows)
    if (delete := _DELETE.fullmatch(operation)) is not None:
        return _statements(f"{delete['head']} IN (", "?", ")", rows)
    return None


def _statements(
    head: str, row: str, tail: str, rows: Sequence[Sequence[Any]]
) -> Iterator[tuple[str, Sequence[Any]]]:
    room = max(1, min(ROWS, VALUES // row.count("?")))
    start = 0
    while left := len(rows) - start:
        count = 1 << min(room, left).bit_length() - 1
        values = tuple(chain.from_iterable(rows[start : start + count]))
        yield f"{head}{', '.join([row] * count)}{tail}", values
        start += count
