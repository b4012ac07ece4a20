"""What runs functions: the warden, the pool of sandboxes, and the invoker."""

import socket
from collections.abc import Callable, Sequence

from ingle.ground import Ground, say_weaker
from ingle.invoke.admission import Admission
from ingle.invoke.invoker import Invoker
from ingle.invoke.measured import InvocationListener
from ingle.parts.base import Base
from ingle.parts.records import Records
from ingle.pool.environment import Credentials
from ingle.pool.memory import Memory
from ingle.pool.pool import Pool
from ingle.pool.spec import FunctionSpec
from ingle.runtimes.catalogue import label
from ingle.runtimes.python.addresses import api_address
from ingle.sandbox.client import WardenClient
from ingle.sandbox.probe import findings
from ingle.services.logs.sink import Sink

_POOL_DEADLINE_S = 5.0


async def connect_warden(base: Base, ground: Ground, lost: Callable[[], None]) -> WardenClient:
    """Connect with what makes sandboxes, and say what it cannot do here.

    Args:
        base: what everything is built on.
        ground: what the server was started with the rights for.
        lost: called where the warden has ended.

    Raises:
        WardenError: no sandboxes can be made.
    """
    warden = await WardenClient.connect(ground.warden, ground.settings, lost)
    base.ending.push_async_callback(warden.close)
    for finding in findings(warden.abilities, warden.outbound):
        if not finding.ok:
            say_weaker(finding, base.config)
    return warden


def make_pool(
    base: Base,
    ground: Ground,
    warden: WardenClient,
    memory: Memory,
    sink: Sink,
    port: int,
    serve_endpoint: Callable[[socket.socket], Callable[[], None]],
    serve_traces: Callable[[socket.socket, FunctionSpec], Callable[[], None]],
    credentials: Callable[[FunctionSpec], Credentials],
) -> Pool:
    """Make the pool of sandboxes.

    Args:
        base: what everything is built on.
        ground: what the server was started with the rights for.
        warden: makes sandboxes.
        memory: what there is for them.
        sink: takes what functions write; while it has too much they are held up.
        port: where the server listens.
        serve_endpoint: serves AWS on a socket of a sandbox's own network; it returns what stops
            that.
        serve_traces: likewise takes what a function sends to X-Ray's daemon.
        credentials: makes those of a function that is to run.
    """
    base.ending.push_async_callback(ground.provisions.close)
    pool = Pool(
        warden,
        base.clock,
        memory,
        idle_s=base.config.idle_seconds,
        limit=base.config.concurrency,
        overloaded=lambda: sink.overloaded,
        want=ground.provisions.want,
        serve_endpoint=serve_endpoint,
        serve_traces=serve_traces,
        endpoint=f"http://127.0.0.1:{port}",
        runtime_api=api_address(port),
        credentials=credentials,
    )
    base.ending.push_async_callback(pool.close, _POOL_DEADLINE_S)
    return pool


def make_invoker(
    base: Base,
    ground: Ground,
    pool: Pool,
    records: Records,
    listeners: Sequence[InvocationListener],
) -> Invoker:
    """Make what invokes functions.

    Args:
        base: what everything is built on.
        ground: what the server was started with the rights for.
        pool: runs them.
        records: what is written of it.
        listeners: are told of invocations, besides.
    """
    invoker = Invoker(
        pool,
        records.sink,
        base.clock,
        admission=Admission(base.config.concurrency),
        versions=lambda runtime: label(runtime, ground.versions.get(runtime)),
        listeners=[records.lambda_metrics, records.meter.invocations, *listeners],
    )
    records.lambda_metrics.watch(invoker.busy, invoker.admission)
    return invoker
