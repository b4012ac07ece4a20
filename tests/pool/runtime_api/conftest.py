"""Sandboxes without walls."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.pool.runtime_api.box import Box
from tests.pool.runtime_api.listener import HttpListener, TcpListener


@pytest.fixture
async def make_box() -> AsyncIterator[Callable[..., Box]]:
    """Make sandboxes of these settings."""
    made: list[Box] = []

    def make(**settings: Any) -> Box:
        made.append(Box(**settings))
        return made[-1]

    yield make
    for box in made:
        await box.close()


@pytest.fixture
async def box(make_box: Callable[..., Box]) -> Box:
    """A sandbox whose runtime speaks HTTP, without external extensions."""
    return make_box()


@pytest.fixture
async def listener() -> AsyncIterator[HttpListener]:
    """What takes the events."""
    started = await HttpListener().start()
    yield started
    started.answering.set()
    await started.stop()


@pytest.fixture
async def tcp() -> AsyncIterator[TcpListener]:
    """What takes the events over TCP."""
    started = await TcpListener().start()
    yield started
    await started.stop()
