"""Subscription filters: which there are.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html
"""

import re

from ingle.services import paging
from ingle.services.logs.deliveries import LogDeliveries
from ingle.services.logs.errors import InvalidParameter, LimitExceeded, bad_token
from ingle.services.logs.filter_store import FilterStore, GroupFilters, SubscriptionFilter
from ingle.services.logs.groups import group_key, identified_key
from ingle.services.logs.limits import GROUP, PAGE
from ingle.services.logs.lookup import Lookup
from ingle.services.logs.metric_filters import (
    check_regexes,
    compiled,
    no_such_filter,
    refuse,
)
from ingle.services.logs.model import GroupKey
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_LATER = ("applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFields")
_DESTINATIONS = "a Lambda function, a Kinesis stream or a log group"
_SERVICE = re.compile(r"arn:aws[a-zA-Z-]*:(?P<service>[a-z0-9-]+):[^:]*:[^:]*:(?P<rest>.+)")


class Subscriptions:
    """The operations on subscription filters.

    Args:
        lookup: finds groups.
        filters: where filters are kept.
        deliveries: reaches destinations.
    """

    def __init__(self, lookup: Lookup, filters: FilterStore, deliveries: LogDeliveries) -> None:
        self._lookup = lookup
        self._filters = filters
        self._deliveries = deliveries

    async def put(self, context: CallContext, request: ServiceInput) -> None:
        """Make a subscription filter, or change the one of that name.

        The destination is tried first: a function or a stream gets a CONTROL_MESSAGE.
        """
        refuse(request, _LATER)
        pattern = compiled(request["filterPattern"])
        group = await self._lookup.group(group_key(context, request))
        name = request["filterName"]
        known = self._filters.of(group.key) or GroupFilters()
        if name not in known.subscription and (
            len(known.subscription) >= GROUP.subscription_filters
        ):
            raise LimitExceeded("Resource limit exceeded.")
        check_regexes(known, pattern, known.subscription.get(name))
        destination = request["destinationArn"]
        await self._check(context, group.key, destination, request.get("roleArn"))
        await self._filters.put(
            group.id,
            group.key,
            SubscriptionFilter(
                name,
                request["filterPattern"],
                destination,
                request.get("roleArn"),
                request.get("distribution", "ByLogStream"),
                self._lookup.now_ms,
                pattern,
            ),
        )

    async def delete(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a subscription filter."""
        group = await self._lookup.group(group_key(context, request))
        if not await self._filters.remove(
            group.id, group.key, SubscriptionFilter, request["filterName"]
        ):
            raise no_such_filter("subscription")

    async def describe(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the subscription filters of a group, at most 50 a page."""
        group = await self._lookup.group(group_key(context, request))
        known = self._filters.of(group.key) or GroupFilters()
        prefix = request.get("filterNamePrefix", "")
        found = [known.subscription[name] for name in sorted(known.subscription)]
        try:
            page, token = paging.page(
                [each for each in found if each.name.startswith(prefix)],
                lambda each: each.name,
                request.get("nextToken"),
                request.get("limit", PAGE.items),
            )
        except paging.BadToken as error:
            raise bad_token() from error
        answer: ServiceOutput = {"subscriptionFilters": [_answer(group.key, each) for each in page]}
        if token is not None:
            answer["nextToken"] = token
        return answer

    async def _check(
        self, context: CallContext, key: GroupKey, destination: str, role: str | None
    ) -> None:
        match = _SERVICE.fullmatch(destination)
        service = match["service"] if match else ""
        if service == "lambda":
            if role is not None:
                raise InvalidParameter(
                    "destinationArn for vendor lambda cannot be used with roleArn"
                )
            await self._deliveries.check_function(key, destination)
            return
        if service == "kinesis":
            await self._check_stream(key, destination, role)
            return
        if service == "logs" and match is not None and match["rest"].startswith("log-group:"):
            target = (await self._lookup.group(identified_key(context, destination))).key
            if target == key:
                raise InvalidParameter(
                    f"The log group {key.name} cannot be the destination of its own events."
                )
            return
        if service == "firehose":
            raise InvalidParameter(
                f"Ingle does not have Amazon Data Firehose, so {destination} cannot be a "
                f"destination. Use {_DESTINATIONS}."
            )
        if service == "logs":
            raise InvalidParameter(
                f"Ingle does not have destinations of CloudWatch Logs ({destination}), which lead "
                f"to Kinesis or Firehose of others. Use {_DESTINATIONS}."
            )
        raise InvalidParameter(f"destinationArn {destination} is not the ARN of {_DESTINATIONS}.")

    async def _check_stream(self, key: GroupKey, destination: str, role: str | None) -> None:
        streams = self._deliveries.streams
        if streams is None:
            raise InvalidParameter(
                f"Ingle has no Amazon Kinesis Data Streams of its own, so {destination} cannot be "
                "a destination unless the server's configuration says under [services.kinesis] "
                "where there is one."
            )
        if role is None:
            raise InvalidParameter(
                "destinationArn for vendor kinesis cannot be used without roleArn"
            )
        await streams.check(key, destination, role)


def _answer(key: GroupKey, each: SubscriptionFilter) -> ServiceOutput:
    answer: ServiceOutput = {
        "filterName": each.name,
        "logGroupName": key.name,
        "filterPattern": each.pattern,
        "destinationArn": each.destination,
        "distribution": each.distribution,
        "applyOnTransformedLogs": False,
        "creationTime": each.creation_ms,
    }
    if each.role is not None:
        answer["roleArn"] = each.role
    return answer
