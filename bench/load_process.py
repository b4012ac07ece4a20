"""The load generator, seen from the benchmark."""

import json
import selectors
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from bench.errors import BenchError
from bench.load import ANSWER_TIMEOUT_S, Job, Outcome
from bench.processes import Keeper, Managed, plain_environment
from bench.stats import Results

PREPARE_TIMEOUT_S = 60.0
ROOT = Path(__file__).resolve().parent.parent


class LoadProcess:
    """Runs jobs in a process of their own, so that neither side's CPU time is mixed up."""

    def __init__(self, keeper: Keeper, folder: Path) -> None:
        environment = plain_environment(folder) | {"PYTHONPATH": str(ROOT)}
        self._keeper = keeper
        self._process: Managed = keeper.start(
            "load",
            [sys.executable, "-m", "bench.load"],
            folder=folder,
            environment=environment,
            pipes=True,
        )

    def run(self, job: Job) -> Outcome:
        """Performs a job and waits for its outcome.

        Raises:
            BenchError: the job failed, or the load generator ended or fell silent.
        """
        requests, answers = self._process.popen.stdin, self._process.popen.stdout
        assert requests is not None
        assert answers is not None
        requests.write(json.dumps(asdict(job)).encode() + b"\n")
        requests.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(answers, selectors.EVENT_READ)
            if not selector.select(PREPARE_TIMEOUT_S + job.seconds + ANSWER_TIMEOUT_S):
                raise BenchError("the load generator fell silent")
        line = answers.readline()
        if not line:
            raise BenchError(f"the load generator ended:\n{self._process.log_tail()}")
        answer = json.loads(line)
        if "error" in answer:
            raise BenchError(answer["error"])
        return Outcome(**answer)

    def rounds(self, job: Job, count: int, step: Callable[[], None]) -> list[Results]:
        """Run a job so many times; return the rate and the latencies of each.

        Args:
            job: what to send.
            count: how many times.
            step: called after each.
        """
        found: list[Results] = []
        for _ in range(count):
            outcome = self.run(job)
            found.append(
                {
                    "per_second": outcome.requests / outcome.span_s,
                    "p50_ms": outcome.p50_ms,
                    "p99_ms": outcome.p99_ms,
                }
            )
            step()
        return found

    def stop(self) -> None:
        """Ends it; leaving the keeper's context does so as well."""
        self._keeper.stop(self._process)
