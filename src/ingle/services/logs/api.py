"""The operations of CloudWatch Logs, one method each.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_Operations.html.
"""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from ingle.auth.authorizer import Authorizer
from ingle.clock import Clock
from ingle.services import paging
from ingle.services.logs import tokens
from ingle.services.logs.chunks import RawEvent, pack
from ingle.services.logs.errors import (
    InvalidParameter,
    ResourceAlreadyExists,
    bad_token,
    no_such_group,
    no_such_stream,
)
from ingle.services.logs.exports import Exports, Objects
from ingle.services.logs.groups import group_key, identified_key, named_like, tagged
from ingle.services.logs.limits import PAGE
from ingle.services.logs.lookup import Lookup
from ingle.services.logs.metric_filters import MetricFilters
from ingle.services.logs.model import Group, GroupKey, Position, Stream, StreamKey
from ingle.services.logs.putting import accepted_events
from ingle.services.logs.queries import Queries
from ingle.services.logs.query_definitions import QueryDefinitions
from ingle.services.logs.retention import Retention, keep_deleting
from ingle.services.logs.searching import Searching
from ingle.services.logs.sink import Sink
from ingle.services.logs.store import LogsStore, stream_time
from ingle.services.logs.subscriptions import Subscriptions
from ingle.services.logs.tagging import Tagging, check_tags
from ingle.services.logs.tailing import Tailing
from ingle.services.logs.watching import Watching
from ingle.storage.database import Database
from ingle.wire.service import CallContext, Service, ServiceInput, ServiceOutput


