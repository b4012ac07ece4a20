"""ListMetrics: which metrics there are.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html
"""

from collections.abc import Sequence

import orjson

from ingle.services import paging
from ingle.services.cloudwatch.errors import InvalidParameterValue
from ingle.services.cloudwatch.limits import LIST
from ingle.services.cloudwatch.model import Dimensions, Metric, MetricKey
from ingle.wire.service import ServiceInput, ServiceOutput


def listed(
    metrics: Sequence[Metric], request: ServiceInput, account_id: str, now: float
) -> ServiceOutput:
    """Answer ListMetrics.

    Args:
        metrics: all of the caller's account and region, in the order of their keys.
        request: what is asked for.
        account_id: the caller's.
        now: seconds since the epoch.

    Raises:
        InvalidParameterValue: the token is none of ours.
    """
    seen = LIST["recently" if "RecentlyActive" in request else "seen"]
    wanted = [(each["Name"], each.get("Value")) for each in request.get("Dimensions", ())]
    found = [
        metric
        for metric in metrics
        if metric.last > now - seen
        and request.get("Namespace", metric.key.namespace) == metric.key.namespace
        and request.get("MetricName", metric.key.name) == metric.key.name
        and _has(metric.key.dimensions, wanted)
    ]
    if request.get("OwningAccount", account_id) != account_id:
        found = []
    token = request.get("NextToken")
    if token is not None:
        try:
            namespace, name, pairs = orjson.loads(paging.decode(token))
            last = (namespace, name, tuple((each, value) for each, value in pairs))
        except (paging.BadToken, ValueError, TypeError) as error:
            raise InvalidParameterValue("Invalid nextToken") from error
        found = [metric for metric in found if metric.key[2:] > last]
    page = found[: LIST["metrics"]]
    answer: ServiceOutput = {"Metrics": [described(metric.key) for metric in page]}
    if request.get("IncludeLinkedAccounts"):
        answer["OwningAccounts"] = [account_id for _ in page]
    if len(found) > len(page):
        answer["NextToken"] = paging.encode(orjson.dumps(page[-1].key[2:]).decode())
    return answer


def described(key: MetricKey) -> ServiceOutput:
    """Describe a metric as AWS does."""
    return {
        "Namespace": key.namespace,
        "MetricName": key.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in key.dimensions],
    }


def _has(dimensions: Dimensions, wanted: Sequence[tuple[str, str | None]]) -> bool:
    pairs = dict(dimensions)
    return all(name in pairs and (value is None or pairs[name] == value) for name, value in wanted)
