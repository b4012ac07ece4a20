import asyncio
from typing import Any

import pytest

from ingle.wire.errors import ServiceError
from tests.services.conftest import ACCOUNT, REGION, context
from tests.services.logs.conftest import GROUP, NOW_MS, Logs

ARN = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}"


async def start(logs: Logs, **members: Any) -> Any:
    request = {"logGroupIdentifiers": [ARN], **members}
    return (await logs.service.start_live_tail(context(), request))["responseStream"]


async def update(logs: Logs, stream: Any) -> Any:
    await logs.sink.flush()
    coming = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)  # it begins to wait
    await logs.clock.advance(1)
    return (await coming)["sessionUpdate"]


@pytest.fixture
async def group(logs: Logs) -> Logs:
    await logs.service.create_log_group(context(), {"logGroupName": GROUP})
    return logs


async def test_what_comes_in_is_shown_every_second(group: Logs) -> None:
    stream = await start(group, logEventFilterPattern="ERROR")
    begin = (await anext(stream))["sessionStart"]
    assert begin["logGroupIdentifiers"] == [ARN]
    assert begin["logEventFilterPattern"] == "ERROR"
    group.write((1, "ERROR"), (2, "fine"), stream="s")
    group.write((1, "ERROR elsewhere"), group="other")
    assert await update(group, stream) == {
        "sessionMetadata": {"sampled": False},
        "sessionResults": [
            {
                "logStreamName": "s",
                "logGroupIdentifier": f"{ACCOUNT}:{GROUP}",
                "message": "ERROR",
                "timestamp": NOW_MS + 1,
                "ingestionTime": NOW_MS,
            }
        ],
    }
    assert (await update(group, stream))["sessionResults"] == []
    await stream.aclose()


async def test_some_streams_can_be_chosen(group: Logs) -> None:
    named = await start(group, logStreamNames=["a"])
    begun = await start(group, logStreamNamePrefixes=["b"])
    await anext(named), await anext(begun)
    for stream in ("a", "ab", "b", "bc"):
        group.write((1, stream), stream=stream)
    shown = await update(group, named)
    assert [each["message"] for each in shown["sessionResults"]] == ["a"]
    shown = await update(group, begun)
    assert [each["message"] for each in shown["sessionResults"]] == ["b", "bc"]
    await named.aclose()
    await begun.aclose()


async def test_more_than_five_hundred_a_second_are_sampled_and_it_is_told(group: Logs) -> None:
    stream = await start(group)
    await anext(stream)
    group.write(*((1, f"{number}") for number in range(501)))
    shown = await update(group, stream)
    assert shown["sessionMetadata"] == {"sampled": True}
    assert len(shown["sessionResults"]) == 500
    await stream.aclose()


async def test_a_session_ends_after_three_hours(group: Logs) -> None:
    stream = await start(group)
    await anext(stream)
    await group.clock.advance(10_801)
    assert list(await anext(stream)) == ["SessionTimeoutException"]
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_there_are_only_so_many_and_one_that_is_left_makes_room(group: Logs) -> None:
    streams = [await start(group) for _ in range(15)]
    with pytest.raises(ServiceError, match="already 15 live tails") as caught:
        await start(group)
    assert caught.value.error_code == "LimitExceededException"
    await anext(streams[0])
    await streams[0].aclose()
    streams[0] = await start(group)
    for stream in streams:
        await anext(stream)
        await stream.aclose()


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"logGroupIdentifiers": [GROUP]}, "is not a log group's ARN"),
        ({"logGroupIdentifiers": [f"{ARN}x"]}, "does not exist"),
        ({"logStreamNames": ["a"], "logStreamNamePrefixes": ["a"]}, "mutually exclusive"),
        ({"logGroupIdentifiers": [ARN, f"{ARN}x"], "logStreamNames": ["a"]}, "single log group"),
        ({"logEventFilterPattern": "a:"}, "Invalid character"),
    ],
)
async def test_bad_input_is_refused(group: Logs, members: dict[str, Any], told: str) -> None:
    with pytest.raises(ServiceError, match=told):
        await start(group, **members)
