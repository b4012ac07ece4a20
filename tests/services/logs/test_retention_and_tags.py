from typing import Any

import pytest

from ingle.services.logs.retention import delete_expired
from ingle.wire.errors import ServiceError
from tests.services.conftest import ACCOUNT, OTHER_ACCOUNT, REGION, context
from tests.services.logs.conftest import GROUP, NOW_MS, STREAM, Logs, messages

ARN = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}"
DAY_S = 86_400


async def described(logs: Logs) -> Any:
    (group,) = (await logs.service.describe_log_groups(context(), {}))["logGroups"]
    return group


async def retain(logs: Logs, days: int) -> None:
    await logs.service.put_retention_policy(
        context(), {"logGroupName": GROUP, "retentionInDays": days}
    )


async def test_events_expire_after_the_days_that_they_are_kept(logs: Logs) -> None:
    logs.write((0, "old"), (DAY_S * 1000, "new"))
    await retain(logs, 1)
    assert (await described(logs))["retentionInDays"] == 1
    await logs.clock.advance(DAY_S)
    assert messages(await logs.filter()) == ["old", "new"]
    await logs.clock.advance(0.001)
    assert messages(await logs.filter()) == ["new"]
    assert messages(await logs.get(startFromHead=True)) == ["new"]
    assert messages(await logs.get(startTime=0)) == ["new"]


async def test_what_has_expired_is_deleted_and_counts_no_longer(logs: Logs) -> None:
    logs.write((0, "old"), (DAY_S * 1000, "new"))
    await retain(logs, 1)
    before = (await described(logs))["storedBytes"]
    await delete_expired(logs.store, NOW_MS + DAY_S * 1000 + 1)
    assert before - (await described(logs))["storedBytes"] == len("old") + 26
    await logs.service.delete_retention_policy(context(), {"logGroupName": GROUP})
    assert messages(await logs.filter()) == ["new"]
    assert "retentionInDays" not in await described(logs)


async def test_a_group_without_a_policy_keeps_its_events_for_good(logs: Logs) -> None:
    logs.write((0, "old"))
    await logs.clock.advance(4000 * DAY_S)
    await delete_expired(logs.store, NOW_MS + 4000 * DAY_S * 1000)
    assert messages(await logs.filter()) == ["old"]


async def test_only_aws_s_numbers_of_days_are_taken(logs: Logs) -> None:
    logs.write((0, "x"))
    with pytest.raises(
        ServiceError, match="must be one of the following values: 1, 3, 5"
    ) as caught:
        await retain(logs, 2)
    assert caught.value.error_code == "InvalidParameterException"


async def test_expired_events_are_told_from_those_that_are_too_old(logs: Logs) -> None:
    logs.write((0, "x"))
    await retain(logs, 3)
    events = [
        {"timestamp": NOW_MS - days * DAY_S * 1000, "message": f"{days}"} for days in (15, 4, 0)
    ]
    answer = await logs.service.put_log_events(
        context(), {"logGroupName": GROUP, "logStreamName": STREAM, "logEvents": events}
    )
    assert answer["rejectedLogEventsInfo"] == {
        "tooOldLogEventEndIndex": 1,
        "expiredLogEventEndIndex": 2,
    }
    assert messages(await logs.filter()) == ["x", "0"]


async def test_tags_are_the_same_by_name_and_by_arn(logs: Logs) -> None:
    service = logs.service
    await service.create_log_group(context(), {"logGroupName": GROUP, "tags": {"a": "1"}})
    await service.tag_log_group(context(), {"logGroupName": GROUP, "tags": {"b": "2"}})
    await service.tag_resource(context(), {"resourceArn": ARN, "tags": {"a": "3", "c": "4"}})
    expected = {"tags": {"a": "3", "b": "2", "c": "4"}}
    assert await service.list_tags_log_group(context(), {"logGroupName": GROUP}) == expected
    assert await service.list_tags_for_resource(context(), {"resourceArn": ARN}) == expected
    await service.untag_log_group(context(), {"logGroupName": GROUP, "tags": ["a", "none"]})
    await service.untag_resource(context(), {"resourceArn": f"{ARN}:*", "tagKeys": ["b"]})
    assert await service.list_tags_for_resource(context(), {"resourceArn": ARN}) == {
        "tags": {"c": "4"}
    }


async def test_groups_are_listed_by_name_and_tag(logs: Logs) -> None:
    for name in ("/prod/api", "/prod/web", "/test/api"):
        tags = {"team": name[1:5] + "-x"}
        await logs.service.create_log_group(context(), {"logGroupName": name, "tags": tags})

    async def names(**members: object) -> list[str]:
        answer = await logs.service.list_log_groups(context(), members)
        assert all(
            group["logGroupArn"].endswith(group["logGroupName"]) for group in answer["logGroups"]
        )
        return [group["logGroupName"] for group in answer["logGroups"]]

    assert await names() == ["/prod/api", "/prod/web", "/test/api"]
    assert await names(logGroupNamePattern="api|^/prod/w") == [
        "/prod/api",
        "/prod/web",
        "/test/api",
    ]
    assert await names(logGroupNamePattern="^prod") == []
    assert await names(logGroupTags=[{"key": "team", "values": ["prod*"]}]) == [
        "/prod/api",
        "/prod/web",
    ]
    assert await names(logGroupTags=[{"key": "team", "values": ["!*rod-x"]}]) == ["/test/api"]
    assert await names(logGroupTags=[{"key": "none"}]) == []
    assert await names(accountIdentifiers=[OTHER_ACCOUNT]) == []


@pytest.mark.parametrize(
    ("operation", "request_", "told"),
    [
        ("tag_resource", {"resourceArn": ARN, "tags": {"aws:x": "1"}}, "aws:x"),
        ("tag_resource", {"resourceArn": f"{ARN}x", "tags": {"x": "1"}}, "does not exist"),
        ("tag_resource", {"resourceArn": "x", "tags": {"x": "1"}}, "is not an ARN"),
        (
            "tag_log_group",
            {"logGroupName": GROUP, "tags": {str(number): "" for number in range(51)}},
            "at most 50 tags",
        ),
    ],
)
async def test_bad_tags_are_refused(
    logs: Logs, operation: str, request_: dict[str, Any], told: str
) -> None:
    logs.write((0, "x"))
    with pytest.raises(ServiceError, match=told):
        await getattr(logs.service, operation)(context(), request_)
