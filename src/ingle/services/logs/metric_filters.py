"""Metric filters: which there are, and trying one out.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
"""

import asyncio
import math
from typing import Any

from ingle.services import paging
from ingle.services.logs.errors import (
    InvalidParameter,
    LimitExceeded,
    ResourceNotFound,
    bad_token,
)
from ingle.services.logs.filter_store import FilterStore, GroupFilters, MetricFilter
from ingle.services.logs.filters.errors import PatternError
from ingle.services.logs.filters.parsing import parse_pattern
from ingle.services.logs.filters.pattern import Pattern
from ingle.services.logs.groups import group_key
from ingle.services.logs.limits import GROUP, PAGE
from ingle.services.logs.lookup import Lookup
from ingle.services.logs.model import GroupKey
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_LATER = ("applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFieldDimensions")


class MetricFilters:
    """The operations on metric filters.

    Args:
        lookup: finds groups.
        filters: where filters are kept.
    """

    def __init__(self, lookup: Lookup, filters: FilterStore) -> None:
        self._lookup = lookup
        self._filters = filters

    async def put(self, context: CallContext, request: ServiceInput) -> None:
        """Make a metric filter, or change the one of that name."""
        refuse(request, _LATER)
        pattern = compiled(request["filterPattern"])
        transformation = request["metricTransformations"][0]
        _check(transformation, pattern)
        group = await self._lookup.group(group_key(context, request))
        name = request["filterName"]
        known = self._filters.of(group.key) or GroupFilters()
        if name not in known.metric and len(known.metric) >= GROUP.metric_filters:
            raise LimitExceeded(
                f"A log group can have at most {GROUP.metric_filters} metric filters."
            )
        check_regexes(known, pattern, known.metric.get(name))
        await self._filters.put(
            group.id,
            group.key,
            MetricFilter(
                name, request["filterPattern"], transformation, self._lookup.now_ms, pattern
            ),
        )

    async def delete(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a metric filter."""
        group = await self._lookup.group(group_key(context, request))
        if not await self._filters.remove(group.id, group.key, MetricFilter, request["filterName"]):
            raise no_such_filter("metric")

    async def describe(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List metric filters of a group, or of an account in a region, at most 50 a page."""
        metric, namespace = request.get("metricName"), request.get("metricNamespace")
        if (metric is None) != (namespace is None):
            raise InvalidParameter("metricName and metricNamespace must be given together.")
        only: GroupKey | None = None
        if "logGroupName" in request:
            only = (await self._lookup.group(group_key(context, request))).key
        prefix = request.get("filterNamePrefix", "")
        found = [
            (key, each)
            for key, each in self._filters.metric_filters(context.account_id, context.region)
            if only in (None, key)
            and each.name.startswith(prefix)
            and metric in (None, each.transformation["metricName"])
            and namespace in (None, each.transformation["metricNamespace"])
        ]
        page, token = _page(found, request)
        answer: ServiceOutput = {"metricFilters": [_answer(key, each) for key, each in page]}
        if token is not None:
            answer["nextToken"] = token
        return answer

    async def test(self, _context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Say which of some messages a pattern passes, and what it finds in them."""
        pattern = compiled(request["filterPattern"])
        return {"matches": await asyncio.to_thread(_try, pattern, request["logEventMessages"])}


def compiled(text: str) -> Pattern:
    """Read a filter pattern.

    Raises:
        InvalidParameter: it is malformed.
    """
    try:
        return parse_pattern(text)
    except PatternError as error:
        raise InvalidParameter(str(error)) from error


def refuse(request: ServiceInput, members: tuple[str, ...]) -> None:
    """Refuse what Ingle does not act on.

    Raises:
        InvalidParameter: one of these members asks for something.
    """
    for member in members:
        if request.get(member):
            raise InvalidParameter(
                f"{member} is not supported by this version of Ingle. Leave it out."
            )


def check_regexes(known: GroupFilters, pattern: Pattern, replaced: Any) -> None:
    """See that a group has not too many filters with regular expressions.

    Raises:
        LimitExceeded: it would.
    """
    instead = replaced is not None and bool(replaced.compiled.regexes)
    if pattern.regexes and known.regexes - instead >= GROUP.regex_filters:
        raise LimitExceeded(
            f"A log group can have at most {GROUP.regex_filters} filters with regular expressions."
        )


def no_such_filter(kind: str) -> ResourceNotFound:
    """Make the error for a filter that does not exist."""
    return ResourceNotFound(f"The specified {kind} filter does not exist.")


def _check(transformation: dict[str, Any], pattern: Pattern) -> None:
    value = transformation["metricValue"]
    for member in ("metricName", "metricNamespace", "metricValue"):
        if not transformation[member]:
            raise InvalidParameter(f"{member} must not be empty.")
    if transformation["metricNamespace"].startswith("AWS/"):
        raise InvalidParameter(
            f"The metric namespace {transformation['metricNamespace']} is reserved: it must not "
            "begin with AWS/."
        )
    try:
        if value.startswith("$"):
            pattern.check_selector(value)
        elif not math.isfinite(float(value)):
            raise InvalidParameter(f"metricValue {value} is not a number.")
        dimensions = transformation.get("dimensions", {})
        for selector in dimensions.values():
            pattern.check_selector(selector)
    except PatternError as error:
        raise InvalidParameter(str(error)) from error
    except ValueError as error:
        raise InvalidParameter(
            f"metricValue {value} is neither a number nor a field of the filter pattern."
        ) from error
    if len(dimensions) > GROUP.dimensions:
        raise InvalidParameter(f"A metric filter can have at most {GROUP.dimensions} dimensions.")
    if dimensions and "defaultValue" in transformation:
        raise InvalidParameter(
            "A metric filter with dimensions cannot have a default value, and one with a default "
            "value cannot have dimensions."
        )


def _try(pattern: Pattern, messages: list[str]) -> list[dict[str, Any]]:
    found = []
    for number, message in enumerate(messages, 1):
        match = pattern.look(message)
        if match is not None:
            found.append(
                {
                    "eventNumber": number,
                    "eventMessage": message,
                    "extractedValues": dict(match.extracted),
                }
            )
    return found


def _page(
    found: list[tuple[GroupKey, MetricFilter]], request: ServiceInput
) -> tuple[Any, str | None]:
    try:
        return paging.page(
            found,
            # Colons are in no name.
            lambda each: f"{each[0].name}:{each[1].name}",
            request.get("nextToken"),
            request.get("limit", PAGE.items),
        )
    except paging.BadToken as error:
        raise bad_token() from error


def _answer(key: GroupKey, each: MetricFilter) -> ServiceOutput:
    return {
        "filterName": each.name,
        "filterPattern": each.pattern,
        "metricTransformations": [dict(each.transformation)],
        "creationTime": each.creation_ms,
        "logGroupName": key.name,
        "applyOnTransformedLogs": False,
    }
