from typing import Any

import pytest

from ingle.services.logs.errors import ResourceNotFound
from ingle.services.logs.filter_store import FilterStore
from ingle.storage.database import Database
from ingle.wire.errors import ServiceError
from tests.services.conftest import ACCOUNT, REGION, context
from tests.services.logs.conftest import GROUP, NOW_MS, STREAM, Logs, messages

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:sink"
COPIES = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:copies"


async def put(
    logs: Logs, pattern: str = "", destination: str = FUNCTION, name: str = "f", **members: Any
) -> None:
    await logs.service.put_subscription_filter(
        context(),
        {
            "logGroupName": GROUP,
            "filterName": name,
            "filterPattern": pattern,
            "destinationArn": destination,
            **members,
        },
    )


@pytest.fixture
async def group(logs: Logs) -> Logs:
    for name in (GROUP, "copies"):
        await logs.service.create_log_group(context(), {"logGroupName": name})
    return logs


async def test_a_function_gets_the_events_that_pass(group: Logs) -> None:
    await put(group, "ERROR")
    group.write((1, "ERROR a\n"), (2, "fine\n"), (3, "ERROR b\n"))
    await group.sink.flush()
    control, (function, data, source, owner) = group.functions.events
    assert control[1]["messageType"] == "CONTROL_MESSAGE"
    assert (function, owner) == (FUNCTION, ACCOUNT)
    assert source == f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}:*"
    ids = [event.pop("id") for event in data["logEvents"]]
    assert data == {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": GROUP,
        "logStream": STREAM,
        "subscriptionFilters": ["f"],
        "logEvents": [
            {"timestamp": NOW_MS + 1, "message": "ERROR a\n"},
            {"timestamp": NOW_MS + 3, "message": "ERROR b\n"},
        ],
    }
    assert len(set(ids)) == 2
    assert {len(each) for each in ids} == {56}


async def test_nothing_that_passes_is_left_out_however_much_it_is(group: Logs) -> None:
    await put(group)
    lines = [f"{number} {'x' * 1000}" for number in range(2000)]
    group.write(*((1, line) for line in lines))
    await group.sink.flush()
    assert group.functions.delivered == lines
    assert len(group.functions.events) > 3


async def test_events_that_were_put_are_delivered_before_the_answer(group: Logs) -> None:
    await put(group)
    await group.service.create_log_stream(context(), {"logGroupName": GROUP, "logStreamName": "s"})
    await group.service.put_log_events(
        context(),
        {
            "logGroupName": GROUP,
            "logStreamName": "s",
            "logEvents": [{"timestamp": NOW_MS, "message": "x"}],
        },
    )
    assert group.functions.delivered == ["x"]


async def test_a_function_that_does_not_let_the_logs_in_is_refused(group: Logs) -> None:
    group.functions.refusing = ResourceNotFound("no policy")
    with pytest.raises(ServiceError, match="Could not execute the lambda function") as caught:
        await put(group)
    assert caught.value.error_code == "InvalidParameterException"
    answer = await group.service.describe_subscription_filters(context(), {"logGroupName": GROUP})
    assert answer == {"subscriptionFilters": []}


async def test_a_function_that_cannot_be_reached_costs_no_event_of_the_group(
    group: Logs, caplog: pytest.LogCaptureFixture
) -> None:
    await put(group)
    group.functions.refusing = ResourceNotFound("gone")
    for number in range(3):
        group.write((number, "x"))
        await group.sink.flush()
    assert len((await group.filter())["events"]) == 3
    assert caplog.text.count("are not delivered") == 1
    group.functions.refusing = None
    group.write((3, "back"))
    await group.sink.flush()
    assert group.functions.delivered == ["back"]


async def test_events_are_copied_to_another_group_once(group: Logs) -> None:
    await put(group, "ERROR", f"{COPIES}:*")
    back = {
        "logGroupName": "copies",
        "filterName": "back",
        "filterPattern": "",
        "destinationArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}",
    }
    await group.service.put_subscription_filter(context(), back)
    group.write((1, "ERROR"), (2, "fine"))
    assert messages(await group.filter()) == ["ERROR", "fine"]
    copies = await group.service.filter_log_events(context(), {"logGroupName": "copies"})
    assert [(each["logStreamName"], each["message"]) for each in copies["events"]] == [
        (STREAM, "ERROR")
    ]
    # A group that is gone does not come back.
    await group.service.delete_log_group(context(), {"logGroupName": "copies"})
    group.write((3, "ERROR"))
    assert messages(await group.filter()) == ["ERROR", "fine", "ERROR"]
    names = (await group.service.describe_log_groups(context(), {}))["logGroups"]
    assert [each["logGroupName"] for each in names] == [GROUP]


@pytest.mark.parametrize(
    ("destination", "told"),
    [
        (f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s", "services.kinesis"),
        (f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/s", "Amazon Data Firehose"),
        (f"arn:aws:logs:{REGION}:{ACCOUNT}:destination:d", "does not have destinations"),
        (f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:none", "does not exist"),
        (f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}", "of its own events"),
        ("x", "is not the ARN"),
    ],
)
async def test_other_destinations_are_refused_by_name(
    group: Logs, destination: str, told: str
) -> None:
    with pytest.raises(ServiceError, match=told):
        await put(group, "", destination)


async def test_filters_are_described_changed_and_deleted(group: Logs, database: Database) -> None:
    await put(group, "a", name="one")
    role = "arn:aws:iam::1:role/r"
    await put(group, "b", COPIES, "two", distribution="Random", roleArn=role)
    await put(group, "c", name="one")
    with pytest.raises(ServiceError, match="Resource limit exceeded") as caught:
        await put(group, "d", name="three")
    assert caught.value.error_code == "LimitExceededException"
    request = {"logGroupName": GROUP}
    answer = await group.service.describe_subscription_filters(context(), request)
    one, two = answer["subscriptionFilters"]
    assert one == {
        "filterName": "one",
        "logGroupName": GROUP,
        "filterPattern": "c",
        "destinationArn": FUNCTION,
        "distribution": "ByLogStream",
        "applyOnTransformedLogs": False,
        "creationTime": NOW_MS,
    }
    assert (two["distribution"], two["roleArn"]) == ("Random", role)
    # As after a restart.
    again = (await FilterStore.open(database)).of(
        (await group.store.groups(ACCOUNT, REGION))[0].key
    )
    assert again is not None
    assert sorted(again.subscription) == ["one", "two"]
    await group.service.delete_subscription_filter(context(), {**request, "filterName": "one"})
    with pytest.raises(ServiceError, match="The specified subscription filter does not exist"):
        await group.service.delete_subscription_filter(context(), {**request, "filterName": "one"})
    group.write((1, "b c"))
    await group.sink.flush()
    assert group.functions.delivered == []
    copies = await group.service.filter_log_events(context(), {"logGroupName": "copies"})
    assert messages(copies) == ["b c"]
