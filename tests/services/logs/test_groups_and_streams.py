import pytest

from ingle.wire.errors import ServiceError
from tests.services.conftest import ACCOUNT, OTHER_ACCOUNT, REGION, context
from tests.services.logs.conftest import GROUP, NOW_MS, STREAM, Logs

ARN = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}"


async def test_a_group_and_a_stream_are_made_by_their_first_event(logs: Logs) -> None:
    logs.write((5, "héllo\n"), (9, "bye\n"))
    await logs.clock.advance(2)
    groups = await logs.service.describe_log_groups(context(), {})
    assert groups == {
        "logGroups": [
            {
                "logGroupName": GROUP,
                "creationTime": NOW_MS + 2000,
                "metricFilterCount": 0,
                "arn": f"{ARN}:*",
                "logGroupArn": ARN,
                "storedBytes": 7 + 26 + 4 + 26,
                "logGroupClass": "STANDARD",
                "deletionProtectionEnabled": False,
            }
        ]
    }
    streams = await logs.service.describe_log_streams(context(), {"logGroupName": GROUP})
    assert streams == {
        "logStreams": [
            {
                "logStreamName": STREAM,
                "creationTime": NOW_MS + 2000,
                "arn": f"{ARN}:log-stream:{STREAM}",
                "storedBytes": 0,
                "firstEventTimestamp": NOW_MS + 5,
                "lastEventTimestamp": NOW_MS + 9,
                "lastIngestionTime": NOW_MS + 2000,
            }
        ]
    }


async def test_groups_are_listed_by_prefix_pattern_and_page(logs: Logs) -> None:
    for name in ("/b/one", "/a/two", "/a/one", "/A/one"):
        await logs.service.create_log_group(context(), {"logGroupName": name})

    async def names(**members: object) -> list[str]:
        answer = await logs.service.describe_log_groups(context(), members)
        return [group["logGroupName"] for group in answer["logGroups"]]

    assert await names() == ["/A/one", "/a/one", "/a/two", "/b/one"]
    assert await names(logGroupNamePrefix="/a") == ["/a/one", "/a/two"]
    assert await names(logGroupNamePattern="one") == ["/A/one", "/a/one", "/b/one"]
    assert await names(logGroupNamePattern="ONE") == []
    assert await names(logGroupIdentifiers=["/a/two"]) == ["/a/two"]
    assert await names(logGroupClass="INFREQUENT_ACCESS") == []
    assert await names(accountIdentifiers=[OTHER_ACCOUNT]) == []
    first = await logs.service.describe_log_groups(context(), {"limit": 3})
    rest = await names(limit=3, nextToken=first["nextToken"])
    assert rest == ["/b/one"]


async def test_accounts_and_regions_do_not_mix(logs: Logs) -> None:
    logs.write((0, "x"))
    for where in (context(OTHER_ACCOUNT), context(region="eu-west-1")):
        assert (await logs.service.describe_log_groups(where, {}))["logGroups"] == []
        with pytest.raises(ServiceError, match="The specified log group does not exist"):
            await logs.service.filter_log_events(where, {"logGroupName": GROUP})


async def test_streams_are_listed_by_name_prefix_and_page(logs: Logs) -> None:
    for name in ("b", "a1", "a2", "A3"):
        logs.write((0, "x"), stream=name)

    async def names(**members: object) -> list[str]:
        request = {"logGroupName": GROUP, **members}
        answer = await logs.service.describe_log_streams(context(), request)
        return [stream["logStreamName"] for stream in answer["logStreams"]]

    assert await names() == ["A3", "a1", "a2", "b"]
    assert await names(descending=True) == ["b", "a2", "a1", "A3"]
    assert await names(logStreamNamePrefix="a") == ["a1", "a2"]
    first = await logs.service.describe_log_streams(
        context(), {"logGroupName": GROUP, "limit": 3, "descending": True}
    )
    assert await names(descending=True, nextToken=first["nextToken"]) == ["A3"]


async def test_streams_are_listed_by_their_latest_events(logs: Logs) -> None:
    for name, after_ms in (("old", 1), ("new", 9), ("same", 9), ("mid", 5)):
        logs.write((after_ms, "x"), stream=name)
    request = {"logGroupName": GROUP, "orderBy": "LastEventTime", "limit": 1}
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        answer = await logs.service.describe_log_streams(
            context(), {**request, **token, "descending": True}
        )
        seen += [stream["logStreamName"] for stream in answer["logStreams"]]
        if "nextToken" not in answer:
            break
        token = {"nextToken": answer["nextToken"]}
    assert seen == ["same", "new", "mid", "old"]


