import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.invoke.measured import Throttled
from ingle.observe.live import _MAPPING, Live, percentile
from ingle.wire.errors import ServiceError
from tests.metering.conftest import ACCOUNT, REGION, measured, spec
from tests.services.clocks import ManualClock


class Watched:
    """What is live, and the clock that it goes by."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.sandboxes = {(ACCOUNT, REGION, "hello"): (3, 120)}
        self.live = Live(self.clock, lambda: self.sandboxes)

    def invoke(self, name: str = "hello", ms: float = 10.0, **more: object) -> None:
        of = spec(name, memory_mb=256)
        self.live.measured(measured(of, ms, self.clock.time() - ms / 1000, **more))

    async def told(self, seconds: str = "60", region: str = REGION) -> list[dict[str, object]]:
        answer = await self.live.answer(ACCOUNT, region, {"seconds": seconds})
        functions: list[dict[str, object]] = answer["Functions"]
        return functions


async def test_it_tells_of_the_last_seconds_only() -> None:
    on = Watched()
    on.invoke()
    on.clock.now += 100
    for ms in (10, 20, 30):
        on.invoke(ms=ms, peak_mb=int(ms), concurrency=2)
    on.invoke(error="Unhandled")
    on.live.measured(Throttled(spec(), spec().arn, on.clock.time(), "x", "id", ""))
    [hello] = await on.told("10")
    assert hello["Invocations"] == 4
    assert (hello["Errors"], hello["Throttles"], hello["Concurrency"]) == (1, 1, 2)
    assert (hello["PeakMB"], hello["MemoryMB"]) == (40, 256)
    assert (hello["Sandboxes"], hello["SandboxesMB"]) == (3, 120)
    assert hello["P50Ms"] == pytest.approx(10, rel=0.01)
    assert hello["P99Ms"] == pytest.approx(20, rel=0.01)
    [hello] = await on.told("300")
    assert hello["Invocations"] == 5


async def test_a_function_that_is_idle_but_has_sandboxes_is_told_of() -> None:
    on = Watched()
    on.invoke("other")
    on.clock.now += 400
    [hello] = await on.told("300")
    assert (hello["Function"], hello["Invocations"], hello["P99Ms"]) == ("hello", 0, None)


async def test_regions_are_apart() -> None:
    on = Watched()
    on.invoke()
    assert await on.told(region="eu-west-1") == []


async def test_the_rate_is_of_the_time_that_was_watched() -> None:
    on = Watched()
    on.clock.now += 20
    for _ in range(40):
        on.invoke()
    [hello] = await on.told("60")
    assert hello["PerSecond"] == 2.0


async def test_versions_are_added_up() -> None:
    on = Watched()
    for version in ("1", "2"):
        of = spec(version=version, memory_mb=512)
        on.live.measured(measured(of, 5, on.clock.time()))
    [hello] = await on.told()
    assert (hello["Invocations"], hello["MemoryMB"]) == (2, 512)


async def test_functions_that_do_nothing_any_more_are_forgotten() -> None:
    on = Watched()
    for number in range(3000):
        on.invoke(f"f{number}")
        on.clock.now += 1
    assert len(on.live._recent) < 1500


@pytest.mark.parametrize("seconds", ["4", "301", "x", "", "-60", "1e2"])
async def test_another_span_of_time_is_refused(seconds: str) -> None:
    with pytest.raises(ServiceError, match="seconds is a whole number from 5 to 300"):
        await Watched().told(seconds)


@given(
    st.lists(st.floats(0.01, 900_000), min_size=1, max_size=200),
    st.lists(st.floats(0.01, 900_000), max_size=200),
    st.sampled_from([0.5, 0.99]),
)
def test_percentiles_are_one_percent_off_at_most_also_of_bins_added_up(
    one: list[float], two: list[float], part: float
) -> None:
    bins: dict[int, int] = {}
    for values in (one, two):
        for value in values:
            number = _MAPPING.key(value)
            bins[number] = bins.get(number, 0) + 1
    every = sorted(one + two)
    exact = every[int(part * (len(every) - 1))]
    assert percentile(bins, part) == pytest.approx(exact, rel=0.0101, abs=0.001)


def test_nothing_has_no_percentiles() -> None:
    assert percentile({}, 0.5) is None
