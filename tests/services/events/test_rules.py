"""Buses, rules, permissions, tags and schedules."""

import json

import pytest

from tests.services.clocks import ManualClock
from tests.services.conftest import ACCOUNT, REGION
from tests.services.events.conftest import ARN, QUEUE, Events

PATTERN = '{"source": ["shop"]}'


async def test_the_default_bus_is_always_there(events: Events) -> None:
    found = await events.call("DescribeEventBus")
    assert found == {"Name": "default", "Arn": f"{ARN}event-bus/default"}
    assert (await events.call("ListEventBuses"))["EventBuses"] == [found]
    error = await events.refused("DeleteEventBus", Name="default")
    assert error.message == "Cannot delete event bus default."


async def test_buses_are_kept_over_a_restart(events: Events) -> None:
    tags = [{"Key": "k", "Value": "v"}]
    await events.call("CreateEventBus", Name="one", Description="d", Tags=tags)
    await events.close()
    await events.open()
    assert (await events.call("DescribeEventBus", Name="one"))["Description"] == "d"
    arn = f"{ARN}event-bus/one"
    assert (await events.call("ListTagsForResource", ResourceARN=arn))["Tags"] == tags
    error = await events.refused("CreateEventBus", Name="one")
    assert error.error_code == "ResourceAlreadyExistsException"
    await events.call("PutRule", Name="r", EventBusName="one", EventPattern=PATTERN)
    assert (await events.refused("DeleteEventBus", Name="one")).error_code == "ValidationException"
    await events.call("DeleteRule", Name="r", EventBusName=arn)
    await events.call("DeleteEventBus", Name="one")
    error = await events.refused("DescribeEventBus", Name="one")
    assert (error.error_code, error.message) == (
        "ResourceNotFoundException",
        "Event bus one does not exist.",
    )


async def test_a_rule_is_described_listed_switched_and_deleted(events: Events) -> None:
    await events.rule({"source": ["shop"]})
    arn = f"{ARN}rule/r"
    found = await events.call("DescribeRule", Name="r")
    assert found == {
        "Name": "r",
        "Arn": arn,
        "EventPattern": PATTERN,
        "State": "ENABLED",
        "EventBusName": "default",
        "CreatedBy": "000000000000",
    }
    await events.call("DisableRule", Name="r")
    [listed] = (await events.call("ListRules", NamePrefix="r"))["Rules"]
    assert listed["State"] == "DISABLED"
    named = await events.call("ListRuleNamesByTarget", TargetArn=f"{QUEUE}q")
    assert named == {"RuleNames": ["r"]}
    error = await events.refused("DeleteRule", Name="r")
    assert error.message == "Rule can't be deleted since it has targets."
    answer = await events.call("RemoveTargets", Rule="r", Ids=["t", "none"])
    assert answer["FailedEntryCount"] == 1
    await events.call("TagResource", ResourceARN=arn, Tags=[{"Key": "a", "Value": "b"}])
    await events.call("UntagResource", ResourceARN=arn, TagKeys=["a"])
    assert (await events.call("ListTagsForResource", ResourceARN=arn))["Tags"] == []
    await events.call("DeleteRule", Name="r")
    error = await events.refused("DescribeRule", Name="r")
    assert error.message == "Rule r does not exist on EventBus default."


async def test_a_rule_that_is_off_is_for_no_event(events: Events) -> None:
    await events.queue()
    await events.rule({"source": ["shop"]})
    await events.call("DisableRule", Name="r")
    await events.put(Detail='{"number": 1}')
    await events.call("EnableRule", Name="r")
    await events.put(Detail='{"number": 2}')
    assert json.loads(await events.body())["detail"] == {"number": 2}


@pytest.mark.parametrize(
    ("members", "code", "message"),
    [
        (
            {},
            "ValidationException",
            "Parameter(s) EventPattern or ScheduleExpression must be specified.",
        ),
        (
            {"EventPattern": "{"},
            "InvalidEventPatternException",
            "Event pattern is not valid. Reason: Filter is not valid JSON",
        ),
        (
            {"EventPattern": '{"source": "shop"}'},
            "InvalidEventPatternException",
            'Event pattern is not valid. Reason: "source" must be an object or an array',
        ),
        (
            {"ScheduleExpression": "rate(1 minutes)"},
            "ValidationException",
            "Parameter ScheduleExpression is not valid.",
        ),
    ],
)
async def test_a_rule_that_is_none_is_refused(
    events: Events, members: dict[str, str], code: str, message: str
) -> None:
    error = await events.refused("PutRule", Name="r", **members)
    assert (error.error_code, error.message) == (code, message)


