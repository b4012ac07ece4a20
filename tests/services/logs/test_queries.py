import asyncio
from typing import Any

import pytest

from ingle.wire.errors import ServiceError
from tests.services.conftest import ACCOUNT, OTHER_ACCOUNT, context
from tests.services.logs.conftest import GROUP, NOW_MS, STREAM, Logs

NOW_S = NOW_MS // 1000
HOUR = {"startTime": NOW_S, "endTime": NOW_S + 3600}


async def start(logs: Logs, query: str, **members: Any) -> str:
    request = {"logGroupName": GROUP, "queryString": query, **HOUR, **members}
    answer = await logs.service.start_query(context(), request)
    query_id: str = answer["queryId"]
    return query_id


async def ended(logs: Logs, query_id: str, **members: Any) -> Any:
    request = {"queryId": query_id, **members}
    while True:
        answer = await logs.service.get_query_results(context(), request)
        if answer["status"] != "Running":
            return answer
        await asyncio.sleep(0)


def rows(answer: Any) -> list[dict[str, str]]:
    return [
        {each["field"]: each["value"] for each in row if each["field"] != "@ptr"}
        for row in answer["results"]
    ]


async def test_a_query_runs_and_its_results_are_fetched(logs: Logs) -> None:
    logs.write((0, "ERROR a"), (1000, "fine"), (2000, "ERROR b"))
    answer = await ended(logs, await start(logs, "fields @message | filter @message like 'ERROR'"))
    assert answer["status"] == "Complete"
    assert rows(answer) == [{"@message": "ERROR b"}, {"@message": "ERROR a"}]
    assert answer["statistics"] == {
        "recordsMatched": 2.0,
        "recordsScanned": 3.0,
        "estimatedRecordsSkipped": 0.0,
        "bytesScanned": 18.0,
        "estimatedBytesSkipped": 0.0,
        "logGroupsScanned": 1.0,
        "resultCount": 2.0,
    }


async def test_a_record_is_found_by_its_pointer(logs: Logs) -> None:
    logs.write((7, 'INFO {"a": {"b": 1}}'))
    answer = await ended(logs, await start(logs, "fields @message"))
    pointer = {each["field"]: each["value"] for each in answer["results"][0]}["@ptr"]
    request = {"logRecordPointer": pointer}
    record = (await logs.service.get_log_record(context(), request))["logRecord"]
    assert record == {
        "a.b": "1",
        "@timestamp": str(NOW_MS + 7),
        "@message": 'INFO {"a": {"b": 1}}',
        "@ingestionTime": str(NOW_MS),
        "@logStream": STREAM,
        "@log": f"{ACCOUNT}:{GROUP}",
        "@ptr": pointer,
    }
    for where in (context(OTHER_ACCOUNT), context(region="eu-west-1")):
        with pytest.raises(ServiceError, match="log record does not exist"):
            await logs.service.get_log_record(where, request)
    with pytest.raises(ServiceError, match="is invalid"):
        await logs.service.get_log_record(context(), {"logRecordPointer": "x"})


async def test_several_groups_are_looked_through_and_the_newest_come_first(logs: Logs) -> None:
    logs.write((0, "a"), (2000, "c"))
    logs.write((1000, "b"), (3000, "d"), group="other")
    query_id = await start(
        logs, "fields @message | limit 3", logGroupName=None, logGroupNames=[GROUP, "other"]
    )
    assert [row["@message"] for row in rows(await ended(logs, query_id))] == ["d", "c", "b"]
    told = await logs.service.list_log_groups_for_query(context(), {"queryId": query_id})
    assert told == {"logGroupIdentifiers": [GROUP, "other"]}


async def test_events_of_many_pages_and_of_the_time_asked_for_are_counted(logs: Logs) -> None:
    logs.write(*((number, f"{number}") for number in range(25_000)))
    query_id = await start(logs, "stats count(*) as n, max(@timestamp) as last", endTime=NOW_S + 19)
    answer = await ended(logs, query_id)
    assert rows(answer)[0]["n"] == "20000"
    assert answer["statistics"]["recordsScanned"] == 20_000.0
    milliseconds = {"startTime": NOW_MS + 5, "endTime": NOW_MS + 9}
    answer = await ended(logs, await start(logs, "stats count(*) as n", **milliseconds))
    assert rows(answer) == [{"n": "5"}]


async def test_results_come_in_pages(logs: Logs) -> None:
    logs.write(*((number, f"{number}") for number in range(5)))
    query_id = await start(logs, "fields @message", limit=4)
    first = await ended(logs, query_id, maxItems=3)
    rest = await ended(logs, query_id, maxItems=3, nextToken=first["nextToken"])
    assert [row["@message"] for row in rows(first) + rows(rest)] == ["4", "3", "2", "1"]
    assert "nextToken" not in rest


