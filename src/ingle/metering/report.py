"""What a month would have cost on AWS, function by function, as JSON."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Row

from ingle.clock import Clock
from ingle.cost.bill import Bill, bill, described, dollars
from ingle.cost.prices import PriceList, UnknownPrices, price_list
from ingle.cost.sizing import Need, machines_for
from ingle.cost.usage import BYTES_PER_GB, ROUNDINGS_MS, Usage, gb_s
from ingle.metering.store import MeteringStore
from ingle.wire.errors import ServiceError

_MINUTE_MS = 60_000
_DAY_S = 86_400
_YES_NO = {"true": True, "false": False}


class WrongQuestion(ServiceError):
    """The report cannot be made like this."""

    code = "ValidationException"
    status = 400


class CostReports:
    """Answers what a month would have cost.

    Args:
        store: what was used.
        clock: the time.
        flush: has what is in memory only written.
    """

    def __init__(
        self, store: MeteringStore, clock: Clock, flush: Callable[[], Awaitable[None]]
    ) -> None:
        self._store = store
        self._clock = clock
        self._flush = flush

    async def answer(
        self, account_id: str, region: str, query: Mapping[str, str]
    ) -> dict[str, Any]:
        """Tell what a month of an account in a region would have cost; see `read_question`.

        What ended before the call is in it.

        Raises:
            WrongQuestion: the query cannot be understood.
        """
        today = datetime.fromtimestamp(self._clock.time(), UTC).date()
        question = read_question(query, today)
        await self._flush()
        return await cost_report(self._store, account_id, region, question)


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be told.

    Attributes:
        first: the first day of the month.
        function: of one function only; None for all.
        free_tier: whether the free tier is taken off.
        rounding_ms: what durations are rounded up to.
        prices: the price list.
    """

    first: date
    function: str | None
    free_tier: bool
    rounding_ms: int
    prices: PriceList

    @property
    def last(self) -> date:
        """The last day of the month."""
        return (self.first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def read_question(query: Mapping[str, str], today: date) -> Question:
    """Understand a query: `month`, `function`, `free_tier`, `rounding` and `prices`.

    Raises:
        WrongQuestion: it cannot be understood.
    """
    prices = _prices(query.get("prices"))
    rounding = query.get("rounding", f"{prices.rounding_ms}ms")
    roundings = {f"{each}ms": each for each in ROUNDINGS_MS}
    if rounding not in roundings:
        raise WrongQuestion(f"rounding is {' or '.join(roundings)}, not {rounding!r}")
    free_tier = query.get("free_tier", "true")
    if free_tier not in _YES_NO:
        raise WrongQuestion(f"free_tier is true or false, not {free_tier!r}")
    unknown = query.keys() - {"month", "function", "free_tier", "rounding", "prices"}
    if unknown:
        raise WrongQuestion(f"there is no {min(unknown)!r} to ask for")
    return Question(
        _month(query.get("month"), today),
        query.get("function") or None,
        _YES_NO[free_tier],
        roundings[rounding],
        prices,
    )


def _prices(day: str | None) -> PriceList:
    try:
        return price_list(date.fromisoformat(day) if day is not None else None)
    except ValueError:
        raise WrongQuestion(f"prices is a date like 2026-09-19, not {day!r}") from None
    except UnknownPrices as error:
        raise WrongQuestion(str(error)) from None


def _month(text: str | None, today: date) -> date:
    if text is None:
        return today.replace(day=1)
    try:
        if len(text) != len("2026-11"):
            raise ValueError
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise WrongQuestion(f"month is like 2026-11, not {text!r}") from None


async def cost_report(
    store: MeteringStore, account_id: str, region: str, question: Question
) -> dict[str, Any]:
    """Tell what a month would have cost.

    Args:
        store: what was used.
        account_id: whose functions.
        region: where.
        question: which month, and how it is charged.
    """
    first, last = question.first, question.last
    rows = await store.usage(account_id, region, first, last, question.function)
    by_function: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        by_function[row.function].append(row)
    whole = _bill(rows, question, region, free_tier=question.free_tier)
    functions = [
        _function(name, own, question, region) for name, own in sorted(by_function.items())
    ]
    code = sum(row.code_byte_s for row in rows)
    return {
        "AccountId": account_id,
        "Region": region,
        "Month": f"{first:%Y-%m}",
        "Prices": {"Date": question.prices.date.isoformat(), "Sources": question.prices.sources},
        "Rounding": f"{question.rounding_ms}ms",
        "FreeTier": question.free_tier,
        "Dollars": dollars(whole.dollars),
        "Lines": described(whole),
        "PricesOfAnotherRegion": whole.assumed,
        "NotInPriceList": whole.unpriced,
        "CodeFreeGB": question.prices.free.code_gb,
        "CodeGBMonths": code / BYTES_PER_GB / ((last - first).days + 1) / _DAY_S,
        "Functions": functions,
        "Machine": await _machine(store, account_id, region, question, rows),
    }


def _function(
    name: str, rows: Sequence[Row[Any]], question: Question, region: str
) -> dict[str, Any]:
    versions: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        versions[row.version].append(row)
    return {
        "Function": name,
        **_told(rows, question, region),
        "Versions": [
            {"Version": version, **_told(own, question, region)}
            for version, own in sorted(versions.items())
        ],
    }


def _told(rows: Sequence[Row[Any]], question: Question, region: str) -> dict[str, Any]:
    """Tell what a function or a version used, and what that cost before what is free."""
    together = sum((_usage(row, question.rounding_ms) for row in rows), Usage())
    own = _bill(rows, question, region, free_tier=False)
    return {
        "Requests": together.all_requests,
        "GBSeconds": float(gb_s(together.mb_ms + together.provisioned_mb_ms)),
        "ProvisionedGBSeconds": float(gb_s(together.standing_mb_ms)),
        "BusySeconds": sum(row.busy_ms for row in rows) / 1000,
        "Concurrency": max(row.concurrency for row in rows),
        "PeakMB": max(row.peak_mb for row in rows),
        "DollarsBeforeFreeTier": dollars(own.dollars),
    }


def _bill(rows: Sequence[Row[Any]], question: Question, region: str, *, free_tier: bool) -> Bill:
    usage: dict[str, Usage] = defaultdict(Usage)
    for row in rows:
        usage[row.architecture] += _usage(row, question.rounding_ms)
    return bill(usage, question.prices, region, free_tier=free_tier)


def _usage(row: Row[Any], rounding_ms: int) -> Usage:
    fine = rounding_ms == 1
    return Usage(
        requests=row.requests,
        mb_ms=row.mb_ms if fine else row.mb_100ms,
        provisioned_requests=row.provisioned_requests,
        provisioned_mb_ms=row.provisioned_mb_ms if fine else row.provisioned_mb_100ms,
        ephemeral_mb_ms=row.ephemeral_mb_ms if fine else row.ephemeral_mb_100ms,
        standing_mb_ms=row.standing_mb_ms,
        snapshot_mb_ms=row.snapshot_mb_ms,
        restored_mb=row.restored_mb,
        code_byte_s=row.code_byte_s,
    )


async def _machine(
    store: MeteringStore,
    account_id: str,
    region: str,
    question: Question,
    rows: Sequence[Row[Any]],
) -> dict[str, Any] | None:
    """Tell what machine carries it; None where nothing ran."""
    first, last = question.first, question.last
    load = await store.load(account_id, region, first, last)
    machine = await store.load("", "", first, last)
    concurrency, memory_mb, share = load.concurrency, load.memory_mb, 1.0
    if question.function is not None:
        concurrency = max((row.concurrency for row in rows), default=0)
        memory_mb = concurrency * max((row.peak_mb for row in rows), default=0)
        everything = await store.usage(account_id, region, first, last, None)
        busy_ms = sum(row.busy_ms for row in everything)
        share = sum(row.busy_ms for row in rows) / busy_ms if busy_ms else 0.0
    if not concurrency:
        return None
    need = Need(machine.cpu_ms / _MINUTE_MS * share, memory_mb)
    found = machines_for(need)
    return {
        "Count": found.count,
        "Processors": found.processors,
        "MemoryGB": found.memory_gb,
        "Measured": {
            "Concurrency": concurrency,
            "MemoryMB": need.memory_mb,
            "BusyProcessors": round(need.processors, 2),
        },
    }