async def test_schedules_are_for_the_default_bus(events: Events) -> None:
    await events.call("CreateEventBus", Name="one")
    error = await events.refused(
        "PutRule", Name="r", EventBusName="one", ScheduleExpression="rate(1 day)"
    )
    assert error.message == "ScheduleExpression is supported only on the default event bus."


async def test_statements_of_a_bus_are_put_and_removed(events: Events) -> None:
    put = {"Action": "events:PutEvents", "Principal": "111111111111", "StatementId": "s"}
    await events.call("PutPermission", **put)
    policy = json.loads((await events.call("DescribeEventBus"))["Policy"])
    assert policy["Statement"] == [
        {
            "Sid": "s",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
            "Action": "events:PutEvents",
            "Resource": f"{ARN}event-bus/default",
        }
    ]
    error = await events.refused("RemovePermission", StatementId="none")
    assert error.message == "Statement with the provided id does not exist."
    await events.call("RemovePermission", StatementId="s")
    assert "Policy" not in await events.call("DescribeEventBus")
    error = await events.refused("RemovePermission", StatementId="s")
    assert error.message == "EventBus does not have a policy."
    error = await events.refused("PutPermission", Policy="{")
    assert error.error_code == "ValidationException"


async def test_test_event_pattern_says_whether_an_event_matches(events: Events) -> None:
    event = {
        "id": "1",
        "account": "0",
        "source": "shop",
        "time": "t",
        "region": "r",
        "resources": [],
        "detail-type": "order",
    }
    for source, result in (("shop", True), ("bank", False)):
        answer = await events.call(
            "TestEventPattern", EventPattern=PATTERN, Event=json.dumps(event | {"source": source})
        )
        assert answer == {"Result": result}
    error = await events.refused("TestEventPattern", EventPattern=PATTERN, Event="{}")
    assert error.error_code == "ValidationException"


async def schedule(events: Events, expression: str) -> None:
    await events.queue()
    await events.call("PutRule", Name="r", ScheduleExpression=expression)
    await events.call("PutTargets", Rule="r", Targets=[{"Id": "t", "Arn": f"{QUEUE}q"}])


async def test_a_rate_fires_again_and_again(events: Events, clock: ManualClock) -> None:
    await schedule(events, "rate(5 minutes)")
    for time in ("00:05", "00:10"):
        await clock.advance(300)
        event = json.loads(await events.body())
        assert event["time"] == f"2026-01-01T{time}:00Z"
    assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
    assert (event["resources"], event["detail"]) == ([f"{ARN}rule/r"], {})


async def test_of_the_ticks_that_a_server_missed_the_last_is_made_up_for_once(
    events: Events, clock: ManualClock
) -> None:
    await schedule(events, "cron(0/10 * * * ? *)")
    await events.close()
    await clock.advance(3900)
    await events.open()
    assert json.loads(await events.body())["time"] == "2026-01-01T01:00:00Z"
    await events.close()
    await events.open()
    await clock.advance(300)
    assert json.loads(await events.body())["time"] == "2026-01-01T01:10:00Z"


async def test_a_rule_that_is_off_does_not_fire(events: Events, clock: ManualClock) -> None:
    await schedule(events, "rate(1 minute)")
    await events.call("DisableRule", Name="r")
    await clock.advance(90)
    await events.call("EnableRule", Name="r")
    await clock.advance(60)
    assert json.loads(await events.body())["time"] == "2026-01-01T00:02:30Z"


async def test_rules_that_match_or_whose_time_comes_are_measured(
    events: Events, clock: ManualClock
) -> None:
    await events.call("CreateEventBus", Name="own")
    pattern = json.dumps({"source": ["shop"]})
    await events.call("PutRule", Name="no-targets", EventBusName="own", EventPattern=pattern)
    await events.put(EventBusName="own")
    await events.put(EventBusName="own")
    await events.put(EventBusName="own", Source="bakery")
    await schedule(events, "rate(5 minutes)")
    await clock.advance(301)
    await events.body()
    start = int(clock.START)
    counted = {}
    for each in await events.metrics.list(ACCOUNT, REGION):
        if each.key.name in ("MatchedEvents", "TriggeredRules"):
            ((_, told),) = await events.metrics.statistics(
                *each.key[:4],
                dict(each.key.dimensions),
                start=start,
                end=start + 3600,
                period=3600,
                statistics=["Sum"],
            )
            counted[each.key.name, each.key.dimensions] = told["Sum"]
    own = (("EventBusName", "own"), ("RuleName", "no-targets"))
    assert counted == {
        ("MatchedEvents", ()): 2,
        ("MatchedEvents", own): 2,
        ("TriggeredRules", own): 2,
        ("TriggeredRules", (("RuleName", "r"),)): 1,
    }
