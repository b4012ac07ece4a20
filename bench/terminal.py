"""Tables and progress on a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from bench.table import Table

WIDTH = 120
"""Columns of a report that does not go to a terminal."""
STYLES = {"reached": "green", "not reached": "bold red", "not measured": "yellow"}


def show(tables: Sequence[Table]) -> None:
    """Prints the tables to standard output."""
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    for table in tables:
        shown = RichTable(
            title=table.title, caption=table.note or None, title_justify="left", min_width=60
        )
        for number, column in enumerate(table.columns):
            shown.add_column(
                column,
                justify="right" if number in table.numeric else "left",
                no_wrap=number in table.names,
            )
        for row in table.rows:
            shown.add_row(*(Text(cell, STYLES.get(cell, "")) for cell in row))
        console.print(shown)
        console.print()
