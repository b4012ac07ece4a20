"""AWS's own worked examples, from https://aws.amazon.com/lambda/pricing/, and what always holds."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.cost.bill import Bill, bill
from ingle.cost.estimate import Workload, usage_of
from ingle.cost.prices import PriceList, dates, price_list
from ingle.cost.usage import Usage, rounded_up

REGION = "us-east-1"
HOUR_MS = 3_600_000
CLASSIC = date(2014, 11, 13)


def charged(*usages: Usage, free_tier: bool = True, architecture: str = "x86_64") -> Bill:
    together = sum(usages, Usage())
    return bill({architecture: together}, price_list(), REGION, free_tier=free_tier)


def used(requests: int, memory_mb: int, duration_ms: int, **more: int) -> Usage:
    workload = Workload(requests, memory_mb, duration_ms, **more)
    return usage_of(workload, 1)


def cents(found: Bill) -> Decimal:
    return round(found.dollars, 2)


def test_three_million_requests_of_a_mobile_backend() -> None:
    assert cents(charged(used(3_000_000, 1536, 120))) == Decimal("2.73")


def test_telemetry_without_the_free_tier() -> None:
    found = charged(used(7_440_000, 1024, 2000), free_tier=False)
    assert cents(found) == Decimal("249.49")


def test_a_model_with_more_ephemeral_storage() -> None:
    found = charged(used(6_000_000, 4096, 280, ephemeral_mb=2048))
    assert cents(found) == Decimal("106.41")
    assert [(line.name, round(line.dollars, 2)) for line in found.lines] == [
        ("requests", 1),
        ("compute x86_64", Decimal("105.33")),
        ("ephemeral storage", Decimal("0.08")),
    ]


def test_provisioned_concurrency_on_the_day_of_a_launch() -> None:
    launch = used(500_000, 1536, 100, provisioned=100, provisioned_ms=8 * HOUR_MS)
    found = charged(launch, used(2_500_000, 1536, 120))
    assert {line.name: round(line.dollars, 2) for line in found.lines} == {
        "requests": Decimal("0.40"),
        "compute x86_64": Decimal("0.83"),
        "provisioned compute x86_64": Decimal("0.73"),
        "provisioned concurrency x86_64": Decimal("18.00"),
    }
    assert cents(found) == Decimal("19.96")


def test_the_free_tier_is_not_for_provisioned_concurrency() -> None:
    found = charged(used(2_000_000, 4096, 280, provisioned=7, provisioned_ms=24 * HOUR_MS))
    assert cents(found) == Decimal("32.26")


def test_snapstart_of_a_function_with_cold_starts() -> None:
    month_ms = 31 * 24 * HOUR_MS
    snapshots = Usage(snapshot_mb_ms=1024 * month_ms, restored_mb=74_400 * 1024)
    found = charged(used(7_440_000, 1024, 2000), snapshots, free_tier=False)
    dollars = {line.name: round(line.dollars, 1) for line in found.lines}
    assert dollars["snapshot cache"] == Decimal("4.0")
    assert dollars["snapshot restores"] == Decimal("10.4")
    assert abs(found.dollars - Decimal("263.92")) < Decimal("0.02")  # AWS adds up rounded ones


def test_durable_functions_on_arm() -> None:
    """The compute and the requests of AWS's example of durable functions."""
    usage = Usage(requests=2_000_000, mb_ms=32_000_000 * 1024 * 1000)
    found = charged(usage, architecture="arm64")
    assert [round(line.dollars, 2) for line in found.lines] == [
        Decimal("0.20"),
        Decimal("421.34"),
    ]


@pytest.mark.parametrize(
    ("requests", "memory_mb", "duration_ms", "dollars"),
    [(3_000_000, 512, 1000, "18.74"), (30_000_000, 128, 200, "11.63")],
)
def test_the_examples_of_the_classic_price_list(
    requests: int, memory_mb: int, duration_ms: int, dollars: str
) -> None:
    prices = price_list(CLASSIC)
    usage = usage_of(Workload(requests, memory_mb, duration_ms), 100)
    found = bill({"x86_64": usage}, prices, REGION, free_tier=True)
    assert abs(found.dollars - Decimal(dollars)) <= Decimal("0.01")


