"""How much the busiest minute of a day took: what a machine must be able to carry."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ingle.metering.tally import Tally, UsageKey

_STAT = Path("/proc/stat")
_BUSY_FIELDS = (0, 1, 2, 5, 6)
"""Of the first line: user, nice, system, irq, softirq;
https://www.kernel.org/doc/html/latest/filesystems/proc.html"""
_MOST_TEXT = 4096
_MS_PER_TICK = 10
"""The kernel counts hundredths of a second for programs, whatever it counts itself."""


class LoadKey(NamedTuple):
    """Whose load it is, on which day; without an account and a region, the machine's."""

    account_id: str
    region: str
    day: int


@dataclass(frozen=True, slots=True)
class Load:
    """The most that there was in a minute; each may be of another one.

    Attributes:
        concurrency: invocations at a time.
        memory_mb: what these used.
        cpu_ms: processor time.
    """

    concurrency: int = 0
    memory_mb: int = 0
    cpu_ms: int = 0

    def __or__(self, other: "Load") -> "Load":
        """Take the larger of each."""
        return Load(
            max(self.concurrency, other.concurrency),
            max(self.memory_mb, other.memory_mb),
            max(self.cpu_ms, other.cpu_ms),
        )


class Minute:
    """What ran in the current minute, by function.

    An invocation counts in the minute in which it ends.
    """

    def __init__(self) -> None:
        self._most: dict[tuple[str, str, int], dict[str, tuple[int, int]]] = {}

    def add(self, key: UsageKey, tally: Tally) -> None:
        """Add what was taken away of a revision's invocations."""
        functions = self._most.setdefault((key.account_id, key.region, key.day), {})
        concurrency, peak_mb = functions.get(key.function, (0, 0))
        functions[key.function] = (
            max(concurrency, tally.concurrency),
            # Where memory is not measured, all that a function may have counts.
            max(peak_mb, tally.peak_mb or tally.spec.memory_mb),
        )

    def end(self) -> dict[LoadKey, Load]:
        """End the minute: say what it took, and begin another one."""
        ended, self._most = self._most, {}
        return {
            LoadKey(*whose): Load(
                sum(concurrency for concurrency, _ in functions.values()),
                sum(concurrency * peak_mb for concurrency, peak_mb in functions.values()),
            )
            for whose, functions in ended.items()
        }


def busy_ms(text: str) -> int:
    """Read from `/proc/stat` how long all processors together were busy, in milliseconds."""
    fields = text.partition("\n")[0].split()[1:]
    return sum(int(fields[each]) for each in _BUSY_FIELDS) * _MS_PER_TICK


def used_ms(text: bytes) -> int:
    """Read processor time from a control group's `cpu.stat`, in milliseconds.

    Source: https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
    """
    fields = dict(line.split() for line in text.splitlines())
    return int(fields[b"usage_usec"]) // 1000


def processor_time(of_sandboxes: Sequence[int]) -> Callable[[], int]:
    """Return what tells how long processors were busy for Ingle, in milliseconds.

    Args:
        of_sandboxes: a descriptor of the `cpu.stat` of all sandboxes; where there is none, what is
            told is of everything on this machine.
    """
    if not of_sandboxes:
        return lambda: busy_ms(_STAT.read_text("ascii"))
    [fd] = of_sandboxes
    return lambda: used_ms(os.pread(fd, _MOST_TEXT, 0)) + int(time.process_time() * 1000)