class LogsService(Service):
    """CloudWatch Logs, as far as Ingle has it.

    What was logged before a call is seen by it.

    Args:
        store: where logs are kept.
        database: where saved queries are kept.
        sink: holds what is not written yet.
        watching: those who wait for events.
        objects: stores what is exported.
        authorizer: decides whether it may be.
        clock: the time of day.
    """

    name: ClassVar[str] = "logs"

    def __init__(
        self,
        store: LogsStore,
        database: Database,
        sink: Sink,
        watching: Watching,
        objects: Objects,
        authorizer: Authorizer,
        clock: Clock,
    ) -> None:
        self._store = store
        self._watching = watching
        self._clock = clock
        self._lookup = Lookup(store, sink, clock)
        self._searching = Searching(self._lookup)
        self._retention = Retention(self._lookup)
        self._tagging = Tagging(self._lookup)
        self._metric_filters = MetricFilters(self._lookup, watching.filters)
        self._subscriptions = Subscriptions(self._lookup, watching.filters, watching.deliveries)
        self._queries = Queries(self._lookup, clock)
        self._definitions = QueryDefinitions(database, self._lookup)
        self._exports = Exports(database, self._lookup, objects, authorizer)
        self._tailing = Tailing(self._lookup, watching.tails)

    async def start(self) -> None:
        """Go on with exports that were not finished."""
        await self._exports.start()

    async def keep_time(self) -> None:
        """Delete what has expired, and report default values, for as long as this runs."""
        await asyncio.gather(
            keep_deleting(self._store, self._clock), self._watching.keep_reporting(self._clock)
        )

    def stop(self) -> None:
        """End what clients follow, so that they can go."""
        self._watching.tails.close()

    async def close(self) -> None:
        """End the queries and exports that run, and hand on what was logged last."""
        await self._queries.close()
        await self._exports.close()
        await self._lookup.written()
        self._watching.report_defaults(None)

    async def create_log_group(self, context: CallContext, request: ServiceInput) -> None:
        """Make a log group."""
        for member in ("kmsKeyId", "deletionProtectionEnabled"):
            if request.get(member):
                raise _later(member)
        if request.get("logGroupClass", "STANDARD") != "STANDARD":
            raise _later(f"logGroupClass {request['logGroupClass']}")
        check_tags(request.get("tags", {}))
        key = group_key(context, request)
        # First, so that a line of this group that waits to be written counts as its first.
        await self._lookup.written()
        if not await self._store.add_group(key, self._lookup.now_ms, request.get("tags", {})):
            raise ResourceAlreadyExists("The specified log group already exists")

    async def delete_log_group(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a log group with all that is in it."""
        await self._lookup.written()
        key = group_key(context, request)
        if not await self._store.remove_group(key):
            raise no_such_group()
        self._watching.filters.forget(key)

    async def describe_log_groups(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the log groups of the caller's account and region by name, at most 50 a page."""
        prefix = request.get("logGroupNamePrefix")
        pattern = request.get("logGroupNamePattern")
        if prefix is not None and pattern is not None:
            raise InvalidParameter(
                "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
            )
        await self._lookup.written()
        groups = await self._store.groups(context.account_id, context.region)
        if prefix is not None:
            groups = [group for group in groups if group.key.name.startswith(prefix)]
        if pattern is not None:
            groups = [group for group in groups if pattern in group.key.name]
        if "logGroupIdentifiers" in request:
            keys = {identified_key(context, each) for each in request["logGroupIdentifiers"]}
            groups = [group for group in groups if group.key in keys]
        if context.account_id not in request.get("accountIdentifiers", [context.account_id]):
            groups = []
        if request.get("logGroupClass", "STANDARD") != "STANDARD":
            groups = []
        page, token = _group_page(groups, request)
        answers = []
        for group in page:
            filters = self._watching.filters.of(group.key)
            answers.append(_group_answer(group, len(filters.metric) if filters else 0))
        return _with_token({"logGroups": answers}, token)

    async def create_log_stream(self, context: CallContext, request: ServiceInput) -> None:
        """Make a log stream."""
        group = await self._lookup.group(group_key(context, request))
        name = request["logStreamName"]
        if not await self._store.add_stream(group.id, name, self._lookup.now_ms):
            raise ResourceAlreadyExists("The specified log stream already exists")

    async def delete_log_stream(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a log stream with its events."""
        group = await self._lookup.group(group_key(context, request))
        if not await self._store.remove_stream(group.id, request["logStreamName"]):
            raise no_such_stream()

    async def describe_log_streams(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the streams of a group by name or by their latest events, at most 50 a page."""
        by_time = request.get("orderBy") == "LastEventTime"
        prefix = request.get("logStreamNamePrefix", "")
        if by_time and prefix:
            raise InvalidParameter("Cannot order by LastEventTime with a logStreamNamePrefix.")
        token = request.get("nextToken")
        after = tokens.read_stream_token(token) if token is not None else None
        limit = request.get("limit", PAGE.items)
        group = await self._lookup.group(group_key(context, request))
        streams = await self._store.streams(
            group.id,
            prefix=prefix,
            by_time=by_time,
            descending=request.get("descending", False),
            after=after,
            limit=limit + 1,
        )
        page = streams[:limit]
        next_token = None
        if len(streams) > limit:
            next_token = tokens.stream_token(stream_time(page[-1]), page[-1].name)
        answers = [_stream_answer(group.key, stream) for stream in page]
        return _with_token({"logStreams": answers}, next_token)

    async def list_log_groups(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List log groups whose names hold, or begin with, one of up to five texts."""
        for member in ("dataSources", "fieldIndexNames"):
            if request.get(member):
                raise _later(member)
        await self._lookup.written()
        groups = await self._store.groups(context.account_id, context.region)
        if "logGroupNamePattern" in request:
            named = named_like(request["logGroupNamePattern"])
            groups = [group for group in groups if named(group.key.name)]
        for wanted in request.get("logGroupTags", ()):
            groups = [group for group in groups if tagged(group.tags, wanted)]
        if context.account_id not in (request.get("accountIdentifiers") or [context.account_id]):
            groups = []
        if request.get("logGroupClass", "STANDARD") != "STANDARD":
            groups = []
        page, token = _group_page(groups, request)
        return _with_token(
            {
                "logGroups": [
                    {
                        "logGroupName": group.key.name,
                        "logGroupArn": group.key.arn,
                        "logGroupClass": "STANDARD",
                    }
                    for group in page
                ]
            },
            token,
        )

    async def put_log_events(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Store a batch of events, all that are neither too old nor too new, or none.

        They are on the disk when this is answered, and so is what subscription filters hand on.
        """
        now_ms = self._lookup.now_ms
        group = await self._lookup.group(group_key(context, request))
        events, rejected = accepted_events(request["logEvents"], now_ms, group.expired_ms(now_ms))
        stream = await self._lookup.stream(group, request["logStreamName"])
        if events:
            await self._put(StreamKey(group.key, stream.name), group.id, stream.id, events, now_ms)
        # AWS ignores sequence tokens by now, and still answers one.
        answer: ServiceOutput = {"nextSequenceToken": Position(now_ms, stream.id, 0).text}
        if rejected:
            answer["rejectedLogEventsInfo"] = rejected
        return answer

    async def _put(
        self, key: StreamKey, group_id: int, stream_id: int, events: list[RawEvent], now_ms: int
    ) -> None:
        chunks = await asyncio.to_thread(pack, events)
        await self._store.put(group_id, stream_id, chunks, now_ms)
        found = await asyncio.to_thread(self._watching.look, key, events)
        await self._watching.hand_on(found, now_ms)

    async def get_log_events(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Read a stream; by default its latest events."""
        return await self._searching.get(context, request)

    async def filter_log_events(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Search the streams of a group, interleaved."""
        return await self._searching.filter(context, request)

    async def get_log_record(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Return all fields of one event."""
        return await self._searching.record(context, request)

    async def get_log_group_fields(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the fields that events of a group have."""
        return await self._searching.fields(context, request)

    async def put_retention_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Say how many days the events of a group are kept."""
        await self._retention.put(context, request)

    async def delete_retention_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Keep the events of a group for good."""
        await self._retention.delete(context, request)

    async def tag_log_group(self, context: CallContext, request: ServiceInput) -> None:
        """Add tags to a group."""
        await self._tagging.tag_group(context, request)

    async def untag_log_group(self, context: CallContext, request: ServiceInput) -> None:
        """Remove tags of a group."""
        await self._tagging.untag_group(context, request)

    async def list_tags_log_group(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the tags of a group."""
        return await self._tagging.list_group(context, request)

    async def tag_resource(self, context: CallContext, request: ServiceInput) -> None:
        """Add tags to what an ARN names."""
        await self._tagging.tag(context, request)

    async def untag_resource(self, context: CallContext, request: ServiceInput) -> None:
        """Remove tags of what an ARN names."""
        await self._tagging.untag(context, request)

    async def list_tags_for_resource(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the tags of what an ARN names."""
        return await self._tagging.list(context, request)

    async def put_metric_filter(self, context: CallContext, request: ServiceInput) -> None:
        """Make a metric filter, or change one."""
        await self._metric_filters.put(context, request)

    async def describe_metric_filters(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List metric filters."""
        return await self._metric_filters.describe(context, request)

    async def delete_metric_filter(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a metric filter."""
        await self._metric_filters.delete(context, request)

    async def test_metric_filter(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Try a filter pattern with some messages."""
        return await self._metric_filters.test(context, request)

    async def put_subscription_filter(self, context: CallContext, request: ServiceInput) -> None:
        """Make a subscription filter, or change one."""
        await self._subscriptions.put(context, request)

    async def describe_subscription_filters(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the subscription filters of a group."""
        return await self._subscriptions.describe(context, request)

    async def delete_subscription_filter(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a subscription filter."""
        await self._subscriptions.delete(context, request)

    async def start_query(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Begin a query of Logs Insights."""
        return await self._queries.start(context, request)

    async def get_query_results(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Say how a query stands, and what came out."""
        return await self._queries.results(context, request)

    async def stop_query(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """End a query that runs."""
        return await self._queries.stop(context, request)

    async def describe_queries(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List queries."""
        return await self._queries.describe(context, request)

    async def list_log_groups_for_query(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the log groups that a query looks through."""
        return await self._queries.groups(context, request)

    async def put_query_definition(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Save a query, or change a saved one."""
        return await self._definitions.put(context, request)

    async def describe_query_definitions(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List saved queries."""
        return await self._definitions.describe(context, request)

    async def delete_query_definition(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Delete a saved query."""
        return await self._definitions.delete(context, request)

    async def start_live_tail(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Begin to show events as they come in."""
        return await self._tailing.start(context, request)

    async def create_export_task(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Begin to export events to a bucket."""
        return await self._exports.create(context, request)

    async def describe_export_tasks(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List export tasks."""
        return await self._exports.describe(context, request)

    async def cancel_export_task(self, context: CallContext, request: ServiceInput) -> None:
        """End an export."""
        await self._exports.cancel(context, request)


def _later(what: str) -> InvalidParameter:
    return InvalidParameter(f"{what} is not supported by this version of Ingle. Leave it out.")


def _with_token(answer: ServiceOutput, token: str | None) -> ServiceOutput:
    if token is not None:
        answer["nextToken"] = token
    return answer


def _group_page(
    groups: Sequence[Group], request: ServiceInput
) -> tuple[Sequence[Group], str | None]:
    try:
        return paging.page(
            groups,
            lambda group: group.key.name,
            request.get("nextToken"),
            request.get("limit", PAGE.items),
        )
    except paging.BadToken as error:
        raise bad_token() from error


def _group_answer(group: Group, metric_filters: int) -> ServiceOutput:
    answer: ServiceOutput = {
        "logGroupName": group.key.name,
        "creationTime": group.creation_ms,
        "metricFilterCount": metric_filters,
        "arn": f"{group.key.arn}:*",
        "logGroupArn": group.key.arn,
        "storedBytes": group.stored_bytes,
        "logGroupClass": "STANDARD",
        "deletionProtectionEnabled": False,
    }
    if group.retention_days is not None:
        answer["retentionInDays"] = group.retention_days
    return answer


def _stream_answer(group: GroupKey, stream: Stream) -> ServiceOutput:
    answer: ServiceOutput = {
        "logStreamName": stream.name,
        "creationTime": stream.creation_ms,
        "arn": f"{group.arn}:log-stream:{stream.name}",
        # AWS reports no size of single streams since 2019.
        "storedBytes": 0,
    }
    for member, value in (
        ("firstEventTimestamp", stream.first_event_ms),
        ("lastEventTimestamp", stream.last_event_ms),
        ("lastIngestionTime", stream.last_ingestion_ms),
    ):
        if value is not None:
            answer[member] = value
    return answer
