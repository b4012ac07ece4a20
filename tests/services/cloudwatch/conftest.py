"""Metrics on a real database, which can be left and opened again."""

from collections.abc import Mapping
from typing import Any

import pytest

from ingle.services.cloudwatch.metrics import Metrics
from ingle.services.cloudwatch.model import Sample
from ingle.services.cloudwatch.store import MetricsStore
from ingle.storage.database import Database
from tests.services.clocks import ManualClock
from tests.services.conftest import ACCOUNT, REGION


class Kept:
    """The metrics of one namespace, `App`."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.clock = clock
        self._database = database
        self.metrics: Metrics

    async def open(self) -> None:
        """Open them; again, as a start after a crash does: what was in memory is gone."""
        self.metrics = await Metrics.open(MetricsStore(self._database), self.clock)

    async def put(self, name: str, *values: float, **settings: Any) -> None:
        samples = [Sample(name, value, **settings) for value in values]
        await self.metrics.put(ACCOUNT, REGION, "App", samples)

    async def told(
        self,
        name: str,
        statistic: str = "Sum",
        *,
        since: float = 0,
        seconds: int = 60,
        period: int = 60,
        dimensions: Mapping[str, str] | None = None,
        unit: str | None = None,
    ) -> dict[int, float]:
        """Tell a statistic by the seconds after the clock's start."""
        start = int(self.clock.START + since)
        found = await self.metrics.statistics(
            ACCOUNT,
            REGION,
            "App",
            name,
            dimensions or {},
            start=start,
            end=start + seconds,
            period=period,
            statistics=[statistic],
            unit=unit,
        )
        return {at - int(self.clock.START): values[statistic] for at, values in found}


@pytest.fixture
async def kept(database: Database, clock: ManualClock) -> Kept:
    made = Kept(database, clock)
    await made.open()
    return made
