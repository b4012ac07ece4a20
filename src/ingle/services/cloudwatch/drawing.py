"""Draws graphs with matplotlib, as a program of its own.

It reads JSON from its standard input, after its length in four bytes, and writes a PNG in the same
way, until there is no more input.
"""

import datetime
import io
import json
import struct
import sys
from collections.abc import Sequence
from typing import Any, BinaryIO

import matplotlib.dates
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

_dates: Any = matplotlib.dates  # has no types
_SIZE = struct.Struct("!I")
_DPI = 100
_COLOURS = (
    "#1f77b4",
    "#ff7f0e",
    "#2ca02c",
    "#d62728",
    "#9467bd",
    "#8c564b",
    "#e377c2",
    "#7f7f7f",
    "#bcbd22",
    "#17becf",
)
_LIGHT = ("#ffffff", "#16191f", "#eaeded")
_DARK = ("#2a2e33", "#d5dbdb", "#545b64")


def draw(drawing: dict[str, Any]) -> bytes:
    """Draw a graph; return a PNG of exactly the size that was asked for."""
    size = (drawing["width"] / _DPI, drawing["height"] / _DPI)
    paper, ink, _ = _DARK if drawing["dark"] else _LIGHT
    figure = Figure(figsize=size, dpi=_DPI, facecolor=paper, layout="constrained")
    canvas: Any = FigureCanvasAgg(figure)
    if drawing["title"]:
        figure.suptitle(_plain(drawing["title"]), color=ink, fontsize=10)
    given = {str(series.get("color")).lower() for series in drawing["series"]}
    ours = [colour for colour in _COLOURS if colour not in given] or _COLOURS
    for number, series in enumerate(drawing["series"]):
        series["color"] = _colour(series.get("color"), number, ours)
        series["label"] = _plain(series["label"])
    {
        "singleValue": _numbers,
        "gauge": _numbers,
        "table": _numbers,
        "pie": _pie,
        "bar": _bars,
    }.get(drawing["view"], _lines)(figure, drawing)
    image = io.BytesIO()
    canvas.print_png(image)
    return image.getvalue()


def _lines(figure: Figure, drawing: dict[str, Any]) -> None:
    left = figure.add_subplot()
    _style(left, drawing)
    zone = datetime.timezone(datetime.timedelta(seconds=drawing["zone"]))

    def time(at: float) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(at, zone)

    right: Any = None
    if any(series["right"] for series in drawing["series"]):
        right = left.twinx()
        _style(right, drawing)
        # Two grids would cut each other, and this one would lie over the left axis's lines.
        right.grid(visible=False)
    stacked: dict[bool, dict[float, float]] = {False: {}, True: {}}
    for series in drawing["series"]:
        axes = right if series["right"] else left
        times = [at for at, _ in series["points"]]
        values = [value for _, value in series["points"]]
        moments: Any = [time(at) for at in times]
        if drawing["stacked"]:
            below = stacked[series["right"]]
            bases = [below.get(at, 0.0) for at in times]
            tops = [base + value for base, value in zip(bases, values, strict=True)]
            below.update(zip(times, tops, strict=True))
            axes.fill_between(
                moments, bases, tops, color=series["color"], alpha=0.6, label=series["label"]
            )
        else:
            marker = "o" if len(times) == 1 else ""
            axes.plot(
                moments,
                values,
                color=series["color"],
                label=series["label"],
                linewidth=1.4,
                marker=marker,
                markersize=3,
            )
    for line in drawing["horizontal"]:
        axes = right if right is not None and line.get("yAxis") == "right" else left
        colour = _colour(line.get("color"), 3)
        axes.axhline(line["value"], color=colour, linewidth=1, label=_plain(line.get("label", "")))
    for line in drawing["vertical"]:
        colour = _colour(line.get("color"), 7)
        moment: Any = time(line["value"])
        left.axvline(moment, color=colour, linewidth=1, label=_plain(line.get("label", "")))
    begin: Any = time(drawing["start"])
    end: Any = time(drawing["end"])
    left.set_xlim(begin, end)
    locator = _dates.AutoDateLocator(tz=zone)
    left.xaxis.set_major_locator(locator)
    left.xaxis.set_major_formatter(_dates.ConciseDateFormatter(locator, tz=zone))
    ink = (_DARK if drawing["dark"] else _LIGHT)[1]
    _bounds(left, drawing["axes"].get("left"), ink)
    if right is not None:
        _bounds(right, drawing["axes"].get("right"), ink)
    _legend(figure, drawing)


