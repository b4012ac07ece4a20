import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingle.services.logs.chunks import pack
from ingle.services.logs.limits import CHUNK
from ingle.services.logs.model import GroupKey, StreamKey
from ingle.storage.database import Database
from ingle.wire.errors import ServiceError
from tests.services.clocks import ManualClock
from tests.services.conftest import ACCOUNT, REGION, context
from tests.services.logs.conftest import GROUP, NOW_MS, STREAM, Logs, messages, open_logs


async def test_events_come_back_as_they_were_logged(logs: Logs) -> None:
    logs.write((1, "START\n"), (2, "日本語 🙀\n"), (3, "END"))
    await logs.clock.advance(1)
    answer = await logs.get(startFromHead=True)
    assert answer["events"] == [
        {"timestamp": NOW_MS + 1, "message": "START\n", "ingestionTime": NOW_MS + 1000},
        {"timestamp": NOW_MS + 2, "message": "日本語 🙀\n", "ingestionTime": NOW_MS + 1000},
        {"timestamp": NOW_MS + 3, "message": "END", "ingestionTime": NOW_MS + 1000},
    ]


async def test_the_latest_events_come_first_by_default_in_order_of_time(logs: Logs) -> None:
    logs.write(*((number, str(number)) for number in range(10)))
    answer = await logs.get(limit=3)
    assert messages(answer) == ["7", "8", "9"]
    before = await logs.get(limit=3, nextToken=answer["nextBackwardToken"])
    assert messages(before) == ["4", "5", "6"]
    again = await logs.get(limit=3, nextToken=before["nextForwardToken"])
    assert messages(again) == ["7", "8", "9"]


async def test_at_the_end_the_same_token_comes_back_until_there_is_more(logs: Logs) -> None:
    logs.write((1, "one"))
    first = await logs.get(startFromHead=True)
    end = await logs.get(startFromHead=True, nextToken=first["nextForwardToken"])
    assert end["events"] == []
    assert end["nextForwardToken"] == first["nextForwardToken"]
    logs.write((2, "two"))
    more = await logs.get(startFromHead=True, nextToken=end["nextForwardToken"])
    assert messages(more) == ["two"]
    # From the empty page at the end the way back leads to the last event too.
    back = await logs.get(nextToken=end["nextBackwardToken"])
    assert messages(back) == ["one"]


async def test_at_the_beginning_the_same_token_comes_back(logs: Logs) -> None:
    logs.write((1, "one"))
    first = await logs.get()
    start = await logs.get(nextToken=first["nextBackwardToken"])
    assert start["events"] == []
    assert start["nextBackwardToken"] == first["nextBackwardToken"]
    assert messages(await logs.get(nextToken=start["nextForwardToken"])) == ["one"]


async def test_a_stream_without_events_has_tokens_that_lead_to_the_first_one(logs: Logs) -> None:
    await logs.service.create_log_group(context(), {"logGroupName": GROUP})
    await logs.service.create_log_stream(
        context(), {"logGroupName": GROUP, "logStreamName": STREAM}
    )
    empty = await logs.get()
    assert empty["events"] == []
    logs.write((1, "one"))
    assert messages(await logs.get(nextToken=empty["nextForwardToken"])) == ["one"]


async def test_the_end_time_is_outside_of_get_and_inside_of_filter(logs: Logs) -> None:
    logs.write(*((number, str(number)) for number in range(5)))
    bounds = {"startTime": NOW_MS + 1, "endTime": NOW_MS + 3}
    assert messages(await logs.get(**bounds)) == ["1", "2"]
    assert messages(await logs.filter(**bounds)) == ["1", "2", "3"]


async def test_a_page_of_events_holds_at_most_a_megabyte(logs: Logs) -> None:
    logs.write(*((number, "x" * 100_000) for number in range(25)))
    request: dict[str, Any] = {"startFromHead": True}
    sizes = []
    while True:
        answer = await logs.get(**request)
        if not answer["events"]:
            break
        sizes.append(len(answer["events"]))
        request["nextToken"] = answer["nextForwardToken"]
    assert sizes == [10, 10, 5]


async def test_filtering_interleaves_the_streams_by_time(logs: Logs) -> None:
    logs.write((1, "a1"), (4, "a4"), stream="a")
    logs.write((2, "b2"), (3, "b3"), stream="b")
    answer = await logs.filter()
    assert [(event["logStreamName"], event["message"]) for event in answer["events"]] == [
        ("a", "a1"), ("b", "b2"), ("b", "b3"), ("a", "a4")
    ]  # fmt: skip
    assert answer["searchedLogStreams"] == []
    ids = [event["eventId"] for event in answer["events"]]
    assert ids == sorted(set(ids))
    assert all(len(each) == 56 for each in ids)
    backwards = await logs.filter(startFromHead=False)
    assert messages(backwards) == ["a4", "b3", "b2", "a1"]


