"""Whose logs are written, and whose are dropped."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from ingle.auth.authorizer import Authorizer
from ingle.invoke.logs import Writer
from ingle.services.iam.directory import Directory
from ingle.services.iam.making import new_account, new_role
from ingle.services.iam.resources import IamResources
from ingle.services.iam.store import IamStore
from ingle.services.logs.model import GroupKey, StreamKey
from ingle.services.logs.permission import Access, LogPermission
from ingle.services.logs.sink import Sink
from ingle.services.logs.store import LogsStore
from ingle.storage.database import Database
from tests.services.clocks import ManualClock
from tests.services.conftest import ACCOUNT, KEYS, REGION
from tests.services.logs.conftest import GROUP, NOW_MS, STREAM

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        },
    }
)
WRITER = Writer(f"arn:aws:iam::{ACCOUNT}:role/r", "hello")
KEY = StreamKey(GroupKey(ACCOUNT, REGION, GROUP), STREAM)
SOURCE = "lambda:SourceFunctionArn"
HELLO = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:hello"
OTHER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:other"
ALL = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
ON_GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}:*"
WRITE = {
    "Effect": "Allow",
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": ON_GROUP,
}


@dataclass
class World:
    """A sink that asks for permission, and the role that it asks about."""

    identities: IamStore
    permission: LogPermission
    authorizer: Authorizer
    sink: Sink
    store: LogsStore

    async def allow(self, *statements: dict[str, Any]) -> None:
        inline = {}
        if statements:
            inline["p"] = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        role = self.identities.roles.get(ACCOUNT, "r") or new_role(ACCOUNT, "r", TRUST, 0)
        await self.identities.change(put=[replace(role, inline=inline)])

    async def written(self) -> int:
        """Write what waits; count what is in the stream."""
        await self.sink.flush()
        group = await self.store.group(KEY.group)
        return 0 if group is None else group.stored_bytes


@pytest.fixture
async def world(database: Database, clock: ManualClock) -> AsyncIterator[World]:
    identities = await IamStore.open(database, KEYS)
    await identities.change(put=[new_account(ACCOUNT, "", 0)])
    authorizer = Authorizer(
        Directory(identities, {}.get), clock, resources={"iam": IamResources(identities)}
    )
    permission = LogPermission(authorizer)
    store = LogsStore(database)
    sink = await Sink.open(store, clock, permission=permission)
    yield World(identities, permission, authorizer, sink, store)
    await sink.close()


@pytest.mark.parametrize(
    ("statements", "access"),
    [
        ([ALL], Access.ALL),
        ([WRITE], Access.EXISTING),
        ([{**WRITE, "Action": "logs:PutLogEvents"}], Access.NONE),
        ([{**WRITE, "Resource": ON_GROUP.removesuffix(":*")}], Access.NONE),
        ([ALL, {**ALL, "Effect": "Deny", "Action": "logs:PutLogEvents"}], Access.NONE),
        (
            [{**WRITE, "Action": "logs:*", "Resource": f"arn:aws:logs:{REGION}:{ACCOUNT}:*"}],
            Access.ALL,
        ),
        ([{**ALL, "Condition": {"ArnEquals": {SOURCE: HELLO}}}], Access.ALL),
        (
            [ALL, {**ALL, "Effect": "Deny", "Condition": {"ArnNotEquals": {SOURCE: OTHER}}}],
            Access.NONE,
        ),
        ([], Access.NONE),
    ],
)
async def test_the_role_s_policies_say_what_is_written(
    world: World, statements: list[dict[str, Any]], access: Access
) -> None:
    await world.allow(*statements)
    assert world.permission.of(WRITER, KEY) is access


async def test_a_role_that_is_not_there_writes_nothing_and_it_is_told_why(world: World) -> None:
    assert world.permission.of(WRITER, KEY) is Access.NONE
    assert set(world.permission.refusals(WRITER, KEY).values()) == {
        f"There is no role {WRITER.role}."
    }


async def test_what_is_lacking_is_told_in_aws_s_words(world: World) -> None:
    await world.allow({**ALL, "Action": "logs:CreateLogGroup"})
    refusals = world.permission.refusals(WRITER, KEY)
    assert list(refusals) == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert refusals["logs:PutLogEvents"] == (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/r/hello is not authorized to perform: "
        f"logs:PutLogEvents on resource: {ON_GROUP[:-2]}:log-stream:{STREAM} because no "
        "identity-based policy allows the logs:PutLogEvents action"
    )


async def test_lines_of_a_role_that_may_not_are_dropped_until_it_may(world: World) -> None:
    await world.allow()
    appender = world.sink.appender(ACCOUNT, REGION, GROUP, STREAM, WRITER)
    appender.append(NOW_MS, "lost")
    assert await world.written() == 0
    await world.allow(ALL)
    appender.append(NOW_MS, "kept")
    kept = await world.written()
    assert kept > 0
    await world.allow()
    appender.append(NOW_MS, "lost again")
    assert await world.written() == kept
    assert world.sink.dropped == 2


async def test_without_create_log_group_lines_go_only_where_there_is_a_group(world: World) -> None:
    await world.allow(WRITE)
    appender = world.sink.appender(ACCOUNT, REGION, GROUP, STREAM, WRITER)
    appender.append(NOW_MS, "lost")
    assert await world.written() == 0
    await world.store.add_group(KEY.group, NOW_MS, {})
    appender.append(NOW_MS, "kept")
    assert await world.written() > 0


async def test_dropped_lines_leave_no_backlog(database: Database, world: World) -> None:
    await world.allow()
    sink = Sink(world.store, ManualClock(), backlog_bytes=1000, permission=world.permission)
    appender = sink.appender(ACCOUNT, REGION, GROUP, STREAM, WRITER)
    for _ in range(100):
        appender.append(NOW_MS, "x" * 100)
    assert sink.overloaded
    await sink.flush()
    assert not sink.overloaded


async def test_where_nobody_is_refused_all_is_written(world: World) -> None:
    await world.allow()
    world.authorizer.enforced = False
    appender = world.sink.appender(ACCOUNT, REGION, GROUP, STREAM, WRITER)
    appender.append(NOW_MS, "kept")
    assert await world.written() > 0
