"""EventBridge Scheduler: its operations, and when schedules fire."""

import json
import uuid
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ingle.services.iam.api import IamService
from ingle.services.scheduler.api import SchedulerService
from ingle.services.scheduler.store import SchedulerStore
from ingle.storage.database import Database
from ingle.wire.errors import ServiceError
from ingle.wire.model import method_name
from tests.services.clocks import ManualClock
from tests.services.conftest import ACCOUNT, REGION, context
from tests.services.events.conftest import ARN as EVENTS
from tests.services.events.conftest import QUEUE, Events

ARN = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/clockwork"
OFF = {"Mode": "OFF"}
SDK = "arn:aws:scheduler:::aws-sdk:"


def document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", **statement}})


class World(Events):
    """The scheduler, and what is around it."""

    scheduler: SchedulerService

    async def open(self) -> None:
        await super().open()
        store = await SchedulerStore.open(self.database)
        services = {"sqs": self.sqs, "events": self.service}
        self.scheduler = SchedulerService(
            store, self.deliveries, services, self.authorizer, self.clock
        )
        self.scheduler.start()

    async def close(self) -> None:
        await self.scheduler.close()
        await super().close()

    async def make_role(self) -> None:
        iam = IamService(self.identities, self.clock)
        principal = {"Service": "scheduler.amazonaws.com"}
        trust = document(Principal=principal, Action="sts:AssumeRole")
        role = {"RoleName": "clockwork", "AssumeRolePolicyDocument": trust}
        await iam.create_role(context(), role)
        policy = document(Action=["sqs:SendMessage", "events:PutEvents"], Resource="*")
        inline = {"RoleName": "clockwork", "PolicyName": "p", "PolicyDocument": policy}
        await iam.put_role_policy(context(), inline)

    async def ask(self, operation: str, **members: Any) -> Any:
        if operation.startswith(("Create", "Delete", "Update")):
            # Clients always send one.
            members = {"ClientToken": str(uuid.uuid4())} | members
        return await getattr(self.scheduler, method_name(operation))(context(), members)

    async def denied(self, operation: str, **members: Any) -> tuple[str, str]:
        with pytest.raises(ServiceError) as caught:
            await self.ask(operation, **members)
        return caught.value.error_code, caught.value.message

    async def make(self, expression: str, name: str = "s", **members: Any) -> None:
        target = {"Arn": f"{QUEUE}q", "RoleArn": ROLE, "Input": "<aws.scheduler.scheduled-time>"}
        members = {"FlexibleTimeWindow": OFF, "Target": target} | members
        await self.ask("CreateSchedule", Name=name, ScheduleExpression=expression, **members)


@pytest.fixture
async def world(database: Database, clock: ManualClock) -> AsyncIterator[World]:
    made = World(database, clock)
    await made.open()
    await made.make_role()
    await made.queue(policy="")
    yield made
    await made.close()


async def test_a_schedule_is_made_described_listed_changed_and_deleted(world: World) -> None:
    target = {"Arn": f"{QUEUE}q", "RoleArn": ROLE}
    await world.make("rate(1 day)", Target=target, Description="d")
    now = ManualClock.START
    expected = {
        "Arn": f"{ARN}/default/s",
        "Name": "s",
        "GroupName": "default",
        "CreationDate": now,
        "LastModificationDate": now,
        "ScheduleExpression": "rate(1 day)",
        "ScheduleExpressionTimezone": "UTC",
        "Description": "d",
        "State": "ENABLED",
        "ActionAfterCompletion": "NONE",
        "Target": target,
        "FlexibleTimeWindow": OFF,
    }
    assert await world.ask("GetSchedule", Name="s") == expected
    await world.ask(
        "UpdateSchedule",
        Name="s",
        ScheduleExpression="cron(0 0 * * ? *)",
        FlexibleTimeWindow=OFF,
        Target=target,
        State="DISABLED",
    )
    await world.close()
    await world.open()
    assert "Description" not in await world.ask("GetSchedule", Name="s")
    [listed] = (await world.ask("ListSchedules", State="DISABLED"))["Schedules"]
    assert (listed["Name"], listed["Target"]) == ("s", {"Arn": f"{QUEUE}q"})
    await world.ask("DeleteSchedule", Name="s")
    assert await world.denied("GetSchedule", Name="s") == (
        "ResourceNotFoundException",
        "Schedule s does not exist.",
    )


