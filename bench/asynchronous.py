"""Asynchronous invocation: how many events are accepted, and what a long queue takes of memory."""

import re
import time
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bench.endpoint import Endpoint
from bench.errors import BenchError
from bench.ingle_peer import InglePeer
from bench.load import Job
from bench.load_process import LoadProcess
from bench.memory import Watch
from bench.peers import HOST
from bench.processes import Keeper
from bench.programs import waiting_until
from bench.settings import Settings
from bench.stats import Results, median_of

FUNCTION = "hello"
WAITING = "waiting"
WARMUP_EVENTS = 400
DRAIN_TIMEOUT_S = 120.0
ACCEPT_TIMEOUT_S = 60.0
POLL_S = 0.05
_RECEIVED = "ingle_lambda_async_events_received_total"
_RUN = "ingle_lambda_async_event_age_seconds_count"
_DROPPED = "ingle_lambda_async_events_dropped_total"


def measure_accept(
    keeper: Keeper, folder: Path, settings: Settings, step: Callable[[], None]
) -> Results:
    """Events handed over by `settings.clients` clients, as `async_accept.ingle`.

    Each answer means that the event is on disk. The function runs meanwhile, on the same machine.

    Raises:
        BenchError: an answer was wrong, or an event did not run.
    """
    load, peer = LoadProcess(keeper, folder), InglePeer(keeper, folder / InglePeer.name)
    peer.start()
    rounds: list[Results] = []
    with peer.blamed():
        peer.deploy([FUNCTION])
        endpoint = replace(peer.endpoint(FUNCTION), asynchronous=True)
        load.run(Job(endpoint, settings.clients, WARMUP_EVENTS, ACCEPT_TIMEOUT_S))
        _await_all_run(endpoint)
        job = Job(endpoint, settings.clients, settings.accept_events, ACCEPT_TIMEOUT_S)
        for _ in range(settings.accept_rounds):
            outcome = load.run(job)
            rounds.append(
                {
                    "per_second": outcome.requests / outcome.span_s,
                    "p50_ms": outcome.p50_ms,
                    "p99_ms": outcome.p99_ms,
                }
            )
            _await_all_run(endpoint)
            step()
    peer.stop()
    load.stop()
    return median_of(f"async_accept.{InglePeer.name}", rounds)


def measure_drain(
    keeper: Keeper, folder: Path, settings: Settings, step: Callable[[], None]
) -> Results:
    """A queue of `settings.drain_events` events, as `async_drain.ingle.<events>`.

    The function holds its sandboxes until all events should be there, and then answers at once.
    `grown_mb` is by how much the server's resident memory was larger at any time than before.

    Raises:
        BenchError: an answer was wrong, or an event did not run.
    """
    load, peer = LoadProcess(keeper, folder), InglePeer(keeper, folder / InglePeer.name)
    peer.start()
    prefix = f"async_drain.{InglePeer.name}.{settings.drain_events}"
    with peer.blamed():
        peer.deploy([FUNCTION])
        peer.cold_start(FUNCTION)
        with Watch(peer.running().pid) as watch:
            until = time.time() + settings.drain_hold_s
            peer.deploy_program([WAITING], waiting_until(until))
            endpoint = replace(peer.endpoint(WAITING), asynchronous=True)
            load.run(Job(endpoint, settings.clients, settings.drain_events, ACCEPT_TIMEOUT_S))
            queued = settings.drain_events - _read(endpoint)[1]
            time.sleep(max(0.0, until - time.time()))
            started = time.perf_counter()
            _await_all_run(endpoint)
            span_s = time.perf_counter() - started
    step()
    peer.stop()
    load.stop()
    return {
        f"{prefix}.queued": queued,
        f"{prefix}.per_second": queued / span_s,
        f"{prefix}.grown_mb": watch.most_mb - watch.first_mb,
    }


def _await_all_run(endpoint: Endpoint) -> None:
    deadline = time.monotonic() + DRAIN_TIMEOUT_S
    while True:
        received, run, dropped = _read(endpoint)
        if dropped:
            raise BenchError(f"{dropped} events were dropped")
        if run == received:
            return
        if time.monotonic() > deadline:
            raise BenchError(f"of {received} events, {received - run} did not run")
        time.sleep(POLL_S)


def _read(endpoint: Endpoint) -> tuple[int, int, int]:
    """How many events the server accepted, ran and dropped since its start."""
    url = f"http://{HOST}:{endpoint.port}/_ingle/metrics"
    with urllib.request.urlopen(url, timeout=10) as answer:
        page = answer.read().decode()
    received, run, dropped = (
        sum(int(value) for value in re.findall(rf"^{name}{{.*}} (\d+)$", page, re.MULTILINE))
        for name in (_RECEIVED, _RUN, _DROPPED)
    )
    return received, run, dropped
