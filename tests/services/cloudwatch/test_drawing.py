"""Graphs are drawn so that everything in them can be seen."""

import io
from typing import Any

from matplotlib.image import imread

from ingle.services.cloudwatch.drawing import draw


def drawing(*series: dict[str, Any], **more: Any) -> Any:
    """Draw a graph of an hour; return its pixels, from 0 to 1: rows, columns, RGBA."""
    points = [[60 * minute, 50.0] for minute in range(61)]
    image = draw(
        {
            "width": 400,
            "height": 200,
            "dark": False,
            "title": "",
            "view": "timeSeries",
            "stacked": False,
            "zone": 0,
            "start": 0,
            "end": 3600,
            "horizontal": [],
            "vertical": [],
            "axes": {},
            "legend": "hidden",
            "series": [{"label": "", "right": False, "points": points, **each} for each in series],
            **more,
        }
    )
    return imread(io.BytesIO(image), format="png")


def test_all_that_is_written_on_dark_paper_is_light() -> None:
    axes = {side: {"label": "MMMM", "min": 0, "max": 100} for side in ("left", "right")}
    pixels = drawing(
        {"color": "#ffffff"}, {"color": "#ffffff", "right": True}, dark=True, axes=axes, title="T"
    )
    paper = pixels[0, 0, :3].sum()
    assert pixels[:, :, :3].sum(axis=2).min() >= paper - 0.05


def test_the_grid_is_behind_the_lines() -> None:
    axes = {side: {"min": 0, "max": 100} for side in ("left", "right")}
    on_the_grid, below = [[0, 40.0], [3600, 40.0]], [[0, 10.0], [3600, 10.0]]
    pixels = drawing(
        {"color": "#0000ff", "points": on_the_grid},
        {"color": "#ff0000", "right": True, "points": below},
        axes=axes,
    )
    blue = (pixels[:, :, 2] > 0.95) & (pixels[:, :, 0] < 0.05)
    width = 2
    assert (blue.sum(axis=1) > 300).sum() == width