async def test_a_group_is_deleted_with_its_schedules(world: World) -> None:
    made = await world.ask("CreateScheduleGroup", Name="g", Tags=[{"Key": "a", "Value": "b"}])
    arn = made["ScheduleGroupArn"]
    await world.make("rate(1 day)", GroupName="g")
    assert (await world.ask("ListTagsForResource", ResourceArn=arn))["Tags"] == [
        {"Key": "a", "Value": "b"}
    ]
    await world.ask("UntagResource", ResourceArn=arn, TagKeys=["a"])
    names = [each["Name"] for each in (await world.ask("ListScheduleGroups"))["ScheduleGroups"]]
    assert names == ["default", "g"]
    assert (await world.denied("CreateScheduleGroup", Name="g"))[0] == "ConflictException"
    await world.ask("DeleteScheduleGroup", Name="g")
    assert (await world.ask("ListSchedules"))["Schedules"] == []
    assert await world.denied("GetScheduleGroup", Name="g") == (
        "ResourceNotFoundException",
        "Schedule group g does not exist.",
    )


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"ScheduleExpression": "rate(1 days)"}, "Invalid Schedule Expression rate(1 days)."),
        (
            {"ScheduleExpressionTimezone": "Mars/Olympus"},
            "Invalid Schedule Expression Timezone Mars/Olympus.",
        ),
        (
            {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}},
            "MaximumWindowInMinutes must be set if, and only if, the mode of FlexibleTimeWindow is "
            "FLEXIBLE.",
        ),
        ({"StartDate": 2.0, "EndDate": 1.0}, "The StartDate must be before the EndDate."),
        (
            {"Target": {"Arn": f"{QUEUE}q", "RoleArn": f"{ROLE}none"}},
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the "
            "role.",
        ),
        (
            {"Target": {"Arn": "arn:aws:kinesis:us-east-1:1:stream/s", "RoleArn": ROLE}},
            "The target arn:aws:kinesis:us-east-1:1:stream/s is not available in this version of "
            "Ingle. Choose a Lambda function, an SQS queue, an SNS topic, an event bus, or "
            "arn:aws:scheduler:::aws-sdk:…",
        ),
        (
            {"Target": {"Arn": f"{SDK}ec2:startInstances", "RoleArn": ROLE}},
            f"The target {SDK}ec2:startInstances is not available in this version of Ingle. It "
            "calls operations of cloudwatch, cloudwatchlogs, eventbridge, iam, lambda, scheduler, "
            "sns, sqs.",
        ),
        (
            {"Target": {"Arn": f"{SDK}sqs:receiveMessage", "RoleArn": ROLE}},
            f"The target {SDK}sqs:receiveMessage is not supported: schedules call nothing that "
            "reads.",
        ),
        (
            {"Target": {"Arn": f"{SDK}sqs:fly", "RoleArn": ROLE}},
            f"The target {SDK}sqs:fly is not supported: sqs has no such operation.",
        ),
        (
            {"Target": {"Arn": f"{SDK}sqs:purgeQueue", "RoleArn": ROLE, "Input": '{"X": 1}'}},
            "Invalid RequestJson provided. Reason The field X is not supported by this target",
        ),
        (
            {"KmsKeyArn": "arn:aws:kms:us-east-1:1:key/k"},
            "KmsKeyArn is not supported by this version of Ingle: there is no KMS. Leave it out.",
        ),
    ],
)
async def test_a_schedule_that_is_none_is_refused(
    world: World, members: dict[str, Any], message: str
) -> None:
    request = {
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": OFF,
        "Target": {"Arn": f"{QUEUE}q", "RoleArn": ROLE},
    } | members
    assert await world.denied("CreateSchedule", Name="s", **request) == (
        "ValidationException",
        message,
    )


async def test_a_rate_fires_at_once_and_then_in_its_distance(
    world: World, clock: ManualClock
) -> None:
    await world.make("rate(1 hour)")
    assert await world.body() == "2026-01-01T00:00:00Z"
    await clock.advance(3600)
    assert await world.body() == "2026-01-01T01:00:00Z"


async def test_one_time_fires_once_and_the_schedule_goes(world: World, clock: ManualClock) -> None:
    await world.make(
        "at(2026-01-01T02:00:00)",
        ActionAfterCompletion="DELETE",
        ScheduleExpressionTimezone="Europe/Berlin",
    )
    await clock.advance(3600)
    assert await world.body() == "2026-01-01T01:00:00Z"
    assert (await world.denied("GetSchedule", Name="s"))[0] == "ResourceNotFoundException"


async def test_a_schedule_ends_with_its_end_date(world: World, clock: ManualClock) -> None:
    start = ManualClock.START
    await world.make("rate(1 hour)", StartDate=start + 3600, EndDate=start + 5000)
    await world.make("rate(3 hours)", "later", StartDate=start + 3 * 3600)
    await clock.advance(3600)
    assert await world.body() == "2026-01-01T01:00:00Z"
    await clock.advance(7200)
    assert await world.body() == "2026-01-01T03:00:00Z"


