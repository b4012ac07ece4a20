"""What it costs to log and measure an invocation, in µs: `python -m bench.measuring_cost`.

`path` is what the invocation itself waits for: its START, END and REPORT lines, counting it, and
telling the listeners. `batched` is what writing all of it costs later, in batches, on whatever
thread; the disk's own time is left out.
"""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from ingle.clock import SystemClock
from ingle.invoke import busy, report
from ingle.invoke.busy import Busy
from ingle.invoke.measured import InvocationListener, Measured
from ingle.invoke.stream import Stream
from ingle.metering.meter import Meter
from ingle.metering.store import MeteringStore
from ingle.observe.live import Live
from ingle.pool.spec import FunctionSpec
from ingle.services.cloudwatch.lambda_metrics import LambdaMetrics
from ingle.services.cloudwatch.metrics import Metrics
from ingle.services.cloudwatch.store import MetricsStore
from ingle.services.logs.sink import Sink
from ingle.services.logs.store import LogsStore
from ingle.storage.database import Database

_ROUNDS = 30
_LOOPS = 300
"""About what a busy server has in a tenth of a second, which is how long log lines gather."""
_REQUEST_ID = "3f0e7ea8-1d2c-4e0e-9d38-5d3d6d1d9c1a"
_ARN = "arn:aws:lambda:us-east-1:000000000000:function:hello"


def measure() -> dict[str, float]:
    """Log and measure the same many times over.

    Returns:
        The medians in microseconds an invocation.
    """
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> dict[str, float]:
    clock = SystemClock()
    database = await Database.open(folder)
    metrics = await Metrics.open(MetricsStore(database), clock)
    counted = LambdaMetrics(clock)
    metrics.draw_from(counted)
    meter = Meter(MeteringStore(database), clock, lambda: (), lambda: 0)  # not opened either
    listeners = (counted, meter.invocations, Live(clock, dict))
    sink = Sink(LogsStore(database), clock)  # not opened: it writes when it is told to
    spec = _spec(folder)
    appender = sink.appender(spec.account_id, spec.region, spec.log_group, "stream")
    stream = Stream(appender, clock.time)
    path, batched = [], []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        _invocations(stream, Busy(), spec, listeners, clock)
        path.append((time.perf_counter() - start) / _LOOPS * 1e6)
        used = time.process_time()
        await sink.flush()
        await metrics.flush()
        await meter.flush()
        batched.append((time.process_time() - used) / _LOOPS * 1e6)
    await database.close()
    return {"path": statistics.median(path), "batched": statistics.median(batched)}


def _invocations(
    stream: Stream,
    counts: Busy,
    spec: FunctionSpec,
    listeners: tuple[InvocationListener, ...],
    clock: SystemClock,
) -> None:
    """Do what `Invoker` does of this kind, over and over."""
    for number in range(_LOOPS):
        running = counts.enter(spec, _ARN)
        stream.platform(stream.lines.start(_REQUEST_ID, spec.version))
        started = clock.time()
        bill = report.Bill(_REQUEST_ID, 0.001 + number * 1e-6, None, 128, 50 << 20)
        stream.platform(*stream.lines.finish(bill))
        record = Measured(spec, bill, _ARN, started, 0.0, False, False, "", "", running[0].active)
        for listener in listeners:
            listener.measured(record)
        busy.leave(running)


def _spec(folder: Path) -> FunctionSpec:
    return FunctionSpec(
        account_id="000000000000",
        region="us-east-1",
        name="hello",
        version="$LATEST",
        arn=_ARN,
        runtime="python3.11",
        handler="app.handler",
        role="arn:aws:iam::000000000000:role/r",
        memory_mb=128,
        timeout_s=3,
        environment={},
        ephemeral_mb=512,
        code_dir=folder,
        log_group="/aws/lambda/hello",
        revision_id="one",
    )


if __name__ == "__main__":
    for name, microseconds in measure().items():
        print(f"{name:<26} {microseconds:8.1f} µs")
