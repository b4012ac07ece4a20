from typing import Any

import pytest

from ingle.wire.errors import ServiceError
from tests.services.conftest import context
from tests.services.logs.conftest import GROUP, NOW_MS, STREAM, Logs, messages

DAY_MS = 86_400_000


@pytest.fixture
async def stream(logs: Logs) -> Logs:
    """Have an empty stream."""
    await logs.service.create_log_group(context(), {"logGroupName": GROUP})
    await logs.service.create_log_stream(
        context(), {"logGroupName": GROUP, "logStreamName": STREAM}
    )
    return logs


async def put(logs: Logs, *events: tuple[int, str], **members: Any) -> Any:
    request = {
        "logGroupName": GROUP,
        "logStreamName": STREAM,
        "logEvents": [{"timestamp": NOW_MS + ms, "message": text} for ms, text in events],
    }
    return await logs.service.put_log_events(context(), request | members)


async def refusal(logs: Logs, *events: tuple[int, str], **members: Any) -> str:
    with pytest.raises(ServiceError) as caught:
        await put(logs, *events, **members)
    assert (await logs.get())["events"] == []
    return f"{caught.value.error_code}: {caught.value.message}"


async def test_events_that_were_put_can_be_read(stream: Logs) -> None:
    answer = await put(stream, (0, "one"), (0, "two"), (1, "three"))
    assert list(answer) == ["nextSequenceToken"]
    assert messages(await stream.get()) == ["one", "two", "three"]


async def test_events_too_old_and_too_new_are_rejected_and_the_others_stored(
    stream: Logs,
) -> None:
    answer = await put(
        stream, (-15 * DAY_MS, "old"), (-1, "fine"), (3 * 3_600_000, "new"), (4 * 3_600_000, "new")
    )
    assert answer["rejectedLogEventsInfo"] == {
        "tooOldLogEventEndIndex": 1,
        "tooNewLogEventStartIndex": 2,
    }
    assert messages(await stream.get()) == ["fine"]


async def test_a_batch_in_which_every_event_is_rejected_stores_nothing(stream: Logs) -> None:
    answer = await put(stream, (-15 * DAY_MS, "old"))
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    assert (await stream.get())["events"] == []


async def test_a_batch_that_breaks_a_rule_is_refused_as_a_whole(stream: Logs) -> None:
    assert await refusal(stream, (1, "a"), (0, "b")) == (
        "InvalidParameterException: Log events in a single PutLogEvents request must be in "
        "chronological order."
    )
    assert await refusal(stream, (-DAY_MS - 1, "a"), (0, "b")) == (
        "InvalidParameterException: The batch of log events in a single PutLogEvents request "
        "cannot span more than 24 hours."
    )
    assert await refusal(stream, *((0, "x" * 262_118) for _ in range(5))) == (
        "InvalidParameterException: Upload too large: 1310720 bytes exceeds limit of 1048576"
    )
    assert await refusal(stream, (0, "x" * 1_048_551)) == (
        "InvalidParameterException: Log event too large: 1048577 bytes exceeds limit of 1048576"
    )
    assert await refusal(stream, (0, "x"), logStreamName="none") == (
        "ResourceNotFoundException: The specified log stream does not exist."
    )
