import asyncio
import gc
import itertools
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingle.invoke.events.dispatcher import Bounds
from ingle.invoke.events.event import Event
from ingle.invoke.events.pace import FIRST
from ingle.invoke.events.store import Page
from tests.invoke.lines import MOST, SMALL, STEADY, Lines, copied, template


def numbered(name: str, count: int) -> list[str]:
    return [f"{name}{number}" for number in range(count)]


async def drain(lines: Lines, count: int) -> None:
    """End whatever runs until so many are over."""
    while len(lines.over) < count:
        await lines.until(lambda: bool(lines.running))
        await lines.succeed(*lines.running)
    await lines.settled()
    assert await lines.on_disk() == 0


async def turns(count: int) -> None:
    """Let the loop turn, with a short while for the threads of the database in each."""
    for _ in range(count):
        await asyncio.to_thread(lambda: None)


async def test_events_run_in_the_order_in_which_they_came_also_when_memory_holds_not_all(
    lines: Lines,
) -> None:
    names = numbered("a", 60)
    await lines.accept(*names)
    await drain(lines, len(names))
    assert lines.started == names


async def test_what_was_accepted_before_a_restart_runs_after_it_and_first(lines: Lines) -> None:
    await lines.accept(*numbered("a", FIRST + 20))
    running = list(lines.running)
    await lines.succeed(running[0])
    await lines.close()
    await lines.open()
    await lines.accept("a99")
    await drain(lines, FIRST + 21)
    assert lines.started.count(running[0]) == 1
    assert {lines.started.count(name) for name in running[1:]} == {2}
    assert lines.started[-1] == "a99"


async def test_a_slow_function_does_not_keep_others_waiting(lines: Lines) -> None:
    await lines.accept(*numbered("a", 50))
    while len(lines.running) < STEADY:
        await lines.advance(1)
    await lines.advance(60)
    assert len(lines.running) == STEADY
    await lines.accept("b1", "b2", "c1", "c2")
    assert {"b1", "c1"} <= lines.running.keys()
    assert not {"b2", "c2"} & lines.running.keys()
    await lines.succeed("b1")
    assert "b2" in lines.running


async def test_no_more_run_than_there_may_in_any_case(lines: Lines) -> None:
    names = [f"{letter}1" for letter in "abcdefghijklmnopqrst"]
    await lines.accept(*names)
    assert len(lines.running) == MOST
    await drain(lines, len(names))


async def test_an_event_that_failed_runs_again_when_it_is_due_and_delays_no_other(
    lines: Lines,
) -> None:
    await lines.accept("a1", "a2")
    await lines.fail("a1", 60)
    await lines.succeed("a2")
    await lines.accept("a3")
    await lines.succeed("a3")
    await lines.advance(58)
    assert lines.started == ["a1", "a2", "a3"]
    await lines.advance(2)
    await lines.until(lambda: "a1" in lines.running)
    await lines.succeed("a1")
    assert lines.over["a1"] == 1
    assert await lines.on_disk() == 0


async def test_an_event_that_failed_runs_again_although_new_ones_keep_coming(
    lines: Lines,
) -> None:
    await lines.accept("a0")
    await lines.fail("a0", 1)
    for number in itertools.count(1):
        await lines.accept(f"a{number}")
        await lines.advance(0.1)
        if "a0" in lines.running:
            break
        await lines.succeed(*lines.running)
        assert number < 100


async def test_a_throttled_function_is_tried_again_after_longer_and_longer_pauses(
    lines: Lines,
) -> None:
    await lines.accept("a1", "a2")
    await lines.succeed("a2")
    await lines.refuse("a1")
    for pause_s in (1, 2, 4, 8):
        tries = len(lines.started)
        await lines.advance(pause_s - 0.5)
        assert len(lines.started) == tries
        await lines.advance(0.5)
        await lines.until(lambda: "a1" in lines.running)
        await lines.refuse("a1")
    await lines.accept("b1")
    assert "b1" in lines.running


async def test_a_throttled_function_goes_on_with_the_concurrency_that_it_has(
    lines: Lines,
) -> None:
    await lines.accept(*numbered("a", FIRST + 2))
    first, *rest = list(lines.running)
    for name in rest:
        await lines.refuse(name)
    assert list(lines.running) == [first]
    await lines.succeed(first)
    assert len(lines.running) == 1


async def test_payloads_stay_on_disk_until_they_are_needed(tmp_path: Path) -> None:
    lines = await Lines(tmp_path, Bounds()).open()
    await lines.accept(*numbered("a", 3000))
    await lines.settled()
    gc.collect()
    kept = [each for each in gc.get_objects() if isinstance(each, Event)]
    assert len(kept) <= STEADY + Bounds().buffer
    await lines.close()


