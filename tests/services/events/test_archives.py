"""Archives keep events; replays put them on their bus again."""

import asyncio
import json
from typing import Any

import pytest

from ingle.wire.errors import ServiceError
from tests.services.clocks import ManualClock
from tests.services.events.conftest import ARN, QUEUE, Events

START = ManualClock.START
BUS = f"{ARN}event-bus/default"
ARCHIVE = f"{ARN}archive/a"
DAY_S = 86400
_POLL_S = 0.01
_LONGEST_S = 30.0


async def archive(events: Events, **members: Any) -> None:
    await events.call("CreateArchive", ArchiveName="a", EventSourceArn=BUS, **members)


async def replay(events: Events, name: str = "again", **members: Any) -> Any:
    request = {
        "EventSourceArn": ARCHIVE,
        "EventStartTime": START - DAY_S,
        "EventEndTime": START + DAY_S,
        "Destination": {"Arn": BUS},
    }
    return await events.call("StartReplay", ReplayName=name, **(request | members))


async def state(events: Events, name: str = "again") -> str:
    return str((await events.call("DescribeReplay", ReplayName=name))["State"])


async def over(events: Events, name: str = "again") -> str:
    async with asyncio.timeout(_LONGEST_S):
        while (found := await state(events, name)) in ("RUNNING", "CANCELLING"):
            await asyncio.sleep(_POLL_S)
    return found


async def test_an_archive_is_made_described_listed_changed_and_deleted(events: Events) -> None:
    await archive(events, Description="d", EventPattern='{"source":["shop"]}', RetentionDays=3)
    described = {
        "ArchiveArn": ARCHIVE,
        "ArchiveName": "a",
        "EventSourceArn": BUS,
        "Description": "d",
        "EventPattern": '{"source":["shop"]}',
        "State": "ENABLED",
        "RetentionDays": 3,
        "SizeBytes": 0,
        "EventCount": 0,
        "CreationTime": START,
    }
    assert await events.call("DescribeArchive", ArchiveName="a") == described
    await events.call("UpdateArchive", ArchiveName="a", EventPattern="", RetentionDays=0)
    await events.put(Source="other")
    await events.close()
    await events.open()
    [listed] = (await events.call("ListArchives", EventSourceArn=BUS))["Archives"]
    assert (listed["RetentionDays"], listed["EventCount"]) == (0, 1)
    assert listed["SizeBytes"] > 100
    await events.call("DeleteArchive", ArchiveName="a")
    assert (await events.call("ListArchives"))["Archives"] == []
    error = await events.refused("DeleteArchive", ArchiveName="a")
    assert error.message == "Archive a does not exist."


async def test_an_archive_keeps_what_its_pattern_lets_through(events: Events) -> None:
    await archive(events, EventPattern='{"detail": {"total": [{"numeric": [">", 10]}]}}')
    for total in (5, 50, 500):
        await events.put(Detail=json.dumps({"total": total}))
    assert (await events.call("DescribeArchive", ArchiveName="a"))["EventCount"] == 2


async def test_a_replay_puts_events_on_the_bus_again_which_are_not_archived_again(
    events: Events,
) -> None:
    await events.queue()
    await archive(events)
    sent = []
    for number in range(40):
        sent.append((await events.put(Detail=json.dumps({"number": number})))["Entries"][0])
    await events.rule({"source": ["shop"]})
    await replay(events)
    got = [json.loads(await events.body()) for _ in sent]
    assert sorted(each["detail"]["number"] for each in got) == list(range(40))
    assert {each["replay-name"] for each in got} == {"again"}
    assert {each["id"] for each in got} == {each["EventId"] for each in sent}
    assert await over(events) == "COMPLETED"
    told = await events.call("DescribeReplay", ReplayName="again")
    assert (told["ReplayEndTime"], told["EventLastReplayedTime"]) == (START, START)
    assert (await events.call("DescribeArchive", ArchiveName="a"))["EventCount"] == 40


async def test_a_replay_is_of_a_span_of_time_and_for_the_rules_that_it_names(
    events: Events,
) -> None:
    await events.queue()
    await events.queue("other")
    await archive(events)
    for number, time in enumerate((START - 200, START - 100, START)):
        await events.put(Time=float(time), Detail=json.dumps({"number": number}))
    await events.rule({"source": ["shop"]})
    await events.rule({"source": ["shop"]}, name="r2", Arn=f"{ARN.replace('events', 'sqs')}other")
    await replay(
        events,
        EventStartTime=START - 150.0,
        EventEndTime=START - 50.0,
        Destination={"Arn": BUS, "FilterArns": [f"{ARN}rule/r"]},
    )
    assert json.loads(await events.body())["detail"] == {"number": 1}
    assert await over(events) == "COMPLETED"
    await events.put(Detail='{"number": 9}')
    assert json.loads(await events.body("other"))["detail"] == {"number": 9}


