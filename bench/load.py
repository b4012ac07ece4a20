"""The load generator: a process of its own that invokes one function as fast as it answers.

It reads one job a line from standard input (the fields of `Job`, as JSON) and writes one
outcome a line to standard output (those of `Outcome`). All requests of a job are built and
signed before its clock starts.
"""

import asyncio
import gc
import json
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import cast

import uvloop

from bench.endpoint import Batch, Endpoint, Key, Prepared
from bench.errors import BenchError
from bench.http1 import Response, ResponseParser
from bench.stats import percentile

ANSWER_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Job:
    """A load to put on one function.

    Attributes:
        endpoint: the function.
        clients: connections, each with one request under way at any time.
        requests: the most to send, over all connections.
        seconds: after this time no further request is sent.
    """

    endpoint: Endpoint
    clients: int
    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job measured.

    Attributes:
        requests: answers received; each was checked.
        p50_ms: median of the time from the first byte sent to the last received.
        p99_ms: its 99th percentile.
        per_second: answers a second.
        span_s: from the first byte sent to the last one received, in seconds.
        load_cpu: CPU time of the load generator itself, in seconds a second; close to 1 it
            was the load generator that set the pace.
    """

    requests: int
    p50_ms: float
    p99_ms: float
    per_second: float
    span_s: float
    load_cpu: float


def check(response: Response, invocation: Prepared) -> None:
    """Raises BenchError when the answer is not the right one."""
    wrong = invocation.answer is not None and response.body != invocation.answer
    if wrong or response.status != invocation.status:
        raise BenchError(
            f"expected {invocation.status} and {invocation.answer!r}, got {response.status} and "
            f"{response.body[:500]!r}"
        )


class Connection:
    """A blocking connection; connects again when the server closed it after an answer."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._parser = ResponseParser()
        self._socket = self._connect()

    def _connect(self) -> socket.socket:
        connected = socket.create_connection(self._address, timeout=ANSWER_TIMEOUT_S)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected

    def round_trip(self, invocation: Prepared) -> None:
        """Sends an invocation and waits for its answer.

        Raises:
            BenchError: the answer is wrong or the connection ended before it was complete.
            OSError: the connection failed, or no answer came within 30 s.
        """
        self._socket.sendall(invocation.request)
        while True:
            data = self._socket.recv(65536)
            if not data:
                raise BenchError("the server closed the connection without an answer")
            response = self._parser.feed(data)
            if response is not None:
                break
        check(response, invocation)
        if not response.keep_alive:
            self._socket.close()
            self._socket = self._connect()

    def close(self) -> None:
        self._socket.close()


def invoke_once(endpoint: Endpoint) -> float:
    """Seconds from one request to its answer, over a connection that is already open."""
    [invocation] = Batch(endpoint, 1).invocations
    connection = Connection(endpoint.host, endpoint.port)
    try:
        started = time.perf_counter()
        connection.round_trip(invocation)
        return time.perf_counter() - started
    finally:
        connection.close()


def run_blocking(job: Job, invocations: Sequence[Prepared]) -> tuple[list[float], float]:
    """Invokes one after the other over one connection.

    Returns:
        The latencies, and the time from the first request to the last answer, in seconds.
    """
    latencies: list[float] = []
    connection = Connection(job.endpoint.host, job.endpoint.port)
    clock = time.perf_counter
    first = last = clock()
    deadline = first + job.seconds
    try:
        for invocation in invocations:
            started = clock()
            if started >= deadline:
                break
            connection.round_trip(invocation)
            last = clock()
            latencies.append(last - started)
    finally:
        connection.close()
    return latencies, last - first


class _Run:
    """What the clients of one job share: what is to be sent next, and what was measured."""

    def __init__(self, job: Job, invocations: Sequence[Prepared], deadline: float) -> None:
        self.job = job
        self.deadline = deadline
        self.waiting = iter(invocations)
        self.latencies: list[float] = []
        self.last_answer = 0.0
        self.active = job.clients
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def take(self) -> Prepared | None:
        return next(self.waiting, None) if time.perf_counter() < self.deadline else None

    def client_done(self) -> None:
        self.active -= 1
        if not self.active and not self.ended.done():
            self.ended.set_result(None)

    def fail(self, error: Exception) -> None:
        if not self.ended.done():
            self.ended.set_exception(error)