async def test_queries_are_listed_the_latest_first(logs: Logs) -> None:
    logs.write((0, "a"))
    ids = [await start(logs, f"limit {number}") for number in (1, 2, 3)]
    for query_id in ids:
        await ended(logs, query_id)
    answer = await logs.service.describe_queries(context(), {"maxResults": 2})
    rest = await logs.service.describe_queries(context(), {"nextToken": answer["nextToken"]})
    told = answer["queries"] + rest["queries"]
    assert [each["queryId"] for each in told] == ids[::-1]
    assert told[0]["queryString"] == "limit 3"
    assert {each["status"] for each in told} == {"Complete"}
    none = await logs.service.describe_queries(context(), {"status": "Running"})
    assert none == {"queries": []}
    assert await logs.service.describe_queries(context(OTHER_ACCOUNT), {}) == {"queries": []}


async def test_a_query_can_be_stopped_once(logs: Logs) -> None:
    logs.write((0, "a"))
    query_id = await start(logs, "fields @message")
    assert await logs.service.stop_query(context(), {"queryId": query_id}) == {"success": True}
    assert (await ended(logs, query_id))["status"] == "Cancelled"
    with pytest.raises(ServiceError, match="its status is Cancelled"):
        await logs.service.stop_query(context(), {"queryId": query_id})


@pytest.mark.parametrize(
    ("members", "code", "told"),
    [
        ({"queryString": "filter ("}, "MalformedQueryException", "expected a field"),
        ({"startTime": NOW_S + 2, "endTime": NOW_S}, "MalformedQueryException", "End time"),
        ({"logGroupName": "none"}, "ResourceNotFoundException", "does not exist"),
        ({"logGroupName": None}, "InvalidParameterException", "Exactly one of"),
        ({"logGroupNames": [GROUP]}, "InvalidParameterException", "Exactly one of"),
        ({"queryLanguage": "SQL"}, "InvalidParameterException", "query language SQL"),
        (
            {"logGroupName": None, "logGroupNames": [str(number) for number in range(51)]},
            "InvalidParameterException",
            "at most 50",
        ),
    ],
)
async def test_bad_input_is_refused(
    logs: Logs, members: dict[str, Any], code: str, told: str
) -> None:
    logs.write((0, "a"))
    with pytest.raises(ServiceError, match=told) as caught:
        await start(logs, members.get("queryString", "limit 1"), **members)
    assert caught.value.error_code == code


async def test_a_malformed_query_is_told_where(logs: Logs) -> None:
    logs.write((0, "a"))
    with pytest.raises(ServiceError) as caught:
        await start(logs, "fields a | nonsense")
    where = caught.value.members["queryCompileError"]["location"]
    assert where == {"startCharOffset": 11, "endCharOffset": 12}


async def test_a_query_of_another_account_is_not_there(logs: Logs) -> None:
    logs.write((0, "a"))
    query_id = await start(logs, "limit 1")
    with pytest.raises(ServiceError, match="does not exist"):
        await logs.service.get_query_results(context(OTHER_ACCOUNT), {"queryId": query_id})


async def test_queries_are_saved_changed_listed_and_deleted(logs: Logs) -> None:
    service = logs.service

    async def put(name: str, **members: Any) -> str:
        answer = await service.put_query_definition(
            context(), {"name": name, "queryString": "limit 1", **members}
        )
        definition_id: str = answer["queryDefinitionId"]
        return definition_id

    second = await put("b/two", logGroupNames=[GROUP])
    first = await put("a/one")
    assert await put("b/changed", queryDefinitionId=second) == second
    answer = await service.describe_query_definitions(context(), {"maxResults": 1})
    rest = await service.describe_query_definitions(context(), {"nextToken": answer["nextToken"]})
    told = answer["queryDefinitions"] + rest["queryDefinitions"]
    assert [(each["name"], each["queryDefinitionId"]) for each in told] == [
        ("a/one", first),
        ("b/changed", second),
    ]
    only = await service.describe_query_definitions(context(), {"queryDefinitionNamePrefix": "a"})
    assert len(only["queryDefinitions"]) == 1
    elsewhere = await service.describe_query_definitions(context(region="eu-west-1"), {})
    assert elsewhere == {"queryDefinitions": []}
    request = {"queryDefinitionId": first}
    assert await service.delete_query_definition(context(), request) == {"success": True}
    with pytest.raises(ServiceError, match="does not exist"):
        await service.delete_query_definition(context(), request)
    with pytest.raises(ServiceError, match="does not exist"):
        await put("x", queryDefinitionId=first)


async def test_the_fields_of_a_group_are_told_with_how_many_events_have_them(logs: Logs) -> None:
    logs.write((0, '{"a": 1}'), (1, '{"a": 2, "b": {"c": 1}}'), (2, "text"), (3, "text"))
    await logs.clock.advance(1)
    answer = await logs.service.get_log_group_fields(context(), {"logGroupName": GROUP})
    percents = {each["name"]: each["percent"] for each in answer["logGroupFields"]}
    assert (percents["@message"], percents["a"], percents["b.c"]) == (100, 50, 25)
    past = {"logGroupName": GROUP, "time": NOW_S - 10_000}
    assert await logs.service.get_log_group_fields(context(), past) == {"logGroupFields": []}
