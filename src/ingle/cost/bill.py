"""From what was used to what AWS would charge.

Source: https://aws.amazon.com/lambda/pricing/, whose worked examples are this module's tests. The
free tier is taken off before the volume discounts, from x86_64's GB-seconds before arm64's, and
not from what provisioned concurrency served.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ingle.cost.prices import PriceList
from ingle.cost.usage import Usage, gb_s

ARCHITECTURES = ("x86_64", "arm64")
_MB_PER_GB = 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill.

    Attributes:
        name: what it is for, for instance `requests` or `compute x86_64`.
        unit: what is counted, for instance `GB-s`.
        used: how much was used.
        free: how much of this was free.
        price: what the first one costs.
        dollars: what all cost.
    """

    name: str
    unit: str
    used: Fraction
    free: Fraction
    price: Decimal
    dollars: Decimal


@dataclass(slots=True)
class Bill:
    """What AWS would charge.

    Attributes:
        lines: what for.
        assumed: the names of prices that are another region's, because the list has none of this.
        unpriced: the names of prices that the list does not have at all; what they are for is not
            in the bill.
    """

    lines: list[Line] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    unpriced: list[str] = field(default_factory=list)

    @property
    def dollars(self) -> Decimal:
        """All of it."""
        return sum((line.dollars for line in self.lines), Decimal(0))


def bill(usage: Mapping[str, Usage], prices: PriceList, region: str, *, free_tier: bool) -> Bill:
    """Price a month.

    Args:
        usage: by architecture.
        prices: the price list.
        region: where it was.
        free_tier: whether the month's free requests and GB-seconds are taken off.
    """
    made = _Maker(prices, region)
    together = sum(usage.values(), Usage())
    free = prices.free
    free_requests = min(together.requests, free.requests) if free_tier else 0
    made.add("requests", "requests", "requests", together.all_requests, free_requests)
    left = Fraction(free.gb_seconds if free_tier else 0)
    for architecture in _ordered(usage):
        used = gb_s(usage[architecture].mb_ms)
        taken = min(used, left)
        left -= taken
        made.add_tiered(architecture, used, taken)
    for architecture in _ordered(usage):
        own = usage[architecture]
        for name, price, amount in (
            ("provisioned compute", "provisioned_duration", own.provisioned_mb_ms),
            ("provisioned concurrency", "provisioned", own.standing_mb_ms),
        ):
            made.add(f"{name} {architecture}", "GB-s", f"{price}_{architecture}", gb_s(amount))
    made.add("ephemeral storage", "GB-s", "ephemeral", gb_s(together.ephemeral_mb_ms))
    made.add("snapshot cache", "GB-s", "snapshot_cache", gb_s(together.snapshot_mb_ms))
    restored = Fraction(together.restored_mb, _MB_PER_GB)
    made.add("snapshot restores", "GB", "snapshot_restore", restored)
    return made.bill


def dollars(amount: Decimal) -> float:
    """Write an amount as JSON has it."""
    return float(round(amount, 15))


def described(found: Bill) -> list[dict[str, Any]]:
    """Write a bill's lines as JSON."""
    return [
        {
            "Name": line.name,
            "Unit": line.unit,
            "Used": float(line.used),
            "Free": float(line.free),
            "Price": float(line.price),
            "Dollars": dollars(line.dollars),
        }
        for line in found.lines
    ]


def _ordered(usage: Mapping[str, Usage]) -> list[str]:
    return [each for each in ARCHITECTURES if each in usage]


class _Maker:
    def __init__(self, prices: PriceList, region: str) -> None:
        self._prices = prices
        self._region = region
        self.bill = Bill()

    def add(
        self, name: str, unit: str, price_name: str, used: Fraction | int, free: Fraction | int = 0
    ) -> None:
        if not used:
            return
        price = self._find(price_name)
        if price is not None:
            cost = _times(price, Fraction(used) - free)
            self.bill.lines.append(Line(name, unit, Fraction(used), Fraction(free), price, cost))

    def add_tiered(self, architecture: str, used: Fraction, free: Fraction) -> None:
        if not used:
            return
        price = self._find(architecture, "x86_64")
        if price is None:
            return
        cost, left = Decimal(0), used - free
        for size, reduced in self._prices.tiers_of(architecture, price):
            part = left if size is None else min(left, Fraction(size))
            cost += _times(reduced, part)
            left -= part
        self.bill.lines.append(Line(f"compute {architecture}", "GB-s", used, free, price, cost))

    def _find(self, name: str, instead: str = "") -> Decimal | None:
        """Find a price; note where it is not the region's own, or not there."""
        price, own = self._prices.find(self._region, name)
        if price is None and instead:
            price, own = self._prices.find(self._region, instead)
        if price is None:
            self.bill.unpriced.append(name)
        elif not own:
            self.bill.assumed.append(name)
        return price


def _times(price: Decimal, amount: Fraction) -> Decimal:
    return price * amount.numerator / amount.denominator
