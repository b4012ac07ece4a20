"""The attributes of subscriptions: which there are, what they may be, and what they say.

Source: https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html
"""

from collections.abc import Mapping

from ingle.services.sns import archive_policies, delivery_policies, redrive_policies
from ingle.services.sns.endpoints import HTTP
from ingle.services.sns.errors import InvalidParameter
from ingle.services.sns.filter_policies import ATTRIBUTES, SCOPES, FilterPolicy
from ingle.services.sns.model import Subscription, Topic

_RAW = ("sqs", *HTTP, "firehose")
_EMPTIED = ("FilterPolicy", "ReplayPolicy")
_BOOLEANS = ("true", "false")
_KNOWN = frozenset(
    (
        "DeliveryPolicy",
        "FilterPolicy",
        "FilterPolicyScope",
        "RawMessageDelivery",
        "RedrivePolicy",
        "ReplayPolicy",
    )
)


def checked(
    given: Mapping[str, str],
    present: Mapping[str, str],
    topic: Topic,
    protocol: str,
    endpoint: str,
) -> dict[str, str]:
    """Check attributes that a subscription is to get; return all that it has then.

    An empty value takes an attribute away.

    Raises:
        InvalidParameter: there is no such attribute, or it may not have this value.
    """
    result = dict(present)
    for name, value in given.items():
        if name not in _KNOWN:
            raise InvalidParameter("AttributeName")
        _check(name, value, topic, protocol, endpoint)
        result[name] = value.lower() if name == "RawMessageDelivery" else value
        if not value or (name in _EMPTIED and value.strip() == "{}"):
            del result[name]
    if "FilterPolicy" in result:
        FilterPolicy(result["FilterPolicy"], result.get("FilterPolicyScope", ATTRIBUTES))
    return result


def described(subscription: Subscription, topic: Topic) -> dict[str, str]:
    """Tell all attributes of a subscription."""
    told = {
        "SubscriptionArn": subscription.arn,
        "TopicArn": topic.key.arn,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "Owner": subscription.owner,
        "SubscriptionPrincipal": subscription.principal,
        "PendingConfirmation": _BOOLEANS[subscription.confirmed],
        "ConfirmationWasAuthenticated": _BOOLEANS[not subscription.authenticated],
        "RawMessageDelivery": "false",
    }
    if subscription.protocol in HTTP:
        told["EffectiveDeliveryPolicy"] = subscription.delivery.described()
    told |= dict(subscription.attributes)
    if subscription.replay is not None:
        told["ReplayStatus"] = subscription.replay.status
    if "FilterPolicy" in told:
        told.setdefault("FilterPolicyScope", ATTRIBUTES)
    return told


def _check(name: str, value: str, topic: Topic, protocol: str, endpoint: str) -> None:
    if name == "RawMessageDelivery":
        if value.lower() not in _BOOLEANS:
            raise InvalidParameter(
                "RawMessageDelivery: Invalid value [" + value + "]. Must be true or false."
            )
        if value.lower() == "true" and protocol not in _RAW:
            raise InvalidParameter(
                f"Delivery protocol [{protocol}] does not support raw message delivery."
            )
    elif name == "FilterPolicyScope":
        if value not in ("", *SCOPES):
            raise InvalidParameter(
                f"FilterPolicyScope: Invalid value [{value}]. Please use either MessageBody or "
                "MessageAttributes"
            )
    elif name == "ReplayPolicy":
        if archive_policies.window(value) is not None and topic.archive_days is None:
            raise InvalidParameter("ReplayPolicy: the topic has no ArchivePolicy")
    elif name == "RedrivePolicy":
        redrive_policies.check(value, topic.key.arn, endpoint)
    elif name == "DeliveryPolicy" and value:
        if protocol not in HTTP:
            raise InvalidParameter(
                "DeliveryPolicy: Protocol does not support delivery policies: " + protocol
            )
        delivery_policies.of_subscription(value, None)
