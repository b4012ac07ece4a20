import asyncio
import gzip
from typing import Any

import pytest

from ingle.wire.errors import ServiceError
from tests.services.conftest import OTHER_ACCOUNT, context
from tests.services.logs.conftest import GROUP, NOW_MS, Logs


async def create(logs: Logs, **members: Any) -> str:
    request = {"logGroupName": GROUP, "from": NOW_MS, "to": NOW_MS + 3, "destination": "bucket"}
    answer = await logs.service.create_export_task(context(), {**request, **members})
    task_id: str = answer["taskId"]
    return task_id


async def ended(logs: Logs, task_id: str) -> Any:
    while True:
        answer = await logs.service.describe_export_tasks(context(), {"taskId": task_id})
        (task,) = answer["exportTasks"]
        if task["status"]["code"] not in ("PENDING", "RUNNING"):
            return task
        await asyncio.sleep(0)


async def test_the_events_of_a_time_are_written_a_file_a_stream(logs: Logs) -> None:
    logs.write((0, "a\n"), (2, "two\nlines\n"), (3, "late"), stream="x/one")
    logs.write((1, "b"), stream="x/two")
    logs.write((1, "c"), stream="y")
    task_id = await create(logs, logStreamNamePrefix="x/", taskName="mine")
    assert await ended(logs, task_id) == {
        "taskId": task_id,
        "taskName": "mine",
        "logGroupName": GROUP,
        "from": NOW_MS,
        "to": NOW_MS + 3,
        "destination": "bucket",
        "destinationPrefix": "exportedlogs",
        "status": {"code": "COMPLETED", "message": "Completed successfully"},
        "executionInfo": {"creationTime": NOW_MS, "completionTime": NOW_MS},
    }
    told = {key: gzip.decompress(data).decode() for key, data in logs.buckets.objects.items()}
    assert told == {
        f"exportedlogs/{task_id}/x-one/000000.gz": "2026-01-01T00:00:00.000Z a\n"
        "2026-01-01T00:00:00.002Z two\nlines\n",
        f"exportedlogs/{task_id}/x-two/000000.gz": "2026-01-01T00:00:00.001Z b\n",
    }


async def test_one_task_runs_at_a_time_and_can_be_cancelled(logs: Logs) -> None:
    for number in range(30):  # each a file of its own, so that it takes a while
        logs.write((0, "a"), stream=str(number))
    task_id = await create(logs)
    with pytest.raises(ServiceError, match="is running already"):
        await create(logs)
    await logs.service.cancel_export_task(context(), {"taskId": task_id})
    assert (await ended(logs, task_id))["status"]["code"] == "CANCELLED"
    with pytest.raises(ServiceError, match="it is CANCELLED"):
        await logs.service.cancel_export_task(context(), {"taskId": task_id})
    with pytest.raises(ServiceError, match="does not exist"):
        await logs.service.cancel_export_task(context(OTHER_ACCOUNT), {"taskId": task_id})
    await ended(logs, await create(logs))


async def test_of_two_that_are_asked_for_at_once_one_is_refused(logs: Logs) -> None:
    for number in range(30):
        logs.write((0, "a"), stream=str(number))
    answers = await asyncio.gather(create(logs), create(logs), return_exceptions=True)
    [task_id] = [each for each in answers if isinstance(each, str)]
    [refused] = [each for each in answers if isinstance(each, ServiceError)]
    assert refused.code == "LimitExceededException"
    await ended(logs, task_id)


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"destination": "none"}, "The given bucket none does not exist"),
        ({"to": NOW_MS}, "must be before the to time"),
        ({"logGroupName": "none"}, "log group does not exist"),
    ],
)
async def test_bad_input_is_refused(logs: Logs, members: dict[str, Any], told: str) -> None:
    logs.write((0, "a"))
    with pytest.raises(ServiceError, match=told):
        await create(logs, **members)