async def test_a_replay_goes_on_after_a_restart_and_puts_nothing_twice(events: Events) -> None:
    await events.queue()
    await archive(events)
    for number in range(60):
        await events.put(Detail=json.dumps({"number": number}))
    await events.rule({"source": ["shop"]})
    await replay(events)
    await events.body()
    await events.close()
    await events.open()
    got = [await events.body() for _ in range(59)]
    assert len(set(got)) == 59
    assert await over(events) == "COMPLETED"
    await events.put(Detail='{"number": 99}')
    assert json.loads(await events.body())["detail"] == {"number": 99}


async def test_a_replay_can_be_cancelled_and_fails_without_its_archive(events: Events) -> None:
    await archive(events)
    await events.put()
    await replay(events)
    assert (await events.call("CancelReplay", ReplayName="again"))["State"] == "CANCELLING"
    assert await over(events) == "CANCELLED"
    error = await events.refused("CancelReplay", ReplayName="again")
    assert (error.error_code, error.message) == (
        "IllegalStatusException",
        "Replay again is not in a valid state for this operation.",
    )
    await replay(events, "lost")
    await events.call("DeleteArchive", ArchiveName="a")
    while await state(events, "lost") == "RUNNING":
        await events.call("ListArchives")
    told = await events.call("DescribeReplay", ReplayName="lost")
    assert (told["State"], told["StateReason"]) == ("FAILED", "Archive a was deleted.")
    names = [each["ReplayName"] for each in (await events.call("ListReplays"))["Replays"]]
    assert names == ["again", "lost"]


async def test_events_older_than_the_retention_go(events: Events) -> None:
    await archive(events, RetentionDays=2)
    await events.put()
    await events.clock.advance(1.5 * DAY_S)
    await events.put()
    await events.clock.advance(DAY_S)
    async with asyncio.timeout(_LONGEST_S):
        while (await events.call("DescribeArchive", ArchiveName="a"))["EventCount"] != 1:
            await asyncio.sleep(_POLL_S)


@pytest.mark.parametrize(
    ("operation", "members", "code", "message"),
    [
        (
            "CreateArchive",
            {"ArchiveName": "a", "EventSourceArn": BUS},
            "ResourceAlreadyExistsException",
            "Archive a already exists.",
        ),
        (
            "CreateArchive",
            {"ArchiveName": "b", "EventSourceArn": f"{BUS}x"},
            "ResourceNotFoundException",
            "Event bus defaultx does not exist.",
        ),
        (
            "CreateArchive",
            {"ArchiveName": "b", "EventSourceArn": BUS, "EventPattern": "{"},
            "InvalidEventPatternException",
            "Event pattern is not valid. Reason: Filter is not valid JSON",
        ),
        (
            "CreateArchive",
            {"ArchiveName": "b", "EventSourceArn": BUS, "KmsKeyIdentifier": "k"},
            "ValidationException",
            "KmsKeyIdentifier is not supported by this version of Ingle: there is no KMS; what is "
            "secret is encrypted with the server's own key. Leave it out.",
        ),
        (
            "ListArchives",
            {"NamePrefix": "a", "State": "ENABLED"},
            "ValidationException",
            "At most one filter is allowed for ListArchives. Use either : State, EventSourceArn, "
            "or NamePrefix.",
        ),
        (
            "DescribeReplay",
            {"ReplayName": "none"},
            "ResourceNotFoundException",
            "Replay none does not exist.",
        ),
    ],
)
async def test_wrong_archives_and_replays_are_refused(
    events: Events, operation: str, members: dict[str, Any], code: str, message: str
) -> None:
    await archive(events)
    error = await events.refused(operation, **members)
    assert (error.error_code, error.message) == (code, message)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            {"Destination": {"Arn": f"{ARN}rule/r"}},
            "Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN.",
        ),
        (
            {"EventSourceArn": f"{ARN}archive/none"},
            "Parameter EventSourceArn is not valid. Reason: Archive none does not exist.",
        ),
        (
            {"Destination": {"Arn": f"{ARN}event-bus/other"}},
            "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not "
            "permitted.",
        ),
        (
            {"EventEndTime": START - 2 * DAY_S},
            "Parameter EventEndTime is not valid. Reason: EventStartTime must be before "
            "EventEndTime.",
        ),
    ],
)
async def test_a_replay_that_cannot_be_is_refused(
    events: Events, members: dict[str, Any], message: str
) -> None:
    await archive(events)
    with pytest.raises(ServiceError) as caught:
        await replay(events, **members)
    assert caught.value.message == message


async def test_what_is_replayed_is_not_archived_on_another_bus_either(events: Events) -> None:
    await events.queue()
    await archive(events)
    other = (await events.call("CreateEventBus", Name="other"))["EventBusArn"]
    await events.call("CreateArchive", ArchiveName="b", EventSourceArn=other)
    await events.rule({"source": ["shop"]}, name="on", Arn=other)
    await events.call("PutRule", Name="r", EventBusName="other", EventPattern='{"source":["shop"]}')
    target = {"Id": "t", "Arn": f"{QUEUE}q"}
    await events.call("PutTargets", Rule="r", EventBusName="other", Targets=[target])
    await events.put()
    await events.body()
    await replay(events)
    assert json.loads(await events.body())["replay-name"] == "again"
    assert (await events.call("DescribeArchive", ArchiveName="b"))["EventCount"] == 1
