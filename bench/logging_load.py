"""Logs: whether taking lines in makes invocations slower, and how long a search takes."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import aws_functions
from bench.errors import BenchError
from bench.ingle_peer import InglePeer
from bench.load_process import LoadProcess
from bench.processes import Keeper
from bench.programs import PRINTING
from bench.settings import Settings
from bench.stats import Results, median_of
from bench.warm import sized_job

FUNCTION, NOISY = "hello", "printing"
GROUP = "bench"
LINES_A_SECOND = 20_000
# So that all of a turn's invocations run while lines come in.
_MARGIN_S = 1.0
_LINES_A_BATCH = 7_500
_LINE = "{:09d} INFO  an order was processed for customer {:06d} in {:03d} ms; all is well"
_RARE = "{:09d} ERROR an order was not processed for customer {:06d} after {:03d} ms"
_RARELY = 100_000
_DEADLINE_S = 60.0


def measure_intake(
    keeper: Keeper, folder: Path, settings: Settings, step: Callable[[], None]
) -> Results:
    """Warm invocations by one client, as `log_intake.ingle.<lines a second>`: while nothing else
    happens, and in turns with that while another function prints 20,000 lines a second.

    Raises:
        BenchError: lines are missing in the log afterwards.
    """
    load, peer = LoadProcess(keeper, folder), InglePeer(keeper, folder / InglePeer.name)
    peer.start()
    rounds: dict[int, list[Results]] = {0: [], LINES_A_SECOND: []}
    printed = 0
    with peer.blamed():
        peer.deploy([FUNCTION])
        peer.deploy_program([NOISY], PRINTING)
        job = sized_job(peer, FUNCTION, load, settings, 1, settings.flat_turn_s)
        for _ in range(settings.flat_rounds):
            for rate in rounds:
                told: list[int] = []
                noise = threading.Thread(
                    target=_print, args=(peer, rate, settings.flat_turn_s + _MARGIN_S, told)
                )
                if rate:
                    noise.start()
                    time.sleep(_MARGIN_S / 2)
                outcome = load.run(job)
                rounds[rate].append({"p50_ms": outcome.p50_ms, "p99_ms": outcome.p99_ms})
                if rate:
                    noise.join()
                    printed += told[0]
            step()
        found = _count(peer, f"/aws/lambda/{NOISY}")
        if found != printed:
            raise BenchError(f"{printed} lines were printed, and {found} are in the log")
    peer.stop()
    load.stop()
    results: Results = {}
    for rate, figures in rounds.items():
        results |= median_of(f"log_intake.{InglePeer.name}.{rate}", figures)
    return results


def measure_search(
    keeper: Keeper, folder: Path, settings: Settings, step: Callable[[], None]
) -> Results:
    """First pages of FilterLogEvents over many lines of one group, as `log_search.ingle`.

    Of each kind of pattern, the median of several; `p50_ms` is that of the slowest kind.
    """
    peer = InglePeer(keeper, folder / InglePeer.name)
    peer.start()
    results: Results = {}
    prefix = f"log_search.{InglePeer.name}"
    with (
        peer.blamed(),
        aws_functions.client_of(peer.port, peer.key(), "searching logs", "logs") as logs,
    ):
        _fill(logs, settings.log_lines, step)
        for name, pattern in _PATTERNS.items():
            taken = []
            for _ in range(settings.log_searches):
                began = time.perf_counter()
                logs.filter_log_events(logGroupName=GROUP, filterPattern=pattern)
                taken.append((time.perf_counter() - began) * 1000)
            results[f"{prefix}.{name}.p50_ms"] = sorted(taken)[len(taken) // 2]
        results[f"{prefix}.p50_ms"] = max(results.values())
    peer.stop()
    return results


_PATTERNS = {
    "everything": "",
    "rare": "ERROR",
    "missing": '"is not there"',
    "regex": "%ERR[A-Z]R%",
    "json": '{ $.level = "ERROR" }',
    "fields": "[number, level = ERROR, ...]",
}


def _fill(logs: Any, lines: int, step: Callable[[], None]) -> None:
    logs.create_log_group(logGroupName=GROUP)
    names = {"logGroupName": GROUP, "logStreamName": "s"}
    logs.create_log_stream(**names)
    first_ms = int(time.time() * 1000) - lines
    for start in range(0, lines, _LINES_A_BATCH):
        batch = range(start, min(start + _LINES_A_BATCH, lines))
        logs.put_log_events(
            **names,
            logEvents=[
                {
                    "timestamp": first_ms + number,
                    "message": (_LINE if (number + 1) % _RARELY else _RARE).format(
                        number, number * 7919 % 1_000_000, number % 1000
                    ),
                }
                for number in batch
            ],
        )
        step()


def batches(lines: int) -> int:
    """Say in how many batches so many lines are put."""
    return -(-lines // _LINES_A_BATCH)


def _print(peer: InglePeer, rate: int, seconds: float, told: list[int]) -> None:
    with aws_functions.client_of(peer.port, peer.key(), "printing") as client:
        payload = json.dumps({"rate": rate, "seconds": seconds}).encode()
        answer = client.invoke(FunctionName=NOISY, Payload=payload)
        told.append(json.loads(answer["Payload"].read()))


def _count(peer: InglePeer, group: str) -> int:
    with aws_functions.client_of(peer.port, peer.key(), "counting lines", "logs") as logs:
        now = int(time.time())
        query = logs.start_query(
            logGroupName=group,
            startTime=now - 3600,
            endTime=now + 60,
            queryString="filter @message like 'printed ' | stats count(*) as lines",
        )
        deadline = time.monotonic() + _DEADLINE_S
        while time.monotonic() < deadline:
            answer = logs.get_query_results(queryId=query["queryId"])
            if answer["status"] == "Complete":
                return int(answer["results"][0][0]["value"])
            time.sleep(0.05)
    raise BenchError(f"the lines of {group} were not counted in {_DEADLINE_S:.0f} s")