async def test_a_daily_schedule_follows_the_clocks_of_its_zone_into_summer(
    world: World, clock: ManualClock
) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    before = datetime(2026, 3, 28, 12, tzinfo=berlin).timestamp()
    await clock.advance(before - clock.time())
    await world.make("cron(0 8 * * ? *)", ScheduleExpressionTimezone="Europe/Berlin")
    await clock.advance(86400)
    assert await world.body() == "2026-03-29T06:00:00Z"
    await clock.advance(86400)
    assert await world.body() == "2026-03-30T06:00:00Z"


async def test_a_flexible_window_fires_within_it(world: World, clock: ManualClock) -> None:
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 10}
    await world.make("cron(0 1 * * ? *)", FlexibleTimeWindow=window)
    await clock.advance(4200)
    assert await world.body() == "2026-01-01T01:00:00Z"


async def test_times_that_passed_while_the_server_was_down_fire_once(
    world: World, clock: ManualClock
) -> None:
    await world.make("cron(0/10 * * * ? *)")
    assert await world.body() == "2026-01-01T00:00:00Z"
    await world.close()
    await clock.advance(3900)
    await world.open()
    assert await world.body() == "2026-01-01T01:00:00Z"
    await world.close()
    await world.open()
    await clock.advance(300)
    assert await world.body() == "2026-01-01T01:10:00Z"


async def test_a_schedule_puts_an_event_on_a_bus(world: World) -> None:
    target = {
        "Arn": f"{EVENTS}event-bus/default",
        "RoleArn": ROLE,
        "Input": '{"n": 1}',
        "EventBridgeParameters": {"Source": "clock", "DetailType": "tick"},
    }
    await world.queue("bus")
    await world.rule({"source": ["clock"]}, Arn=f"{QUEUE}bus")
    await world.make("rate(1 day)", Target=target)
    event = json.loads(await world.body("bus"))
    assert (event["source"], event["detail-type"], event["detail"]) == ("clock", "tick", {"n": 1})
    assert event["resources"] == [f"{ARN}/default/s"]


async def test_a_schedule_calls_an_operation_as_its_role(world: World) -> None:
    message = {"QueueUrl": "q", "MessageBody": "at <aws.scheduler.scheduled-time>"}
    target = {"Arn": f"{SDK}sqs:sendMessage", "RoleArn": ROLE, "Input": json.dumps(message)}
    await world.make("rate(1 day)", Target=target)
    assert await world.body() == "at 2026-01-01T00:00:00Z"


async def test_an_operation_that_the_role_may_not_call_goes_to_the_dead_letter_queue(
    world: World,
) -> None:
    await world.queue("letters", policy="")
    target = {
        "Arn": f"{SDK}sqs:createQueue",
        "RoleArn": ROLE,
        "Input": '{"QueueName": "new"}',
        "DeadLetterConfig": {"Arn": f"{QUEUE}letters"},
    }
    await world.make("rate(1 day)", Target=target)
    letter = await world.message("letters")
    told = {name: each["StringValue"] for name, each in letter["MessageAttributes"].items()}
    assert "sqs:createqueue" in told.pop("ERROR_MESSAGE").lower()
    assert told == {
        "SCHEDULE_ARN": f"{ARN}/default/s",
        "TARGET_ARN": f"{SDK}sqs:createQueue",
        "ERROR_CODE": "NO_PERMISSIONS",
        "SCHEDULED_TIME": "2026-01-01T00:00:00Z",
        "RETRY_ATTEMPTS": "0",
        "IS_PAYLOAD_TRUNCATED": "false",
    }


async def test_a_request_that_comes_twice_with_its_token_is_one(world: World) -> None:
    for _ in range(2):
        await world.ask("CreateScheduleGroup", Name="g", ClientToken="1")
        await world.make("at(2027-01-01T00:00:00)", GroupName="g", ClientToken="2")
        await world.close()
        await world.open()
    with pytest.raises(ServiceError) as caught:
        await world.make("at(2027-01-01T00:00:00)", GroupName="g")
    assert caught.value.error_code == "ConflictException"
    with pytest.raises(ServiceError) as caught:
        await world.make("at(2028-01-01T00:00:00)", GroupName="g", ClientToken="2")
    assert caught.value.error_code == "ConflictException"
    for _ in range(2):
        await world.ask("DeleteSchedule", Name="s", GroupName="g", ClientToken="3")
    assert (await world.denied("DeleteSchedule", Name="s", GroupName="g"))[0] == (
        "ResourceNotFoundException"
    )
    for _ in range(2):
        await world.ask("DeleteScheduleGroup", Name="g", ClientToken="4")


async def test_an_attempt_tells_its_number_and_an_execution_keeps_its_id(world: World) -> None:
    text = "<aws.scheduler.execution-id> <aws.scheduler.attempt-number>"
    await world.make("rate(1 day)", Target={"Arn": f"{QUEUE}q", "RoleArn": ROLE, "Input": text})
    execution, attempt = (await world.body()).split()
    assert (str(uuid.UUID(execution)), attempt) == (execution, "1")
