"""The attributes of topics: which there are, what they may be, and what they say.

Source: https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
"""

from collections.abc import Mapping

import orjson

from ingle.iam.policy import MalformedPolicy, Policy, PolicyKind
from ingle.services.sns import archive_policies, delivery_policies
from ingle.services.sns.drafts import timestamp
from ingle.services.sns.errors import InvalidParameter
from ingle.services.sns.limits import TOPIC
from ingle.services.sns.model import LiveTopic, TopicKey

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "ContentBasedDeduplication": ("true", "false"),
    "FifoThroughputScope": ("Topic", "MessageGroup"),
    "FifoTopic": ("true", "false"),
    "SignatureVersion": ("1", "2"),
    "TracingConfig": ("PassThrough", "Active"),
}
_FIFO_ONLY = frozenset({"ArchivePolicy", "ContentBasedDeduplication", "FifoThroughputScope"})
_LATER = ("DataProtectionPolicy", "KmsMasterKeyId")
_FEEDBACK = ("FeedbackRoleArn", "FeedbackSampleRate")
_TEXTS = ("ArchivePolicy", "DeliveryPolicy", "DisplayName", "Policy")
ARCHIVED_SINCE = "archived_since"
"""Kept with the attributes: since when there is an archive, in seconds since the epoch."""
_OWNER_ACTIONS = (
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
)
"""What the policy of a topic that has none of its own lets its owner do."""


def check(name: str, value: str, *, fifo: bool, creating: bool) -> None:
    """Check an attribute that a topic is to get.

    Raises:
        InvalidParameter: there is no such attribute, or it may not have this value.
    """
    if name in _LATER or name.endswith(_FEEDBACK):
        if value:
            raise InvalidParameter(
                f"AttributeName Reason: {name} is not supported by this version of Ingle. Leave "
                "it out."
            )
        return
    if name not in _CHOICES and name not in _TEXTS:
        raise InvalidParameter("AttributeName")
    if name == "FifoTopic" and not creating:
        raise InvalidParameter("AttributeName")
    if name in _FIFO_ONLY and not fifo:
        raise InvalidParameter(f"Attributes Reason: {name} is only valid for FIFO topics")
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise InvalidParameter(
                f"Attributes Reason: {name}: Invalid value [{value}]. Choose one of "
                f"{', '.join(_CHOICES[name])}"
            )
    elif name == "DisplayName":
        if len(value) > TOPIC.display_name:
            raise InvalidParameter("DisplayName")
    elif name == "ArchivePolicy":
        archive_policies.retention_days(value)
    elif name == "DeliveryPolicy":
        delivery_policies.of_topic(value)
    elif value:
        check_policy(value)


def check_policy(text: str) -> None:
    """Check the policy of a topic.

    Raises:
        InvalidParameter: it is none, or too long.
    """
    if len(text.encode()) > TOPIC.policy_bytes:
        raise InvalidParameter(
            f"Policy Reason: The policy may have {TOPIC.policy_bytes} bytes at most"
        )
    try:
        Policy.parse(text, PolicyKind.RESOURCE)
    except MalformedPolicy as error:
        raise InvalidParameter(f"Policy Error: {error}") from error


def default_policy(key: TopicKey) -> str:
    """Write the policy that is told of a topic which has none: its owner may use it."""
    return orjson.dumps(
        {
            "Version": "2008-10-17",
            "Id": "__default_policy_ID",
            "Statement": [
                {
                    "Sid": "__default_statement_ID",
                    "Effect": "Allow",
                    "Principal": {"AWS": "*"},
                    "Action": [f"SNS:{action}" for action in _OWNER_ACTIONS],
                    "Resource": key.arn,
                    "Condition": {"StringEquals": {"AWS:SourceOwner": key.account_id}},
                }
            ],
        }
    ).decode()


def described(live: LiveTopic, now: float) -> dict[str, str]:
    """Tell all attributes of a topic."""
    topic = live.topic
    confirmed = sum(each.confirmed for each in live.subscriptions.values())
    told = {
        "TopicArn": topic.key.arn,
        "Owner": topic.key.account_id,
        "DisplayName": "",
        "Policy": default_policy(topic.key),
        "SubscriptionsConfirmed": str(confirmed),
        "SubscriptionsPending": str(len(live.subscriptions) - confirmed),
        "SubscriptionsDeleted": str(live.removed),
        "EffectiveDeliveryPolicy": delivery_policies.of_topic(
            topic.attributes.get("DeliveryPolicy")
        ).described_of_topic(),
    }
    if topic.is_fifo:
        told |= {"FifoTopic": "true", "ContentBasedDeduplication": "false"}
    told |= dict(topic.attributes)
    began = told.pop(ARCHIVED_SINCE, None)
    if topic.archive_days is not None and began is not None:
        oldest = max(float(began), now - topic.archive_days * 86400)
        told["BeginningArchiveTime"] = timestamp(oldest)
    return told
