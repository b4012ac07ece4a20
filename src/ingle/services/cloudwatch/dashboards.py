"""Dashboards: an account has them, in no region.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html; the
refusals are worded as recordings of AWS's answers have them.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.services import paging
from ingle.services.cloudwatch import tables
from ingle.services.cloudwatch.dashboard_checks import check
from ingle.services.cloudwatch.errors import DashboardNotFound, InvalidParameterValue
from ingle.services.cloudwatch.limits import DASHBOARD
from ingle.storage.database import Database
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_NAME = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_dashboards = tables.dashboards


class _Dashboard(NamedTuple):
    name: str
    body: str
    modified_ms: int


class Dashboards:
    """The dashboards of all accounts.

    Args:
        database: where they are kept.
        clock: the time.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def put(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a dashboard, or replace its body; tags count only when it is made."""
        name, body = _checked(request["DashboardName"]), request["DashboardBody"]
        warnings = check(body)
        tags = {each["Key"]: each["Value"] for each in request.get("Tags", ())}
        account_id = context.account_id
        values = {"body": body, "modified_ms": int(self._clock.time() * 1000)}

        async def write(connection: AsyncConnection) -> None:
            result = await connection.execute(
                update(_dashboards).where(_this(account_id, name)).values(**values)
            )
            if not result.rowcount:
                made = {
                    "account_id": account_id,
                    "name": name,
                    "tags": orjson.dumps(tags).decode(),
                }
                await connection.execute(insert(_dashboards).values(**values, **made))

        await self._database.write(write)
        return {
            "DashboardValidationMessages": [
                {"DataPath": path, "Message": message} for path, message in warnings
            ]
        }

    async def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell a dashboard's body."""
        name = _checked(request["DashboardName"])
        (found,) = await self._read(context.account_id, [name]) or (None,)
        if found is None:
            raise DashboardNotFound(name)
        return {
            "DashboardArn": _arn(context.account_id, name),
            "DashboardBody": found.body,
            "DashboardName": name,
        }

    async def delete(self, context: CallContext, request: ServiceInput) -> None:
        """Delete dashboards, all or none."""
        wanted = request["DashboardNames"]

        async def write(connection: AsyncConnection) -> None:
            for name in wanted:
                result = await connection.execute(
                    delete(_dashboards).where(_this(context.account_id, name))
                )
                if not result.rowcount:
                    raise DashboardNotFound(name)

        await self._database.write(write)

    async def listed(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List dashboards by name."""
        prefix = request.get("DashboardNamePrefix", "")
        found = [
            each
            for each in await self._read(context.account_id, None)
            if each.name.startswith(prefix)
        ]
        try:
            page, token = paging.page(
                found,
                lambda each: each.name,
                request.get("NextToken"),
                DASHBOARD["page"],
            )
        except paging.BadToken as error:
            raise InvalidParameterValue("Invalid nextToken") from error
        answer: ServiceOutput = {
            "DashboardEntries": [
                {
                    "DashboardName": each.name,
                    "DashboardArn": _arn(context.account_id, each.name),
                    "LastModified": each.modified_ms / 1000,
                    "Size": len(each.body.encode()),
                }
                for each in page
            ]
        }
        if token is not None:
            answer["NextToken"] = token
        return answer

    async def tags(self, account_id: str, name: str) -> dict[str, str]:
        """Tell a dashboard's tags.

        Raises:
            DashboardNotFound: there is none of this name.
        """

        async def read(connection: AsyncConnection) -> str | None:
            found: str | None = await connection.scalar(
                select(_dashboards.c.tags).where(_this(account_id, name))
            )
            return found

        found = await self._database.read(read)
        if found is None:
            raise DashboardNotFound(name)
        tags: dict[str, str] = orjson.loads(found)
        return tags

    async def change_tags(
        self, account_id: str, name: str, change: Callable[[dict[str, str]], dict[str, str]]
    ) -> None:
        """Change a dashboard's tags.

        Raises:
            DashboardNotFound: there is none of this name.
        """

        async def write(connection: AsyncConnection) -> None:
            this = _this(account_id, name)
            found = await connection.scalar(select(_dashboards.c.tags).where(this))
            if found is None:
                raise DashboardNotFound(name)
            tags = orjson.dumps(change(orjson.loads(found))).decode()
            await connection.execute(update(_dashboards).where(this).values(tags=tags))

        await self._database.write(write)

    async def _read(self, account_id: str, names: Sequence[str] | None) -> list[_Dashboard]:
        columns = _dashboards.c

        async def read(connection: AsyncConnection) -> list[_Dashboard]:
            asked = select(columns.name, columns.body, columns.modified_ms).where(
                columns.account_id == account_id
            )
            if names is not None:
                asked = asked.where(columns.name.in_(names))
            rows = await connection.execute(asked.order_by(columns.name))
            return [_Dashboard(row.name, row.body, row.modified_ms) for row in rows]

        return await self._database.read(read)


def _this(account_id: str, name: str) -> Any:
    return (_dashboards.c.account_id == account_id) & (_dashboards.c.name == name)


def _arn(account_id: str, name: str) -> str:
    return f"arn:aws:cloudwatch::{account_id}:dashboard/{name}"


def _checked(name: str) -> str:
    if len(name) > DASHBOARD["name_characters"]:
        raise InvalidParameterValue(
            f"The value for field DashboardName must be {DASHBOARD['name_characters']} characters "
            "or less."
        )
    if _NAME.fullmatch(name) is None:
        raise InvalidParameterValue(
            f"The value {name} for field DashboardName contains invalid characters. It can only "
            "contain alphanumerics, dash (-) and underscore (_).\n"
        )
    return name
