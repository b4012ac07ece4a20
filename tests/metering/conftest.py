"""A meter on a real database."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ingle.invoke.measured import Measured
from ingle.invoke.report import Bill
from ingle.metering.meter import Kept, Meter
from ingle.metering.report import CostReports
from ingle.metering.store import MeteringStore
from ingle.pool.spec import FunctionSpec
from ingle.storage.database import Database
from tests.services.clocks import ManualClock

ACCOUNT = "000000000000"
REGION = "us-east-1"


def spec(name: str = "hello", version: str = "$LATEST", **more: Any) -> FunctionSpec:
    values: dict[str, Any] = {
        "account_id": ACCOUNT,
        "region": REGION,
        "name": name,
        "version": version,
        "arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:{version}",
        "runtime": "python3.12",
        "handler": "app.handler",
        "role": "",
        "memory_mb": 128,
        "timeout_s": 3,
        "environment": {},
        "ephemeral_mb": 512,
        "code_dir": Path("/code"),
        "log_group": "",
        "revision_id": f"{name}/{version}",
    }
    return FunctionSpec(**values | more)


@dataclass
class Metering:
    """A meter, and what is around it."""

    clock: ManualClock
    store: MeteringStore
    kept: list[Kept]
    processor_ms: int = 0
    meter: Meter = field(init=False)

    def invoke(self, of: FunctionSpec, ms: float, **more: Any) -> None:
        """Tell of an invocation that ran just now."""
        self.meter.invocations.measured(measured(of, ms, self.clock.time(), **more))

    async def report(self, account_id: str = ACCOUNT, region: str = REGION, **query: str) -> Any:
        """Ask for the report."""
        return await CostReports(self.store, self.clock, self.meter.flush).answer(
            account_id, region, query
        )


def measured(of: FunctionSpec, ms: float, at: float, **more: Any) -> Measured:
    """Make what is told of an invocation."""
    bill = Bill(
        "3f0e7ea8-1d2c-4e0e-9d38-5d3d6d1d9c1a",
        ms / 1000,
        None,
        of.memory_mb,
        more.pop("peak_mb", 40) * 1024 * 1024,
        restore_s=more.pop("restore_s", None),
    )
    values = {"provisioned": False, "error": "", "concurrency": 1} | more
    return Measured(of, bill, of.arn, at, 0.0, spilled=False, trace="", **values)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
async def start(database: Database, clock: ManualClock) -> AsyncIterator[Callable[..., Any]]:
    """Open a meter that goes on where the last one was: `await start(kept)`."""
    opened: list[Meter] = []

    async def run(kept: list[Kept] | None = None) -> Metering:
        store, things = MeteringStore(database), kept if kept is not None else []
        on = Metering(clock, store, things)
        on.meter = Meter(store, clock, lambda: things, lambda: on.processor_ms)
        await on.meter.start()
        opened.append(on.meter)
        return on

    yield run
    for meter in opened:
        await meter.close()
