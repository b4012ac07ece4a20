"""What a report consists of: tables of text, and how figures are written in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MISSING = "—"
"""What was not measured in this run."""
IMPOSSIBLE = "n/a"
"""What a peer cannot do."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table; all cells are text.

    Attributes:
        title: above it.
        columns: headings; the first column names the row.
        rows: the cells.
        note: how it was measured, below it.
        numeric: the indexes of the columns that hold figures.
        names: the indexes of the columns that hold short names, not to be broken.
    """

    title: str
    columns: Sequence[str]
    rows: list[list[str]] = field(default_factory=list)
    note: str = ""
    numeric: Sequence[int] = ()
    names: Sequence[int] = (0,)


def number(results: Mapping[str, float], name: str, digits: int = 2) -> str:
    """A figure as a cell."""
    value = results.get(name)
    return MISSING if value is None else f"{value:,.{digits}f}"


def ratio(results: Mapping[str, float], name: str, own: str) -> str:
    """A figure as a multiple of another, as a cell."""
    if name not in results or not results.get(own):
        return MISSING
    return f"{results[name] / results[own]:.2f}"
