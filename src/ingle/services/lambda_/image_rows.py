"""Container images as columns of functions' and versions' rows."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ingle.services.lambda_.image_model import (
    NO_OVERRIDES,
    FunctionImage,
    ImageOverrides,
    ImageUpdate,
)
from ingle.services.lambda_.model import Function
from ingle.services.lambda_.names import LATEST


def to_row(function: Function) -> dict[str, Any]:
    """Give the columns `image` and `image_overrides`, and `image_update` of `$LATEST`."""
    image, overrides, update = (
        function.image,
        function.image_overrides,
        function.image_update,
    )
    row: dict[str, Any] = {
        "image": None if image is None else asdict(image),
        "image_overrides": None if overrides == NO_OVERRIDES else asdict(overrides),
    }
    if function.version == LATEST:
        row["image_update"] = None if update is None else asdict(update)
    return row


def from_row(values: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the attributes of a function that these columns hold."""
    attributes: dict[str, Any] = {}
    if values["image"] is not None:
        attributes["image"] = _image(values["image"])
    overrides = values["image_overrides"]
    if overrides is not None:
        attributes["image_overrides"] = ImageOverrides(
            _texts(overrides["entry_point"]), _texts(overrides["command"]), overrides["folder"]
        )
    update = values.get("image_update")
    if update is not None:
        attributes["image_update"] = ImageUpdate(**{**update, "image": _image(update["image"])})
    return attributes


def _image(stored: Mapping[str, Any]) -> FunctionImage:
    lists = {name: tuple(stored[name]) for name in ("diff_ids", "entry_point", "command")}
    return FunctionImage(**{**stored, **lists})


def _texts(stored: list[str] | None) -> tuple[str, ...] | None:
    return None if stored is None else tuple(stored)
