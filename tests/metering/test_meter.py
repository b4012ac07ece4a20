from collections.abc import Callable
from typing import Any

import pytest

from ingle.metering.load import busy_ms, used_ms
from ingle.metering.meter import Kept
from ingle.metering.report import WrongQuestion
from ingle.metering.standing import Kind, StandingKey
from ingle.storage.database import Database
from tests.metering.conftest import ACCOUNT, REGION, spec

Start = Callable[..., Any]
DAY_S = 86_400
PRICE = 0.0000166667


def key(kind: Kind, version: str = "1") -> StandingKey:
    return StandingKey(kind, ACCOUNT, REGION, "hello", version)


async def test_invocations_are_added_up_by_function_and_version(start: Start) -> None:
    on = await start()
    one, two = spec(), spec(version="2", memory_mb=1024)
    for ms in (0.2, 99.5, 100.0, 100.1):
        on.invoke(one, ms)
    await on.meter.flush()
    on.invoke(two, 1000, peak_mb=700, concurrency=3)
    on.invoke(spec("other"), 1)
    report = await on.report(free_tier="false")
    [hello, other] = report["Functions"]
    assert (hello["Function"], other["Function"]) == ("hello", "other")
    assert hello["Requests"] == 5
    assert hello["GBSeconds"] == pytest.approx((1 + 100 + 100 + 101) / 1000 / 8 + 1)
    assert (hello["Concurrency"], hello["PeakMB"]) == (3, 700)
    assert {each["Version"]: each["Requests"] for each in hello["Versions"]} == {
        "$LATEST": 4,
        "2": 1,
    }
    assert report["Dollars"] == pytest.approx(
        6 * 0.0000002 + (0.302 / 8 + 1 + 0.001 / 8) * PRICE, rel=1e-6
    )
    classic = await on.report(free_tier="false", rounding="100ms")
    assert classic["Functions"][0]["GBSeconds"] == pytest.approx(0.5 / 8 + 1)


async def test_the_free_tier_is_taken_off_unless_it_is_not_wanted(start: Start) -> None:
    on = await start()
    on.invoke(spec(), 1000)
    await on.meter.flush()
    assert (await on.report())["Dollars"] == 0
    assert (await on.report(free_tier="false"))["Dollars"] > 0
    assert (await on.report())["Functions"][0]["DollarsBeforeFreeTier"] > 0


async def test_accounts_regions_and_months_are_apart(start: Start) -> None:
    on = await start()
    on.invoke(spec(), 10)
    on.invoke(spec(account_id="111111111111", revision_id="b"), 10)
    on.invoke(spec(region="eu-west-1", revision_id="c"), 10)
    on.clock.now += 31 * DAY_S
    on.invoke(spec(), 10)
    await on.meter.flush()
    for account, region, month, count in (
        (ACCOUNT, REGION, "2026-01", 1),
        (ACCOUNT, REGION, "2026-02", 1),
        ("111111111111", REGION, "2026-01", 1),
        (ACCOUNT, "eu-west-1", "2026-01", 1),
        (ACCOUNT, "eu-west-1", "2026-02", 0),
    ):
        report = await on.report(account, region, month=month)
        assert sum(each["Requests"] for each in report["Functions"]) == count


async def test_one_function_alone_is_told_of(start: Start) -> None:
    on = await start()
    on.invoke(spec(), 10, concurrency=2)
    on.invoke(spec("other"), 30)
    await on.meter.look()
    report = await on.report(function="hello")
    assert [each["Function"] for each in report["Functions"]] == ["hello"]
    assert report["Machine"]["Measured"]["Concurrency"] == 2
    assert (await on.report(function="nobody"))["Functions"] == []


async def test_provisioned_concurrency_has_its_own_prices(start: Start) -> None:
    on = await start()
    on.invoke(spec(memory_mb=1024), 1000, provisioned=True)
    await on.meter.flush()
    report = await on.report()
    assert {line["Name"]: line["Free"] for line in report["Lines"]} == {
        "requests": 0,
        "provisioned compute x86_64": 0,
    }


async def test_what_is_kept_is_charged_for_as_long_as_it_is(start: Start) -> None:
    kept = [Kept(key(Kind.PROVISIONED), "x86_64", 10 * 1024)]
    on = await start(kept)
    await on.meter.look()
    assert (await on.report())["Functions"][0]["ProvisionedGBSeconds"] == 10 * 300
    for _ in range(10):
        on.clock.now += 60
        await on.meter.look()
    assert (await on.report())["Functions"][0]["ProvisionedGBSeconds"] == 10 * 600
    on.clock.now += 1
    kept.clear()
    await on.meter.look()
    on.clock.now += 3600
    await on.meter.look()
    assert (await on.report())["Functions"][0]["ProvisionedGBSeconds"] == 10 * 900


async def test_more_of_it_is_charged_from_then_on(start: Start) -> None:
    kept = [Kept(key(Kind.PROVISIONED), "x86_64", 1024)]
    on = await start(kept)
    await on.meter.look()
    on.clock.now += 300
    kept[:] = [Kept(key(Kind.PROVISIONED), "x86_64", 3 * 1024)]
    await on.meter.look()
    assert (await on.report())["Functions"][0]["ProvisionedGBSeconds"] == 300 + 3 * 300


