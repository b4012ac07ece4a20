"""The screen of `ingle top`."""

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich.console import Console, ConsoleDimensions, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ingle.cli.errors import CommandError
from ingle.cli.top import Sort, ordered

_KEYS = {
    "r": Sort.RATE,
    "5": Sort.P50,
    "9": Sort.P99,
    "e": Sort.ERRORS,
    "t": Sort.THROTTLES,
    "s": Sort.SANDBOXES,
    "m": Sort.MEMORY,
    "n": Sort.NAME,
}
_HEADS = {
    Sort.RATE: "/s",
    Sort.P50: "p50",
    Sort.P99: "p99",
    Sort.ERRORS: "errors",
    Sort.THROTTLES: "throttles",
    Sort.SANDBOXES: "sandboxes",
    Sort.MEMORY: "memory",
}
_OWN_LINES = 6
"""Lines that are not functions: title, heads, what is left out, keys, and an error."""
_GAP = 2
"""Between columns."""
_WIDE = 1000
"""What is printed to no terminal may take as many characters in a line."""
_MINUTE_MS = 60_000
_S_MS = 1000

Report = Mapping[str, Any]


def print_once(report: Report, sort: Sort) -> None:
    """Print a report as a table."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDE
    console.print(_title(report))
    console.print(_table(report, sort, console.width, None))


def show(report: Report, look: Callable[[], Report], sort: Sort, interval_s: float) -> None:
    """Show reports, each for so long, until q is pressed.

    A server that does not answer is asked again.

    Args:
        report: the first one.
        look: takes another one.
        sort: what it is sorted by at first.
        interval_s: how long each is shown.
    """
    console = Console(highlight=False)
    problem = ""
    with _single_keys() as key_within, Live(console=console, screen=True, auto_refresh=False) as on:
        while True:
            on.update(_screen(report, sort, console.size, problem), refresh=True)
            until = time.monotonic() + interval_s
            while (left := until - time.monotonic()) > 0:
                key = key_within(left)
                if key == "q":
                    return
                if key in _KEYS:
                    sort = _KEYS[key]
                    on.update(_screen(report, sort, console.size, problem), refresh=True)
            try:
                report, problem = look(), ""
            except CommandError as error:
                problem = error.problem


def _screen(report: Report, sort: Sort, size: ConsoleDimensions, problem: str) -> Group:
    keys = "  ".join(
        f"[bold]{key}[/] [reverse]{by}[/]" if by is sort else f"[bold]{key}[/] {by}"
        for key, by in _KEYS.items()
    )
    title = Text.assemble(_title(report), "   ", ("q", "bold"), " end", overflow="ellipsis")
    most = max(1, size.height - _OWN_LINES)
    parts: list[Any] = [title, _table(report, sort, size.width, most)]
    if problem:
        parts.append(Text(f"{problem}; asking again", style="red"))
    line = Text.from_markup(f"[dim]sort[/]  {keys}", overflow="ellipsis")
    line.no_wrap = True
    parts.append(line)
    return Group(*parts)


def _title(report: Report) -> Text:
    at = datetime.fromtimestamp(report["Time"])
    functions = report["Functions"]
    rate = sum(each["PerSecond"] for each in functions)
    count = sum(each["Sandboxes"] for each in functions)
    sandboxes = "1 sandbox" if count == 1 else f"{count:,} sandboxes"
    return Text.from_markup(
        f"[bold]{at:%H:%M:%S}[/]  {escape(report['Region'])}  {report['AccountId']}   "
        f"last {report['Seconds']:.0f} s: {rate:,.1f}/s, {sandboxes}",
        overflow="ellipsis",
    )


def _table(report: Report, sort: Sort, width: int, most: int | None) -> Any:
    functions = ordered(report, sort)
    if not functions:
        return Text("nothing has run lately; try `ingle invoke NAME`", style="dim")
    table = Table(box=None, pad_edge=False, header_style="bold", expand=False)
    rows = [list(_row(each)) for each in functions[:most]]
    heads = [f"[reverse]{head}[/]" if by is sort else head for by, head in _HEADS.items()]
    columns = zip(heads, *(figures for _, *figures in rows), strict=True)
    taken = sum(max(map(_width, cells)) + _GAP for cells in columns)
    # Names give way to figures.
    names = max(_width(name) for name in ("function", *(name for name, *_ in rows)))
    table.add_column(
        "function", overflow="ellipsis", no_wrap=True, width=max(8, min(names, width - taken))
    )
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    left = len(functions) - len(functions[:most])
    if not left:
        return table
    return Group(table, Text(f"… and {left} more", style="dim"))


def _row(each: Mapping[str, Any]) -> Iterator[str]:
    yield escape(each["Function"])
    yield f"{each['PerSecond']:,.2f}"
    yield _duration(each["P50Ms"])
    yield _duration(each["P99Ms"])
    yield f"[red]{each['Errors']:,}[/]" if each["Errors"] else "0"
    yield f"[yellow]{each['Throttles']:,}[/]" if each["Throttles"] else "0"
    yield f"{each['Sandboxes']:,}"
    yield f"{each['PeakMB']:,}/{each['MemoryMB']:,} MB" if each["MemoryMB"] else "–"


def _width(markup: str) -> int:
    return Text.from_markup(markup).cell_len


def _duration(ms: float | None) -> str:
    if ms is None:
        return "–"
    if ms >= _MINUTE_MS:
        return f"{ms / _MINUTE_MS:.1f} min"
    if ms >= _S_MS:
        return f"{ms / _S_MS:.2f} s"
    return f"{ms:.1f} ms" if ms < 100 else f"{ms:.0f} ms"


@contextmanager
def _single_keys() -> Iterator[Callable[[float], str]]:
    """Have keys read at once and not shown; yield what waits so many seconds for one."""
    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)

    def key_within(seconds: float) -> str:
        ready, _, _ = select.select([fd], [], [], max(0.0, seconds))
        return os.read(fd, 1).decode("ascii", "replace") if ready else ""

    tty.setcbreak(fd)
    try:
        yield key_within
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