@pytest.mark.parametrize("seen", [True, False])
async def test_an_event_that_comes_while_others_are_read_runs_once(
    lines: Lines, monkeypatch: pytest.MonkeyPatch, seen: bool
) -> None:
    read = lines.store.page

    async def page(*arguments: Any) -> Page:
        monkeypatch.setattr(lines.store, "page", read)
        early = None if seen else await read(*arguments)
        lines.hand_over("a90")
        await asyncio.gather(*lines.handed_over)
        return early or await read(*arguments)

    monkeypatch.setattr(lines.store, "page", page)
    names = numbered("a", SMALL.buffer + 1)
    await lines.accept(*names)
    await drain(lines, len(names) + 1)
    assert sorted(lines.started) == sorted([*names, "a90"])


async def test_events_that_are_written_while_others_are_read_run_once(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = lines.store.page
    release = asyncio.Event()

    async def hold(_connection: object) -> None:
        await release.wait()

    async def page(*arguments: Any) -> Page:
        monkeypatch.setattr(lines.store, "page", read)
        release.set()
        await asyncio.gather(*lines.handed_over)
        return await read(*arguments)

    monkeypatch.setattr(lines.store, "page", page)
    await lines.accept("a90")
    holding = asyncio.create_task(lines.database.write(hold))
    names = numbered("a", SMALL.buffer + 2)
    lines.hand_over(*names)
    await turns(10)
    lines.end("a90")
    await holding
    await drain(lines, len(names) + 1)
    assert sorted(lines.started) == sorted([*names, "a90"])


async def test_an_event_that_is_written_just_before_others_are_read_runs_once(lines: Lines) -> None:
    read, announced = lines.events("a1", "a2")
    lines.dispatcher.announce([announced])
    await lines.database.write(lambda connection: lines.store.insert(connection, [read, announced]))
    lines.dispatcher.accepted([read])
    lines.dispatcher.accepted([announced])
    await drain(lines, 2)
    assert sorted(lines.started) == ["a1", "a2"]


@pytest.mark.parametrize("seed", range(4))
async def test_events_that_come_while_others_are_read_and_end_run_once_each(
    lines: Lines, seed: int
) -> None:
    chance = random.Random(seed)
    count = 200

    async def produce(name: str) -> None:
        number = 0
        while number < count:
            names = numbered(name, count)[number : number + chance.randint(1, 9)]
            number += len(names)
            lines.hand_over(*names)
            await turns(chance.randint(0, 8))

    producers = [asyncio.create_task(produce(name)) for name in "abc"]
    while len(lines.over) < 3 * count:
        for name in list(lines.running):
            if chance.random() < 0.3:
                lines.end(name)
        await lines.clock.advance(0.01)
        await turns(1)
    await asyncio.gather(*producers)
    await lines.settled()
    assert sorted(lines.started) == sorted(lines.over)
    assert await lines.on_disk() == 0


actions = st.one_of(
    st.tuples(st.just("accept"), st.sampled_from("abc"), st.integers(1, 12)),
    st.tuples(st.just("succeed"), st.integers(0, 30), st.integers(1, 5)),
    st.tuples(st.just("fail"), st.integers(0, 30), st.sampled_from([1, 60, 120])),
    st.tuples(st.just("refuse"), st.integers(0, 30), st.just(0)),
    st.tuples(st.just("advance"), st.just(0), st.sampled_from([0.1, 1, 60, 300])),
    st.tuples(st.just("restart"), st.just(0), st.just(0)),
    # These do not wait for what follows from them: the number is of turns of the loop.
    st.tuples(st.just("hand over"), st.sampled_from("abc"), st.integers(0, 60)),
    st.tuples(st.just("end"), st.integers(0, 30), st.integers(0, 60)),
)


async def play(folder: Path, script: list[tuple[str, int | str, float]]) -> None:
    lines = await Lines(folder).open()
    count = 0
    for what, which, how in script:
        running = list(lines.running)
        if what == "accept":
            await lines.accept(*(f"{which}{count + each}" for each in range(int(how))))
            count += int(how)
        elif what == "hand over":
            lines.hand_over(*(f"{which}{count + each}" for each in range(5)))
            count += 5
            await turns(int(how))
        elif what == "advance":
            await lines.advance(how)
        elif what == "restart":
            await lines.close()
            await lines.open()
        elif running and isinstance(which, int):
            name = running[which % len(running)]
            if what == "succeed":
                await lines.succeed(name)
            elif what == "end":
                for each in running[: 1 + which % 4]:
                    lines.end(each)
                await turns(int(how))
            elif lines.running[name][1].done():
                pass
            elif what == "fail":
                await lines.fail(name, how)
            else:
                await lines.refuse(name)
    await asyncio.gather(*lines.handed_over)
    while len(lines.over) < count:
        await lines.advance(300)
        await lines.until(lambda: bool(lines.running) or len(lines.over) == count)
        await lines.succeed(*lines.running)
    await lines.settled()
    assert await lines.on_disk() == 0
    assert lines.dispatcher._backlogs == {}
    await lines.close()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asyncio.run(template(tmp_path_factory.mktemp("events") / "template"))


copies = itertools.count()


@given(st.lists(actions, max_size=40))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_happens_every_event_is_over_once_and_never_runs_twice_at_the_same_time(
    empty: Path, script: list[tuple[str, int | str, float]]
) -> None:
    asyncio.run(play(copied(empty, empty.parent / str(next(copies))), script))
