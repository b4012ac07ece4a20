"""What a notification configuration may say; what may not be is refused in S3's words.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
"""

import base64
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from ingle.services.s3.errors import InvalidArgument, MalformedXml, TooManyConfigurations
from ingle.services.s3.limits import BUCKET, OBJECT
from ingle.services.s3.model import Bucket
from ingle.services.s3.notifications.event_names import meant_by
from ingle.services.s3.notifications.rules import LISTS, Rule, overlap, rules_of

_ARN = re.compile(
    r"arn:aws[a-z-]*:(?P<service>[a-z]+):(?P<region>[a-z0-9-]+):(\d{12}):(?P<rest>.+)"
)
_SERVICES = {
    "LambdaFunctionConfigurations": ("CloudFunction", "lambda", "function:"),
    "QueueConfigurations": ("Queue", "sqs", ""),
    "TopicConfigurations": ("Topic", "sns", ""),
}
"""By list: how XML calls the destination, and how its ARN goes on."""
_FILTERS = ("prefix", "suffix")


def checked(configuration: Mapping[str, Any], bucket: Bucket) -> dict[str, Any]:
    """Check a configuration, but not whether its destinations let S3 in.

    Returns:
        It, with an id for each rule.

    Raises:
        S3Error: it cannot be set.
    """
    found: dict[str, Any] = {}
    for name, arn in LISTS.items():
        rules = configuration.get(name) or ()
        if rules:
            found[name] = [_with_id(each) for each in rules]
            for each in rules:
                _check_events(each)
                _check_filter(each)
                _check_arn(each.get(arn) or "", name, bucket)
    if configuration.get("EventBridgeConfiguration") is not None:
        found["EventBridgeConfiguration"] = {}
    every = rules_of(found).rules
    if len(every) > BUCKET.notifications:
        raise TooManyConfigurations
    ids = [each.id for each in every]
    if len(set(ids)) < len(ids):
        raise InvalidArgument("Same ID used for multiple configurations. IDs must be unique.")
    _check_overlap(every)
    return found


def _with_id(rule: Mapping[str, Any]) -> dict[str, Any]:
    rule_id = rule.get("Id")
    if rule_id and len(rule_id) > BUCKET.notification_id:
        raise InvalidArgument(
            f"The ID length should not exceed allowed limit of {BUCKET.notification_id}",
            ArgumentName="Id",
            ArgumentValue=rule_id,
        )
    return {**rule, "Id": rule_id or base64.b64encode(str(uuid.uuid4()).encode()).decode()}


def _check_events(rule: Mapping[str, Any]) -> None:
    names: Sequence[str] = rule.get("Events") or ()
    if not names:
        raise MalformedXml
    for index, name in enumerate(names):
        meant = meant_by(name)
        if not meant:
            raise InvalidArgument(
                "The event is not supported for notifications",
                ArgumentName="Event",
                ArgumentValue=name,
            )
        for other in names[:index]:
            if not meant.isdisjoint(meant_by(other)):
                raise _overlapping(other, name)


def _check_filter(rule: Mapping[str, Any]) -> None:
    seen: set[str] = set()
    for each in rule.get("Filter", {}).get("Key", {}).get("FilterRules", ()):
        name, value = (each.get("Name") or ""), (each.get("Value") or "")
        if name.lower() not in _FILTERS:
            raise InvalidArgument(
                "filter rule name must be either prefix or suffix",
                ArgumentName="FilterRule.Name",
                ArgumentValue=name,
            )
        if name.lower() in seen:
            raise InvalidArgument(
                f"Cannot specify more than one {name.lower()} rule in a filter.",
                ArgumentName="FilterRule.Name",
                ArgumentValue=name,
            )
        seen.add(name.lower())
        if len(value.encode()) > OBJECT.key_bytes:
            raise InvalidArgument(
                f"Size of filter rule value cannot exceed {OBJECT.key_bytes} bytes in UTF-8 "
                "representation",
                ArgumentName="FilterRule.Value",
                ArgumentValue=value,
            )


def _check_arn(arn: str, list_name: str, bucket: Bucket) -> None:
    member, service, rest = _SERVICES[list_name]
    found = _ARN.fullmatch(arn)
    if found is None or found["service"] != service or not found["rest"].startswith(rest):
        raise InvalidArgument("The ARN is not well formed", ArgumentName=member, ArgumentValue=arn)
    if found["region"] != bucket.region:
        raise InvalidArgument(
            "The notification destination service region is not valid for the bucket location "
            "constraint",
            ArgumentName=member,
            ArgumentValue=arn,
        )


def _check_overlap(rules: Sequence[Rule]) -> None:
    found = overlap(rules)
    if found is None:
        return
    if not any(each.prefix or each.suffix for each in found):
        shared = sorted(found[0].events & found[1].events)
        raise _overlapping(*(f"s3:{each}" for each in shared))
    raise InvalidArgument(
        "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if "
        "the prefixes are overlapping for the same event type."
    )


def _overlapping(*events: str) -> InvalidArgument:
    return InvalidArgument(
        "Configurations overlap. Configurations on the same bucket cannot share a common event "
        "type.",
        ArgumentName="Event",
        ArgumentValue=", ".join(events),
    )
