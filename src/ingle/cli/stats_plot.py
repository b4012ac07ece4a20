"""The plots of `ingle stats`."""

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import plotext
import typer
from rich.console import Console

from ingle.cli.stats import PERCENTILES, SUMS

_COLOURS = {
    "p50": "green",
    "p90": "orange",
    "p99": "red",
    "Invocations": "blue",
    "Errors": "red",
    "Throttles": "orange",
}
_HEIGHT = 12
_TICKS = 6
_WIDEST = 140
_DAY_S = 86_400

Points = Sequence[Mapping[str, Any]]


def print_plots(
    title: str, found: Mapping[str, Points], start_s: float, end_s: float, period_s: int
) -> None:
    """Print a plot of durations and one of counts, with colours on a terminal only.

    Args:
        title: whose they are.
        found: by metric, its points.
        start_s: where the plots begin, in seconds since the epoch.
        end_s: where they end.
        period_s: what each point is of.
    """
    width = min(_WIDEST, Console().width)
    plots = [_durations(title, found["Duration"]), _counts(found, start_s, end_s, period_s)]
    for draw in plots:
        plotext.clear_figure()
        plotext.theme("clear")
        plotext.plotsize(width, _HEIGHT)
        draw()
        plotext.xlim(start_s, end_s)
        plotext.xticks(*_ticks(start_s, end_s))
        text = plotext.build().rstrip("\n")
        plain = not sys.stdout.isatty() or os.environ.get("NO_COLOR")
        typer.echo(plotext.uncolorize(text) if plain else text)
    typer.echo(_summary(found))


def _durations(title: str, points: Points) -> Any:
    def draw() -> None:
        plotext.title(f"{title}: duration in ms")
        times = [each["Time"] for each in points]
        for name in reversed(PERCENTILES):
            values = [each[name] for each in points]
            plotext.plot(times, values, label=name, color=_COLOURS[name], marker="braille")
        highest = max((each["p99"] for each in points), default=1.0)
        plotext.ylim(0, highest * 1.1 or 1.0)

    return draw


def _counts(found: Mapping[str, Points], start_s: float, end_s: float, period_s: int) -> Any:
    def draw() -> None:
        plotext.title(f"per {_spoken(period_s)}")
        times = list(range(int(start_s), int(end_s), period_s))
        highest = 1.0
        for name in SUMS:
            known = {each["Time"]: each["Sum"] for each in found[name]}
            values = [known.get(at, 0.0) for at in times]
            highest = max(highest, *values)
            if name == "Invocations" or any(values):
                plotext.plot(
                    times, values, label=name.lower(), color=_COLOURS[name], marker="braille"
                )
        plotext.ylim(0, highest * 1.1)

    return draw


def _ticks(start_s: float, end_s: float) -> tuple[list[float], list[str]]:
    step = (end_s - start_s) / (_TICKS - 1)
    at = [start_s + step * number for number in range(_TICKS)]
    form = "%H:%M" if end_s - start_s <= _DAY_S else "%m-%d %H:%M"
    return at, [datetime.fromtimestamp(each).strftime(form) for each in at]


def _spoken(period_s: int) -> str:
    for unit_s, unit in ((_DAY_S, "day"), (3600, "hour"), (60, "minute")):
        if period_s >= unit_s:
            count = period_s // unit_s
            return unit if count == 1 else f"{count} {unit}s"
    return f"{period_s} seconds"


def _summary(found: Mapping[str, Points]) -> str:
    sums = {name: sum(each["Sum"] for each in found[name]) for name in SUMS}
    text = ", ".join(
        f"{count:,.0f} {name.lower().removesuffix('s' if count == 1 else '')}"
        for name, count in sums.items()
    )
    if sums["Invocations"]:
        text += f"; {sums['Errors'] / sums['Invocations']:.2%} failed"
    if found["Duration"]:
        text += f"; the longest took {max(each['Maximum'] for each in found['Duration']):,.1f} ms"
    return text
