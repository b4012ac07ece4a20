"""Queries of Logs Insights: they run in the background, and their results are fetched.

Queries and results are in memory: a restart forgets them.
Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ingle.clock import Clock
from ingle.services import paging
from ingle.services.logs.errors import (
    InvalidParameter,
    LimitExceeded,
    MalformedQuery,
    ResourceNotFound,
    bad_token,
)
from ingle.services.logs.groups import identified_key
from ingle.services.logs.insights.errors import QueryError
from ingle.services.logs.insights.query import Query
from ingle.services.logs.insights.records import record_of
from ingle.services.logs.limits import PAGE, QUERY
from ingle.services.logs.lookup import Lookup
from ingle.services.logs.model import Event, Group, GroupKey
from ingle.services.logs.reading import Selection
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_logger = logging.getLogger(__name__)

_RUNNING, _COMPLETE, _FAILED = "Running", "Complete", "Failed"
_CANCELLED, _TIMEOUT = "Cancelled", "Timeout"
_LANGUAGE = "CWLI"
# Of a result: each takes about so much beside its text.
_CELL_BYTES = 120
_PAGE = 500


@dataclass(slots=True, eq=False)
class _Run:
    id: str
    account_id: str
    region: str
    text: str
    groups: Sequence[Group]
    start_ms: int
    end_ms: int
    created_ms: int
    owner: str
    status: str = _RUNNING
    rows: list[Mapping[str, str]] = field(default_factory=list)
    scanned: int = 0
    scanned_bytes: int = 0
    matched: int = 0
    held: int = 0
    took_ms: int = 0
    task: "asyncio.Task[None] | None" = None


class Queries:
    """The operations on queries.

    Args:
        lookup: finds groups.
        clock: the time of day.
    """

    def __init__(self, lookup: Lookup, clock: Clock) -> None:
        self._lookup = lookup
        self._clock = clock
        # In the order in which they began.
        self._runs: dict[str, _Run] = {}

    async def close(self) -> None:
        """End all queries."""
        for run in list(self._runs.values()):
            await self._end(run)

    async def start(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Begin a query."""
        if request.get("queryLanguage", _LANGUAGE) != _LANGUAGE:
            raise InvalidParameter(
                f"Ingle does not have the query language {request['queryLanguage']}; CWLI is the "
                "language of Logs Insights."
            )
        if request["startTime"] > request["endTime"]:
            raise MalformedQuery("End time should not be before the start time.")
        keys = _keys(context, request)
        text = request["queryString"]
        limit = min(request.get("limit", QUERY.results), QUERY.results)
        query = read_query(text, limit, ordered=len(keys) == 1)
        groups = [await self._lookup.group(key) for key in keys]
        running = sum(1 for each in self._own(context) if each.status == _RUNNING)
        if running >= QUERY.concurrent:
            raise LimitExceeded(
                f"There are already {QUERY.concurrent} queries running. Wait for one of them, or "
                "stop one."
            )
        run = _Run(
            str(uuid.uuid4()),
            context.account_id,
            context.region,
            text,
            groups,
            _milliseconds(request["startTime"], 0),
            _milliseconds(request["endTime"], 999),
            self._lookup.now_ms,
            context.principal_arn,
        )
        self._runs[run.id] = run
        self._forget_old()
        run.task = asyncio.create_task(self._run(run, query), name=f"query {run.id}")
        return {"queryId": run.id}

    async def results(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Say how a query stands, and what came out."""
        run = self._existing(context, request["queryId"])
        most = request.get("maxItems") or QUERY.results
        start = 0
        if "nextToken" in request:
            try:
                start = int(paging.decode(request["nextToken"]))
            except ValueError as error:
                raise bad_token() from error
        answer: ServiceOutput = {
            "queryLanguage": _LANGUAGE,
            "results": [
                [{"field": name, "value": value} for name, value in row.items()]
                for row in run.rows[start : start + most]
            ],
            "statistics": {
                "recordsMatched": float(run.matched),
                "recordsScanned": float(run.scanned),
                "estimatedRecordsSkipped": 0.0,
                "bytesScanned": float(run.scanned_bytes),
                "estimatedBytesSkipped": 0.0,
                "logGroupsScanned": float(len(run.groups)),
                "resultCount": float(len(run.rows)),
            },
            "status": run.status,
        }
        if start + most < len(run.rows):
            answer["nextToken"] = paging.encode(str(start + most))
        return answer

    async def stop(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """End a query that runs."""
        run = self._existing(context, request["queryId"])
        if run.status != _RUNNING:
            raise InvalidParameter(
                f"The query {run.id} cannot be stopped: its status is {run.status}."
            )
        await self._end(run)
        return {"success": True}

    async def describe(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List queries, the latest first."""
        name, status = request.get("logGroupName"), request.get("status")
        found = [
            run
            for run in reversed(self._own(context))
            if (name is None or any(group.key.name == name for group in run.groups))
            and status in (None, run.status)
        ]
        start = 0
        if "nextToken" in request:
            try:
                last = paging.decode(request["nextToken"])
            except paging.BadToken as error:
                raise bad_token() from error
            start = next((at for at, run in enumerate(found, 1) if run.id == last), len(found))
        most = request.get("maxResults", PAGE.items)
        page = found[start : start + most]
        answer: ServiceOutput = {
            "queries": [
                {
                    "queryLanguage": _LANGUAGE,
                    "queryId": run.id,
                    "queryString": run.text,
                    "status": run.status,
                    "createTime": run.created_ms,
                    "logGroupName": run.groups[0].key.name,
                    "queryDuration": run.took_ms,
                    "bytesScanned": float(run.scanned_bytes),
                    "userIdentity": run.owner,
                }
                for run in page
            ]
        }
        if start + most < len(found):
            answer["nextToken"] = paging.encode(page[-1].id)
        return answer

    async def groups(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the log groups that a query looks through; there are fewer than a page has."""
        run = self._existing(context, request["queryId"])
        return {"logGroupIdentifiers": [group.key.name for group in run.groups]}

    async def _run(self, run: _Run, query: Query) -> None:
        began = self._clock.monotonic()
        try:
            for group in run.groups:
                await self._scan(run, query, group, began)
                if query.full or run.status != _RUNNING:
                    break
            if run.status == _RUNNING:
                run.rows = await asyncio.to_thread(query.end)
                run.status = _COMPLETE
        except QueryError as error:
            _logger.info("the query %s failed: %s", run.id, error)
            run.status = _FAILED
        except Exception:
            _logger.exception("the query %s failed", run.id)
            run.status = _FAILED
        finally:
            run.matched = query.matched
            run.took_ms = int((self._clock.monotonic() - began) * 1000)
            run.held = sum(len(each) + _CELL_BYTES for row in run.rows for each in row.values())
            self._forget_old()

    async def _scan(self, run: _Run, query: Query, group: Group, began: float) -> None:
        selection = Selection(
            group.id,
            start_ms=max(run.start_ms, group.expired_ms(self._lookup.now_ms)),
            end_ms=run.end_ms + 1,
            forward=False,
            needle=query.needle,
        )
        before: Collection[int] = ()
        while True:
            page = await self._lookup.store.events(selection, _PAGE * 20)
            names = await self._lookup.store.stream_names(
                sorted({event.stream_id for event in page.events})
            )
            await asyncio.to_thread(_feed, query, page.events, names, group.key)
            for row, (events, size) in page.scanned.items():
                # The last rows of a page are often the first of the next.
                if row not in before:
                    run.scanned += events
                    run.scanned_bytes += size
            before = page.scanned.keys()
            run.matched = query.matched
            if self._clock.monotonic() - began > QUERY.seconds:
                run.status = _TIMEOUT
            if not page.more or query.full or run.status != _RUNNING:
                return
            selection = replace(selection, beyond=page.last)

    async def _end(self, run: _Run) -> None:
        task = run.task
        if run.status == _RUNNING:
            run.status = _CANCELLED
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _forget_old(self) -> None:
        ended = [run for run in self._runs.values() if run.status != _RUNNING]
        held = sum(run.held for run in ended)
        for run in ended[:-1]:
            if len(self._runs) <= QUERY.remembered and held <= QUERY.held_bytes:
                return
            held -= run.held
            del self._runs[run.id]

    def _own(self, context: CallContext) -> list[_Run]:
        whose = (context.account_id, context.region)
        return [run for run in self._runs.values() if (run.account_id, run.region) == whose]

    def _existing(self, context: CallContext, query_id: str) -> _Run:
        run = self._runs.get(query_id)
        if run is None or (run.account_id, run.region) != (context.account_id, context.region):
            raise ResourceNotFound(f"The specified query {query_id} does not exist.")
        return run


def read_query(text: str, limit: int, *, ordered: bool = True) -> Query:
    """Read a query.

    Raises:
        MalformedQuery: it is none; the error says where.
    """
    try:
        return Query(text, limit, ordered=ordered)
    except QueryError as error:
        where = None
        if error.at is not None:
            at = {"startCharOffset": error.at, "endCharOffset": min(len(text), error.at + 1)}
            where = {"queryCompileError": {"location": at, "message": str(error)}}
        raise MalformedQuery(str(error), members=where) from error


def _keys(context: CallContext, request: ServiceInput) -> list[GroupKey]:
    given = [
        member
        for member in ("logGroupName", "logGroupNames", "logGroupIdentifiers")
        if request.get(member)
    ]
    if len(given) != 1:
        raise InvalidParameter(
            "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be specified."
        )
    named = request[given[0]]
    identifiers = [named] if isinstance(named, str) else named
    if len(identifiers) > QUERY.groups:
        raise InvalidParameter(f"A query can look through at most {QUERY.groups} log groups.")
    return list(dict.fromkeys(identified_key(context, each) for each in identifiers))


def _milliseconds(given: int, rest: int) -> int:
    """Read a time that is in seconds, or in milliseconds where it would be long after now."""
    return given if given > 99_999_999_999 else given * 1000 + rest


def _feed(query: Query, events: Sequence[Event], names: Mapping[int, str], key: GroupKey) -> None:
    query.take(
        record_of(
            event.position, event.message, event.ingestion_ms, names.get(event.stream_id, ""), key
        )
        for event in events
    )
