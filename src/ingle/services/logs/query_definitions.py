"""Saved queries.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutQueryDefinition.html
"""

import uuid
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services import paging
from ingle.services.logs import tables
from ingle.services.logs.errors import (
    InvalidParameter,
    LimitExceeded,
    ResourceNotFound,
    bad_token,
)
from ingle.services.logs.limits import QUERY
from ingle.services.logs.lookup import Lookup
from ingle.storage.database import Database
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_PAGE = 1000


class QueryDefinitions:
    """The operations on saved queries.

    Args:
        database: where they are kept.
        lookup: tells the time.
    """

    def __init__(self, database: Database, lookup: Lookup) -> None:
        self._database = database
        self._lookup = lookup

    async def put(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Save a query, or change a saved one."""
        _refuse_languages(request)
        table = tables.query_definitions
        known = request.get("queryDefinitionId")
        values = {
            "name": request["name"],
            "query": request["queryString"],
            "group_names": request.get("logGroupNames", []),
            "parameters": request.get("parameters", []),
            "modified_ms": self._lookup.now_ms,
        }

        async def run(connection: AsyncConnection) -> str:
            if known is not None:
                where = _is(context, known)
                changed = await connection.execute(update(table).where(where).values(values))
                if not changed.rowcount:
                    raise _no_such_definition(known)
                return str(known)
            count = select(func.count()).select_from(table).where(_own(context))
            if (await connection.scalar(count) or 0) >= QUERY.definitions:
                raise LimitExceeded(f"There can be at most {QUERY.definitions} query definitions.")
            made = str(uuid.uuid4())
            whose = {"account_id": context.account_id, "region": context.region}
            await connection.execute(insert(table).values({"id": made, **whose, **values}))
            return made

        return {"queryDefinitionId": await self._database.write(run)}

    async def describe(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List saved queries by name, at most 1,000 a page."""
        _refuse_languages(request)
        table = tables.query_definitions
        prefix = request.get("queryDefinitionNamePrefix", "")

        async def run(connection: AsyncConnection) -> list[Any]:
            order = (table.c.name, table.c.id)
            found = await connection.execute(select(table).where(_own(context)).order_by(*order))
            return [row for row in found if row.name.startswith(prefix)]

        rows = await self._database.read(run)
        try:
            page, token = paging.page(
                rows,
                lambda row: f"{row.name}\0{row.id}",
                request.get("nextToken"),
                request.get("maxResults", _PAGE),
            )
        except paging.BadToken as error:
            raise bad_token() from error
        answer: ServiceOutput = {"queryDefinitions": [_answer(row) for row in page]}
        if token is not None:
            answer["nextToken"] = token
        return answer

    async def delete(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Delete a saved query."""
        known = request["queryDefinitionId"]

        async def run(connection: AsyncConnection) -> bool:
            statement = delete(tables.query_definitions).where(_is(context, known))
            return bool((await connection.execute(statement)).rowcount)

        if not await self._database.write(run):
            raise _no_such_definition(known)
        return {"success": True}


def _refuse_languages(request: ServiceInput) -> None:
    if request.get("queryLanguage", "CWLI") != "CWLI":
        raise InvalidParameter(
            f"Ingle does not have the query language {request['queryLanguage']}; CWLI is the "
            "language of Logs Insights."
        )


def _no_such_definition(definition_id: str) -> ResourceNotFound:
    return ResourceNotFound(f"The specified query definition {definition_id} does not exist.")


def _own(context: CallContext) -> Any:
    columns = tables.query_definitions.c
    return (columns.account_id == context.account_id) & (columns.region == context.region)


def _is(context: CallContext, definition_id: str) -> Any:
    return _own(context) & (tables.query_definitions.c.id == definition_id)


def _answer(row: Any) -> ServiceOutput:
    answer: ServiceOutput = {
        "queryLanguage": "CWLI",
        "queryDefinitionId": row.id,
        "name": row.name,
        "queryString": row.query,
        "lastModified": row.modified_ms,
        "logGroupNames": row.group_names,
    }
    if row.parameters:
        answer["parameters"] = row.parameters
    return answer