async def test_filtering_can_be_narrowed_to_streams(logs: Logs) -> None:
    for name in ("a1", "a2", "A3", "b"):
        logs.write((1, name), stream=name)
    assert messages(await logs.filter(logStreamNames=["b", "a2"])) == ["a2", "b"]
    assert messages(await logs.filter(logStreamNamePrefix="a")) == ["a1", "a2"]
    with pytest.raises(ServiceError, match="The specified log stream does not exist"):
        await logs.filter(logStreamNames=["b", "none"])
    with pytest.raises(ServiceError) as caught:
        await logs.filter(logStreamNames=["b"], logStreamNamePrefix="a")
    assert caught.value.error_code == "InvalidParameterException"


async def test_filtering_by_a_pattern(logs: Logs) -> None:
    logs.write((1, "ERROR disk full"), (2, "WARN disk"), (3, "ERROR net"))
    assert messages(await logs.filter(filterPattern="ERROR")) == ["ERROR disk full", "ERROR net"]
    assert messages(await logs.filter(filterPattern='ERROR "disk full"')) == ["ERROR disk full"]


async def test_a_search_that_finds_little_answers_in_steps(logs: Logs) -> None:
    for number in range(40):
        logs.write((number, "x" * 1_000_000))
        await logs.sink.flush()
    logs.write((50, "needle"))
    first = await logs.filter(filterPattern="needle")
    assert first["events"] == []
    second = await logs.filter(filterPattern="needle", nextToken=first["nextToken"])
    assert messages(second) == ["needle"]
    assert "nextToken" not in second


async def test_reading_backwards_before_2024_is_refused_as_by_aws(logs: Logs) -> None:
    logs.write((1, "x"))
    with pytest.raises(ServiceError) as caught:
        await logs.filter(startFromHead=False, startTime=1_704_067_199_999)
    assert caught.value.error_code == "InvalidParameterException"


@pytest.mark.parametrize("operation", ["get", "filter"])
async def test_a_foreign_token_is_refused(logs: Logs, operation: str) -> None:
    logs.write((1, "x"))
    with pytest.raises(ServiceError, match="The specified nextToken is invalid"):
        await getattr(logs, operation)(nextToken="invalid-token")


async def test_a_stream_that_does_not_exist_is_not_found(logs: Logs) -> None:
    logs.write((1, "x"))
    with pytest.raises(ServiceError) as caught:
        await logs.get(logStreamName="none")
    assert caught.value.error_code == "ResourceNotFoundException"
    assert caught.value.message == "The specified log stream does not exist."


BATCHES = st.lists(
    st.tuples(
        st.sampled_from(["one", "two", "three"]),
        st.lists(st.integers(0, 20) | st.integers(0, 3 * CHUNK.span_ms), min_size=1, max_size=5),
    ),
    max_size=8,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(BATCHES, st.integers(1, 4), st.booleans())
async def test_pages_in_either_direction_hold_every_event_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory,
    batches: list[tuple[str, list[int]]],
    limit: int,
    forward: bool,
) -> None:
    folder: Path = tmp_path_factory.mktemp("pages")
    database = await Database.open(folder)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        logs = await stack.enter_async_context(open_logs(database, ManualClock()))
        await logs.service.create_log_group(context(), {"logGroupName": GROUP})
        expected: list[tuple[int, str]] = []
        for number, (stream, times) in enumerate(batches):
            events = [(after_ms, f"{number}.{place}") for place, after_ms in enumerate(times)]
            logs.write(*events, stream=stream)
            await logs.sink.flush()
            # Events of one time keep the order in which they came.
            expected += sorted(events, key=lambda event: event[0])
        expected.sort(key=lambda event: event[0])
        seen: list[str] = []
        members: dict[str, Any] = {"limit": limit, "startFromHead": forward}
        while True:
            answer = await logs.filter(**members)
            seen += messages(answer)
            assert len(answer["events"]) <= limit
            if "nextToken" not in answer:
                break
            members["nextToken"] = answer["nextToken"]
        wanted = [message for _, message in expected]
        assert seen == (wanted if forward else wanted[::-1])


@pytest.mark.parametrize("forward", [True, False])
async def test_a_search_among_very_many_events_of_one_moment_comes_to_an_end(
    logs: Logs, forward: bool
) -> None:
    for _ in range(40):
        logs.write((0, "x" * 1_000_000))
        await logs.sink.flush()
    logs.write((-1, "needle"), (0, "needle"), (1, "needle"))
    members: dict[str, Any] = {"filterPattern": "needle", "startFromHead": forward}
    found = 0
    while True:
        answer = await logs.filter(**members)
        found += len(answer["events"])
        if "nextToken" not in answer:
            break
        assert members.get("nextToken") != answer["nextToken"]
        members["nextToken"] = answer["nextToken"]
    assert found == 3


@pytest.mark.parametrize("forward", [True, False])
async def test_a_stream_of_very_many_small_writes_is_read_to_its_end(
    logs: Logs, forward: bool
) -> None:
    # Each is a row of its own, as a function makes them that is called now and then.
    rows = [pack([(NOW_MS + number, str(number))])[0] for number in range(2100)]
    key = StreamKey(GroupKey(ACCOUNT, REGION, GROUP), STREAM)
    await logs.store.append({key: rows}, NOW_MS)
    assert messages(await logs.get(startFromHead=forward)) == [str(n) for n in range(2100)]
