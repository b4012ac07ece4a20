"""The operations on website configurations, and the rules that these must keep.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html
"""

from collections.abc import Mapping
from typing import Any

from ingle.services.s3.checksums import check_document
from ingle.services.s3.errors import InvalidArgument, InvalidRequest, MalformedXml, NoConfiguration
from ingle.services.s3.limits import BUCKET
from ingle.services.s3.names import bucket_of
from ingle.services.s3.store import BucketStore
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

CODE = "NoSuchWebsiteConfiguration"
LACKS = "The specified bucket does not have a website configuration"


class WebsiteConfigurations:
    """The operations.

    Args:
        store: where buckets are kept.
    """

    def __init__(self, store: BucketStore) -> None:
        self._store = store

    async def put(self, context: CallContext, request: ServiceInput) -> None:
        """Make a website of a bucket."""
        bucket = bucket_of(self._store, context, request)
        check_document(context.request.body, context.request.headers)
        configuration = request["WebsiteConfiguration"]
        check_configuration(configuration)
        await self._store.change(bucket, {"website": configuration})

    async def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give the configuration of a website."""
        bucket = bucket_of(self._store, context, request)
        found: ServiceOutput | None = bucket.settings.get("website")
        if found is None:
            raise NoConfiguration(CODE, LACKS, bucket.name)
        return found

    async def delete(self, context: CallContext, request: ServiceInput) -> None:
        """Let a bucket be a website no more."""
        bucket = bucket_of(self._store, context, request)
        await self._store.change(bucket, {"website": None})


def check_configuration(configuration: Mapping[str, Any]) -> None:
    """Check a configuration that is to be set.

    Raises:
        InvalidArgument: it says too little, or what excludes each other.
        InvalidRequest: a rule says what it cannot.
        MalformedXml: something of it lacks what it must have.
    """
    everything = configuration.get("RedirectAllRequestsTo")
    if everything is not None:
        if len(configuration) > 1:
            raise InvalidArgument(
                "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
                ArgumentName="RedirectAllRequestsTo",
                ArgumentValue="not null",
            )
        if not everything.get("HostName"):
            raise MalformedXml
        _check_target(everything)
        return
    if "IndexDocument" not in configuration:
        raise InvalidArgument(
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
            ArgumentName="IndexDocument",
            ArgumentValue="null",
        )
    suffix = configuration["IndexDocument"].get("Suffix")
    if not suffix or "/" in suffix:
        raise InvalidArgument(
            "The IndexDocument Suffix is not well formed",
            ArgumentName="IndexDocument",
            ArgumentValue=suffix or "",
        )
    if "ErrorDocument" in configuration and not configuration["ErrorDocument"].get("Key"):
        raise MalformedXml
    rules = configuration.get("RoutingRules")
    if rules is None:
        return
    if not rules:
        raise MalformedXml
    if len(rules) > BUCKET.routing_rules:
        raise InvalidRequest(
            f"The number of routing rules must not exceed the allowed limit of "
            f"{BUCKET.routing_rules} rules"
        )
    for rule in rules:
        _check_rule(rule)


def _check_rule(rule: Mapping[str, Any]) -> None:
    redirect, condition = rule.get("Redirect"), rule.get("Condition")
    if not redirect:
        raise MalformedXml
    _check_target(redirect)
    if "ReplaceKeyWith" in redirect and "ReplaceKeyPrefixWith" in redirect:
        raise InvalidRequest("You can only define ReplaceKeyPrefix or ReplaceKey but not both.")
    code = redirect.get("HttpRedirectCode")
    if code is not None and not _is_code(code, 301, 399):
        raise InvalidRequest(
            f"The provided HTTP redirect code ({code}) is not valid. Valid codes are 3XX except "
            "300."
        )
    if condition is None:
        return
    if not condition:
        raise InvalidRequest(
            "Condition cannot be empty. To redirect all requests without a condition, the "
            "condition element shouldn't be present."
        )
    error = condition.get("HttpErrorCodeReturnedEquals")
    if error is not None and not _is_code(error, 400, 599):
        raise InvalidRequest(
            f"The provided HTTP error code ({error}) is not valid. Valid codes are 4XX or 5XX."
        )


def _check_target(redirect: Mapping[str, Any]) -> None:
    host = redirect.get("HostName", "")
    if not host.isascii() or not host.isprintable() or " " in host:
        raise InvalidRequest(f"The host name {host!r} is not valid.")


def _is_code(text: str, first: int, last: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) == 3 and first <= int(text) <= last