class _Client(asyncio.Protocol):
    """One connection with one request under way at any time."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._parser = ResponseParser()
        self._transport: asyncio.WriteTransport | None = None
        self._invocation: Prepared | None = None
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not derive from asyncio's, so only a cast can say what they are.
        self._transport = cast(asyncio.WriteTransport, transport)

    def send_next(self) -> None:
        transport, self._invocation = self._transport, self._run.take()
        assert transport is not None
        if self._invocation is None:
            transport.close()
            self._run.client_done()
        else:
            self._sent_at = time.perf_counter()
            transport.write(self._invocation.request)

    def data_received(self, data: bytes) -> None:
        try:
            response = self._parser.feed(data)
            if response is None:
                return
            invocation, self._invocation = self._invocation, None
            if invocation is None:
                raise BenchError("an answer came to no request")
            self._run.last_answer = time.perf_counter()
            self._run.latencies.append(self._run.last_answer - self._sent_at)
            check(response, invocation)
            if not response.keep_alive:
                raise BenchError("the server closes connections under concurrent load")
        except BenchError as error:
            self._run.fail(error)
        else:
            self.send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._invocation is not None:
            self._run.fail(BenchError(f"a connection was lost under load ({exc or 'closed'})"))


async def run_concurrent(job: Job, invocations: Sequence[Prepared]) -> tuple[list[float], float]:
    """Invokes over `job.clients` connections at once.

    Returns:
        The latencies, and the time from the first request to the last answer, in seconds.

    Raises:
        BenchError: an answer is wrong or a connection was lost.
        TimeoutError: an answer took longer than 30 s.
    """
    loop = asyncio.get_running_loop()
    run = _Run(job, invocations, deadline=0.0)
    endpoint = job.endpoint
    clients: list[_Client] = []
    for _ in range(job.clients):
        _, client = await loop.create_connection(lambda: _Client(run), endpoint.host, endpoint.port)
        clients.append(client)
    first = time.perf_counter()
    run.deadline = first + job.seconds
    for client in clients:
        client.send_next()
    async with asyncio.timeout(job.seconds + ANSWER_TIMEOUT_S):
        await run.ended
    return run.latencies, run.last_answer - first


def perform(job: Job) -> Outcome:
    """Prepares and runs one job.

    Raises:
        BenchError: an answer was wrong, a connection was lost, or nothing was answered.
    """
    batch = Batch(job.endpoint, job.requests)
    batch.check_fresh()
    gc.collect()
    gc.disable()
    cpu, started = time.process_time(), time.perf_counter()
    try:
        if job.clients == 1:
            latencies, span = run_blocking(job, batch.invocations)
        else:
            latencies, span = uvloop.run(run_concurrent(job, batch.invocations))
    finally:
        elapsed, cpu = time.perf_counter() - started, time.process_time() - cpu
        gc.enable()
    if not latencies:
        raise BenchError("no request was answered")
    return Outcome(
        requests=len(latencies),
        p50_ms=percentile(latencies, 50) * 1e3,
        p99_ms=percentile(latencies, 99) * 1e3,
        per_second=len(latencies) / elapsed,
        span_s=span,
        load_cpu=cpu / elapsed,
    )


def parse_job(line: str) -> Job:
    """The job of one line of input."""
    fields = json.loads(line)
    endpoint = fields.pop("endpoint")
    key = endpoint.pop("key")
    return Job(Endpoint(**endpoint, key=Key(**key) if key else None), **fields)


def main() -> None:
    """Performs the jobs of standard input until it ends; a failed one answers `error`."""
    for line in sys.stdin:
        try:
            answer: dict[str, object] = asdict(perform(parse_job(line)))
        except (BenchError, OSError) as error:
            answer = {"error": str(error) or type(error).__name__}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