async def test_a_snapshot_is_charged_for_three_hours_at_least(start: Start) -> None:
    kept = [Kept(key(Kind.SNAPSHOT), "x86_64", 1024)]
    on = await start(kept)
    await on.meter.look()
    on.clock.now += 60
    kept.clear()
    await on.meter.look()
    report = await on.report()
    assert [(line["Name"], line["Used"]) for line in report["Lines"]] == [
        ("snapshot cache", 3 * 3600)
    ]


async def test_starts_from_a_snapshot_are_charged(start: Start) -> None:
    on = await start()
    on.invoke(spec(memory_mb=512), 10, restore_s=0.01)
    on.invoke(spec(memory_mb=512), 10)
    await on.meter.flush()
    used = {line["Name"]: line["Used"] for line in (await on.report())["Lines"]}
    assert used["snapshot restores"] == 0.5


async def test_code_is_counted_and_free(start: Start) -> None:
    kept = [Kept(key(Kind.CODE, "$LATEST"), "x86_64", 1024**3)]
    on = await start(kept)
    await on.meter.look()
    on.clock.now += 31 * DAY_S - 1
    await on.meter.look()
    report = await on.report(month="2026-01")
    assert report["CodeGBMonths"] == pytest.approx(1, rel=1e-5)
    assert report["Dollars"] == 0


async def test_nothing_is_lost_or_charged_twice_by_a_restart(start: Start) -> None:
    kept = [Kept(key(Kind.PROVISIONED), "x86_64", 1024)]
    on = await start(kept)
    on.invoke(spec(), 10)
    await on.meter.look()
    await on.meter.close()
    on.clock.now += 40 * DAY_S  # it is off, over the end of the month
    on = await start(kept)
    on.invoke(spec(), 10)
    await on.meter.look()
    months = [await on.report(month=month) for month in ("2026-01", "2026-02")]
    [one], [two] = (each["Functions"] for each in months)
    assert (one["Requests"], two["Requests"]) == (1, 1)
    together = one["ProvisionedGBSeconds"] + two["ProvisionedGBSeconds"]
    assert together == 40 * DAY_S + 300 - 300
    assert one["ProvisionedGBSeconds"] == 31 * DAY_S


async def test_what_could_not_be_written_is_written_later(
    start: Start, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = [Kept(key(Kind.PROVISIONED), "x86_64", 1024)]
    on = await start(kept)

    async def fail(run: Any) -> None:
        raise OSError("No space left on device")

    on.invoke(spec(), 10)
    with monkeypatch.context() as patched:
        patched.setattr(database, "write", fail)
        with pytest.raises(OSError, match="No space"):
            await on.meter.look()
    on.invoke(spec(), 10)
    await on.meter.look()
    [hello] = (await on.report())["Functions"]
    assert (hello["Requests"], hello["ProvisionedGBSeconds"]) == (2, 300)


async def test_the_machine_is_that_of_the_busiest_minute(start: Start) -> None:
    on = await start()
    on.invoke(spec(memory_mb=1024), 10, concurrency=20, peak_mb=600)
    on.invoke(spec("other", memory_mb=1024), 10, concurrency=5, peak_mb=100)
    on.processor_ms += 150_000
    await on.meter.look()
    on.processor_ms += 6_000
    on.invoke(spec("other", memory_mb=1024), 10, concurrency=30, peak_mb=100)
    await on.meter.look()
    machine = (await on.report())["Machine"]
    assert machine["Measured"]["Concurrency"] == 30
    assert machine["Measured"]["MemoryMB"] == 20 * 600 + 5 * 100
    assert machine["Measured"]["BusyProcessors"] == 2.5
    assert (machine["Count"], machine["Processors"], machine["MemoryGB"]) == (1, 4, 32)
    part = (await on.report(function="hello"))["Machine"]["Measured"]
    assert part == {
        "Concurrency": 20,
        "MemoryMB": 12_000,
        "BusyProcessors": pytest.approx(2.5 / 3, abs=0.01),
    }


async def test_nothing_is_said_of_a_machine_where_nothing_ran(start: Start) -> None:
    on = await start()
    assert (await on.report())["Machine"] is None


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"month": "2026"}, "month is like 2026-11, not '2026'"),
        ({"month": "2026-13"}, "month is like 2026-11, not '2026-13'"),
        ({"rounding": "10ms"}, "rounding is 1ms or 100ms, not '10ms'"),
        ({"free_tier": "no"}, "free_tier is true or false, not 'no'"),
        ({"prices": "new"}, "prices is a date like 2026-09-19, not 'new'"),
        ({"prices": "2020-01-01"}, "there is no price list of 2020-01-01; there are those of"),
        ({"color": "red"}, "there is no 'color' to ask for"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(
    start: Start, query: dict[str, str], said: str
) -> None:
    on = await start()
    with pytest.raises(WrongQuestion, match=said):
        await on.report(**query)


def test_the_machine_s_processor_time_is_read_without_waiting_and_sleeping() -> None:
    assert busy_ms("cpu  100 10 50 9999 500 3 2 0 0 0\ncpu0 1 1 1 1\n") == 1650


def test_the_sandboxes_processor_time_is_read() -> None:
    assert used_ms(b"usage_usec 1234567\nuser_usec 1000000\nsystem_usec 234567\n") == 1234


async def test_many_functions_are_written_again_and_again(start: Start) -> None:
    on = await start()
    for _ in range(3):
        for number in range(50):
            on.invoke(spec(f"f{number:02}"), 5, concurrency=number + 1)
        await on.meter.flush()
    functions = (await on.report())["Functions"]
    assert [(each["Requests"], each["Concurrency"]) for each in functions] == [
        (3, number + 1) for number in range(50)
    ]