async def test_a_prefix_excludes_ordering_by_time(logs: Logs) -> None:
    with pytest.raises(ServiceError) as caught:
        await logs.service.describe_log_streams(
            context(),
            {"logGroupName": GROUP, "orderBy": "LastEventTime", "logStreamNamePrefix": "a"},
        )
    assert caught.value.message == "Cannot order by LastEventTime with a logStreamNamePrefix."


async def test_a_group_is_also_found_by_its_arn(logs: Logs) -> None:
    logs.write((0, "x"))
    for identifier in (GROUP, ARN, f"{ARN}:*"):
        answer = await logs.service.describe_log_streams(
            context(), {"logGroupIdentifier": identifier}
        )
        assert len(answer["logStreams"]) == 1


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"logGroupName": GROUP, "logGroupIdentifier": GROUP}, "ValidationException"),
        ({}, "InvalidParameterException"),
        ({"logGroupIdentifier": "arn:aws:s3:::bucket"}, "InvalidParameterException"),
        ({"logGroupIdentifier": ARN.replace(ACCOUNT, OTHER_ACCOUNT)}, "ResourceNotFoundException"),
        ({"logGroupName": "none"}, "ResourceNotFoundException"),
        ({"logGroupName": GROUP, "nextToken": "invalid-token"}, "InvalidParameterException"),
    ],
)
async def test_a_group_that_cannot_be_meant_is_refused(
    logs: Logs, request_: dict[str, str], code: str
) -> None:
    logs.write((0, "x"))
    with pytest.raises(ServiceError) as caught:
        await logs.service.describe_log_streams(context(), request_)
    assert (caught.value.error_code, caught.value.http_status or 400) == (code, 400)


async def test_a_group_and_a_stream_can_be_made_once(logs: Logs) -> None:
    group = {"logGroupName": "mine"}
    stream = {**group, "logStreamName": "one"}
    await logs.service.create_log_group(context(), group)
    with pytest.raises(ServiceError, match="The specified log group already exists"):
        await logs.service.create_log_group(context(), group)
    await logs.service.create_log_stream(context(), stream)
    with pytest.raises(ServiceError, match="The specified log stream already exists"):
        await logs.service.create_log_stream(context(), stream)
    answer = await logs.service.describe_log_streams(context(), group)
    assert "lastEventTimestamp" not in answer["logStreams"][0]


async def test_a_deleted_stream_takes_its_events_and_bytes_along(logs: Logs) -> None:
    logs.write((0, "one"), stream="one")
    logs.write((0, "other"), stream="other")
    stream = {"logGroupName": GROUP, "logStreamName": "one"}
    await logs.service.delete_log_stream(context(), stream)
    with pytest.raises(ServiceError, match="The specified log stream does not exist"):
        await logs.service.delete_log_stream(context(), stream)
    assert [event["message"] for event in (await logs.filter())["events"]] == ["other"]
    groups = await logs.service.describe_log_groups(context(), {})
    assert groups["logGroups"][0]["storedBytes"] == 5 + 26


async def test_a_deleted_group_comes_back_empty_with_the_next_event(logs: Logs) -> None:
    appender = logs.sink.appender(ACCOUNT, REGION, GROUP, STREAM)
    appender.append(NOW_MS, "before")
    await logs.service.delete_log_group(context(), {"logGroupName": GROUP})
    with pytest.raises(ServiceError, match="The specified log group does not exist"):
        await logs.filter()
    appender.append(NOW_MS, "after")
    assert [event["message"] for event in (await logs.filter())["events"]] == ["after"]


@pytest.mark.parametrize(
    "members",
    [{"kmsKeyId": "k"}, {"logGroupClass": "DELIVERY"}, {"deletionProtectionEnabled": True}],
)
async def test_what_ingle_does_not_do_yet_is_refused_by_name(
    logs: Logs, members: dict[str, object]
) -> None:
    with pytest.raises(ServiceError, match=next(iter(members))):
        await logs.service.create_log_group(context(), {"logGroupName": "mine", **members})