def _bars(figure: Figure, drawing: dict[str, Any]) -> None:
    axes = figure.add_subplot()
    _style(axes, drawing)
    shown = [series for series in drawing["series"] if series["points"]]
    places = range(len(shown))
    # By place and not by label: bars of the same label would lie on each other.
    axes.barh(
        places,
        [_latest(series) for series in shown],
        color=[series["color"] for series in shown],
    )
    axes.set_yticks(places, [series["label"] for series in shown])
    axes.invert_yaxis()


def _pie(figure: Figure, drawing: dict[str, Any]) -> None:
    axes = figure.add_subplot()
    shown = [series for series in drawing["series"] if series["points"] and _latest(series) > 0]
    ink = (_DARK if drawing["dark"] else _LIGHT)[1]
    if shown:
        axes.pie(
            [_latest(series) for series in shown],
            labels=[series["label"] for series in shown],
            colors=[series["color"] for series in shown],
            textprops={"color": ink, "fontsize": 8},
        )
    else:
        axes.set_axis_off()


def _numbers(figure: Figure, drawing: dict[str, Any]) -> None:
    ink = (_DARK if drawing["dark"] else _LIGHT)[1]
    shown = drawing["series"]
    for number, series in enumerate(shown):
        axes = figure.add_subplot(1, len(shown), number + 1)
        axes.set_axis_off()
        text = f"{_latest(series):,.4g}" if series["points"] else "--"
        axes.text(0.5, 0.55, text, color=ink, fontsize=22, ha="center", va="center")
        axes.text(
            0.5, 0.3, series["label"], color=series["color"], fontsize=9, ha="center", va="center"
        )


def _latest(series: dict[str, Any]) -> float:
    value: float = max(series["points"])[1]
    return value


def _style(axes: Axes, drawing: dict[str, Any]) -> None:
    paper, ink, faint = _DARK if drawing["dark"] else _LIGHT
    axes.set_facecolor(paper)
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=faint, linewidth=0.8)
    axes.tick_params(colors=ink, labelsize=8)
    for spine in axes.spines.values():
        spine.set_color(faint)


def _bounds(axes: Axes, given: Any, ink: str) -> None:
    if not isinstance(given, dict):
        given = {}
    least, most = (_number(given.get(name)) for name in ("min", "max"))
    if least is None or most is None or least < most:
        axes.set_ylim(least, most)
    if given.get("label"):
        axes.set_ylabel(_plain(given["label"]), fontsize=8, color=ink)


def _legend(figure: Figure, drawing: dict[str, Any]) -> None:
    places: dict[str, Any] = {"bottom": "outside lower left", "right": "outside right upper"}
    place: Any = places.get(drawing["legend"])
    if place is None:
        return
    _, ink, _ = _DARK if drawing["dark"] else _LIGHT
    handles: list[Any] = []
    labels: list[str] = []
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.append(handle)
            labels.append(str(label))
    if labels:
        columns = max(1, min(len(labels), 4)) if drawing["legend"] == "bottom" else 1
        figure.legend(
            handles,
            labels,
            loc=place,
            ncols=columns,
            fontsize=8,
            frameon=False,
            labelcolor=ink,
        )


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _colour(given: Any, number: int, ours: Sequence[str] = _COLOURS) -> str:
    """A colour that was given as #rgb or #rrggbb, or the next one of ours."""
    if isinstance(given, str) and given[:1] == "#" and len(given) in (4, 7):
        try:
            int(given[1:], 16)
        except ValueError:
            return ours[number % len(ours)]
        return given
    return ours[number % len(ours)]


def _plain(text: Any) -> str:
    """A text in which nothing is taken for mathematics."""
    return str(text).replace("$", r"\$")


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Draw what comes, until nothing more does."""
    while head := source.read(_SIZE.size):
        (size,) = _SIZE.unpack(head)
        image = draw(json.loads(source.read(size)))
        sink.write(_SIZE.pack(len(image)) + image)
        sink.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
