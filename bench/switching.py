"""An alias that is moved between two versions while many clients invoke it."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Self

import uvloop

from bench.aws_functions import publish_as
from bench.endpoint import Batch, Endpoint, signed_call
from bench.errors import BenchError
from bench.http1 import Response, ResponseParser
from bench.ingle_peer import InglePeer
from bench.load import ANSWER_TIMEOUT_S
from bench.processes import Keeper
from bench.programs import VERSIONED
from bench.settings import Settings
from bench.stats import Results, percentile

FUNCTION = "versioned"
ALIAS = "live"
VERSIONS = ("1", "2")
WARMUP_CALLS = 20
"""Of each client to each version, which start every sandbox needed."""


@dataclass(frozen=True, slots=True)
class Switch:
    """One UpdateAlias; times are those of one clock, in seconds.

    Attributes:
        version: the one that the alias leads to from then on.
        began: before the request was sent.
        answered: after it was answered.
    """

    version: str
    began: float
    answered: float


@dataclass(frozen=True, slots=True)
class Call:
    """One invocation, and what came of it; times are those of the same clock.

    Attributes:
        began: before the request was sent.
        ended: after it was answered.
        status: of the answer.
        body: of the answer.
    """

    began: float
    ended: float
    status: int
    body: bytes


def versions_during(switches: Sequence[Switch], began: float, ended: float) -> set[str]:
    """The versions to which the alias may have led at some moment between the two.

    One that was answered when another that is answered before `began` began is over by then.

    Args:
        switches: in their order, the first one before `began`.
        began: a time.
        ended: a later one.
    """
    possible = set()
    for switch, following in zip(switches, [*switches[1:], None], strict=True):
        if switch.began <= ended and (following is None or following.answered >= began):
            possible.add(switch.version)
    return possible


def judge(switches: Sequence[Switch], calls: Sequence[Call]) -> Results:
    """How many calls failed, and how many ran a version that the alias did not lead to.

    `clear` are those during which it led to one version only.
    """
    failed = misrouted = clear = 0
    for call in calls:
        possible = versions_during(switches, call.began, call.ended)
        clear += len(possible) == 1
        if call.status != 200 or call.body not in _ANSWERS:
            failed += 1
        elif _ANSWERS[call.body] not in possible:
            misrouted += 1
    return {
        "calls": len(calls),
        "clear": clear,
        "failed": failed,
        "misrouted": misrouted,
        "wrong": failed + misrouted,
    }


def measure_switching(
    keeper: Keeper, folder: Path, settings: Settings, step: Callable[[], None]
) -> Results:
    """Calls by `settings.clients` clients, on one server, while the alias is moved
    `settings.switches` times, as `aliases.ingle.<figure>`: those of `judge`, and the times that
    calls and switches take.
    """
    peer = InglePeer(keeper, folder / InglePeer.name)
    peer.start()
    with peer.blamed():
        peer.deploy_program([FUNCTION], VERSIONED)
        publish_as(peer.port, peer.key(), FUNCTION, VERSIONS, ALIAS)
        run = _Run(peer.endpoint(FUNCTION), settings, step)
        uvloop.run(run.perform())
    peer.stop()
    latencies = [call.ended - call.began for call in run.calls]
    updates = [switch.answered - switch.began for switch in run.switches]
    figures = judge(run.switches, run.calls) | {
        "p50_ms": percentile(latencies, 50) * 1e3,
        "p99_ms": percentile(latencies, 99) * 1e3,
        "switch_p50_ms": percentile(updates, 50) * 1e3,
    }
    return {f"aliases.{InglePeer.name}.{name}": value for name, value in figures.items()}


class _Run:
    def __init__(self, function: Endpoint, settings: Settings, step: Callable[[], None]) -> None:
        self._alias = replace(function, path=f"{function.path}?Qualifier={ALIAS}")
        path = f"{function.path.rpartition('/')[0]}/aliases/{ALIAS}"
        self._moves = {
            version: signed_call(
                function, "PUT", path, json.dumps({"FunctionVersion": version}).encode()
            )
            for version in VERSIONS
        }
        self._settings = settings
        self._step = step
        self._over = asyncio.Event()
        self.switches: list[Switch] = []
        self.calls: list[Call] = []

    async def perform(self) -> None:
        mover = await _Connection.open(self._alias)
        for version in VERSIONS:
            await self._switch(mover, version)
            async with asyncio.TaskGroup() as group:
                for _ in range(self._settings.clients):
                    group.create_task(self._call(WARMUP_CALLS))
        del self.switches[:-1], self.calls[:]
        async with asyncio.TaskGroup() as group:
            for _ in range(self._settings.clients):
                group.create_task(self._call())
            for number in range(self._settings.switches):
                await asyncio.sleep(self._settings.switch_pause_s)
                await self._switch(mover, VERSIONS[number % len(VERSIONS)])
                self._step()
            await asyncio.sleep(self._settings.switch_pause_s)
            self._over.set()
        mover.close()

    async def _switch(self, mover: "_Connection", version: str) -> None:
        began = perf_counter()
        response = await mover.round_trip(self._moves[version])
        if response.status != 200:
            raise BenchError(f"moving an alias failed: {response.body[:500]!r}")
        self.switches.append(Switch(version, began, perf_counter()))

    async def _call(self, count: int | None = None) -> None:
        """Invokes over one connection, so many times or until the run is over."""
        [invocation] = Batch(self._alias, 1).invocations
        connection = await _Connection.open(self._alias)
        try:
            while count != 0 and not self._over.is_set():
                count = None if count is None else count - 1
                began = perf_counter()
                response = await connection.round_trip(invocation.request)
                self.calls.append(Call(began, perf_counter(), response.status, response.body))
        finally:
            connection.close()


class _Connection:
    """A connection to a server, with one request under way at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._parser = ResponseParser()

    @classmethod
    async def open(cls, endpoint: Endpoint) -> Self:
        return cls(*await asyncio.open_connection(endpoint.host, endpoint.port))

    async def round_trip(self, request: bytes) -> Response:
        """Sends a request and waits for its answer, 30 s at most.

        Raises:
            BenchError: the connection was closed.
            TimeoutError: there was no answer.
        """
        self._writer.write(request)
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            while True:
                data = await self._reader.read(65536)
                if not data:
                    raise BenchError("the server closed a connection under load")
                response = self._parser.feed(data)
                if response is not None:
                    return response

    def close(self) -> None:
        self._writer.close()


_ANSWERS = {json.dumps(version).encode(): version for version in VERSIONS}
