"""AWS's price lists, read from the dated files in `data/`. All prices are US dollars."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

BASE_REGION = "us-east-1"
"""Whose prices stand in for those that a list has not for another region."""

_FOLDER = Path(__file__).parent / "data"
_PRICE_PLACES = Decimal("1e-10")
"""As AWS's own lists have them."""


class UnknownPrices(Exception):
    """There is no price list of this date; the text says which there are."""


@dataclass(frozen=True, slots=True)
class Free:
    """What costs nothing.

    Attributes:
        requests: a month.
        gb_seconds: a month.
        code_gb: of code that is kept, by an account in a region.
    """

    requests: int
    gb_seconds: int
    code_gb: int


@dataclass(frozen=True, slots=True)
class Tier:
    """A part of a month's GB-seconds.

    Attributes:
        gb_seconds: how many belong to it; None where all that are left do.
        discount: what they cost less, as a part of 1.
    """

    gb_seconds: int | None
    discount: Decimal


@dataclass(frozen=True, slots=True)
class PriceList:
    """One price list.

    Attributes:
        date: when it was published.
        sources: where it comes from.
        rounding_ms: what durations were rounded up to.
        free: what costs nothing.
        tiers: by architecture, the parts of a month's GB-seconds.
        regions: prices by region and name.
    """

    date: date
    sources: Sequence[str]
    rounding_ms: int
    free: Free
    tiers: Mapping[str, Sequence[Tier]]
    regions: Mapping[str, Mapping[str, Decimal]]

    def find(self, region: str, name: str) -> tuple[Decimal | None, bool]:
        """Find a price, and whether it is the region's own; None where the list has it nowhere."""
        own = self.regions.get(region, {}).get(name)
        if own is not None:
            return own, True
        return self.regions[BASE_REGION].get(name), region == BASE_REGION

    def tiers_of(self, architecture: str, price: Decimal) -> list[tuple[int | None, Decimal]]:
        """Return how many GB-seconds have which price, the first ones first."""
        tiers = self.tiers.get(architecture) or [Tier(None, Decimal(0))]
        return [
            (each.gb_seconds, (price * (1 - each.discount)).quantize(_PRICE_PLACES, ROUND_HALF_UP))
            for each in tiers
        ]


def dates() -> list[date]:
    """Tell of which dates there are price lists, the oldest first."""
    return sorted(date.fromisoformat(path.stem) for path in _FOLDER.glob("*-*-*.toml"))


@cache
def price_list(wanted: date | None = None) -> PriceList:
    """Read a price list.

    Args:
        wanted: its date; the newest one where none is given.

    Raises:
        UnknownPrices: there is none of this date.
    """
    known = dates()
    found = wanted or known[-1]
    if found not in known:
        names = ", ".join(map(str, known))
        raise UnknownPrices(f"there is no price list of {found}; there are those of {names}")
    return _read(tomllib.loads((_FOLDER / f"{found}.toml").read_text("utf-8")))


def _read(table: Mapping[str, Any]) -> PriceList:
    return PriceList(
        table["date"],
        table["sources"],
        table["rounding_ms"],
        Free(**table["free"]),
        {
            architecture: [
                Tier(each.get("gb_seconds"), Decimal(each.get("discount", 0))) for each in tiers
            ]
            for architecture, tiers in table.get("tiers", {}).items()
        },
        {
            region: {name: Decimal(price) for name, price in prices.items()}
            for region, prices in table["regions"].items()
        },
    )
