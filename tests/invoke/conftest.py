from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.invoke.lines import Lines


@pytest.fixture
async def lines(tmp_path: Path) -> AsyncIterator[Lines]:
    opened = await Lines(tmp_path).open()
    yield opened
    await opened.close()
