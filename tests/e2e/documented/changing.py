"""Calls while a function is being changed: its container image is being unpacked."""

import uuid
from typing import Any

from tests.e2e.documented.cases import CONFLICT, Case, each
from tests.e2e.documented.stage import ARN, Stage
from tests.images.building import Entry, Layout, tar

_LARGE = 80_000_000
"""Bytes that take the some tenths of a second to unpack, while a call takes milliseconds."""


def _image(layout: Layout, size: int) -> str:
    """Put an image with a file of this size into a layout; return its name."""
    tag = uuid.uuid4().hex
    layer = tar([Entry("run", b"#!"), Entry("filling", tag.encode() + bytes(size))])
    layout.tag(layout.image([layer], {"Entrypoint": ["/run"]}, compression="none"), tag)
    return f"oci:{layout.root}:{tag}"


def being_created(stage: Stage, layout: Layout) -> str:
    """Begin to create a function; return its name."""
    return stage.begin(_image(layout, _LARGE))


def being_updated(stage: Stage, layout: Layout) -> str:
    """Create a function, and begin to give it another image; return its name."""
    large, small = _image(layout, _LARGE), _image(layout, 0)
    name = stage.begin(small)
    stage.settle(name)
    stage.client.update_function_code(FunctionName=name, ImageUri=large)
    stage.uri = small
    return name


def _named(stage: Stage) -> dict[str, Any]:
    return {"FunctionName": stage.changing}


CREATED = [
    *each("Invoke InvokeWithResponseStream PublishVersion", CONFLICT, _named),
    Case("InvokeAsync", CONFLICT, lambda stage: _named(stage) | {"InvokeArgs": b"{}"}),
    Case("UpdateFunctionConfiguration", CONFLICT, lambda stage: _named(stage) | {"Timeout": 7}),
]
UPDATED = [
    Case(
        "TagResource",
        CONFLICT,
        lambda s: {"Resource": f"{ARN}function:{s.changing}", "Tags": {"a": "b"}},
    ),
    Case("UpdateFunctionCode", CONFLICT, lambda stage: _named(stage) | {"ImageUri": stage.uri}),
]
CASES = [*CREATED, *UPDATED]