@pytest.mark.parametrize(
    ("executions", "memory_mb", "duration_ms"),
    [(22_000_000, 128, 100), (1_055_000, 1024, 500), (360_000, 1536, 1000)],
)
@pytest.mark.parametrize("day", dates())
def test_what_about_nine_dollars_buy(
    executions: int, memory_mb: int, duration_ms: int, day: date
) -> None:
    prices = price_list(day)
    usage = usage_of(Workload(executions, memory_mb, duration_ms), 100)
    found = bill({"x86_64": usage}, prices, REGION, free_tier=False)
    assert abs(found.dollars - 9) < Decimal("0.1")


def test_large_amounts_cost_less() -> None:
    """https://aws.amazon.com/blogs/compute/introducing-tiered-pricing-for-aws-lambda/"""
    prices = price_list()
    for architecture, size, steps in (
        ("x86_64", 6_000_000_000, ["0.0000166667", "0.0000150000", "0.0000133334"]),
        ("arm64", 7_500_000_000, ["0.0000133334", "0.0000120001", "0.0000106667"]),
    ):
        price = prices.find(REGION, architecture)[0]
        assert price is not None
        tiers = prices.tiers_of(architecture, price)
        assert [each for _, each in tiers] == [Decimal(step) for step in steps]
        usage = Usage(mb_ms=3 * size * 1024 * 1000)
        found = bill({architecture: usage}, prices, REGION, free_tier=False)
        first, second, third = map(Decimal, steps)
        expected = size * first + size * Decimal("1.5") * second + size * Decimal("0.5") * third
        assert found.dollars == expected


def test_a_region_has_its_own_prices_and_says_which_are_not() -> None:
    usage = Usage(requests=1_000_000, restored_mb=1024)
    found = bill({"x86_64": usage}, price_list(), "af-south-1", free_tier=False)
    assert found.lines[0].dollars == Decimal("0.27")
    assert found.assumed == ["snapshot_restore"]
    assert bill({"x86_64": usage}, price_list(), "mars-1", free_tier=False).assumed == [
        "requests",
        "snapshot_restore",
    ]


def test_what_a_list_does_not_have_is_told_and_not_charged() -> None:
    usage = Usage(requests=1_000_000, standing_mb_ms=10**9, mb_ms=1024 * 10**9)
    found = bill({"arm64": usage}, price_list(CLASSIC), REGION, free_tier=False)
    assert found.unpriced == ["provisioned_arm64"]
    assert cents(found) == Decimal("16.87")  # as x86_64, the only one that there was


usages = st.builds(Usage, *[st.integers(0, 10**16)] * 9)
lists = st.sampled_from(dates()).map(price_list)


@given(usages, usages, lists)
def test_more_never_costs_less(one: Usage, more: Usage, prices: PriceList) -> None:
    for free_tier in (True, False):
        less = bill({"x86_64": one}, prices, REGION, free_tier=free_tier)
        both = bill({"x86_64": one + more}, prices, REGION, free_tier=free_tier)
        assert 0 <= less.dollars <= both.dollars


@given(usages, usages, lists)
def test_the_free_tier_saves_at_most_what_it_is_worth(
    x86: Usage, arm: Usage, prices: PriceList
) -> None:
    usage = {"x86_64": x86, "arm64": arm}
    free = bill(usage, prices, REGION, free_tier=True)
    full = bill(usage, prices, REGION, free_tier=False)
    worth = Decimal("0.2") + 400_000 * Decimal("0.00001667")
    assert Decimal(0) <= full.dollars - free.dollars <= worth
    for line in free.lines:
        assert 0 <= line.free <= line.used


@given(st.integers(0, 10**9), st.sampled_from([1, 100]))
def test_rounding_up_reaches_the_next_multiple(ms: int, rounding_ms: int) -> None:
    rounded = rounded_up(ms, rounding_ms)
    assert rounded % rounding_ms == 0
    assert ms <= rounded < ms + rounding_ms


@given(st.integers(0, 10**8), st.integers(128, 10_240), st.integers(1, 900_000))
def test_rounding_to_100_ms_never_costs_less(requests: int, memory: int, duration: int) -> None:
    prices = price_list()
    fine, coarse = (
        bill(
            {"x86_64": usage_of(Workload(requests, memory, duration), rounding)},
            prices,
            REGION,
            free_tier=False,
        ).dollars
        for rounding in (1, 100)
    )
    assert fine <= coarse
