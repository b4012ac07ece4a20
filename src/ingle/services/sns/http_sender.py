"""Delivers to HTTP and HTTPS endpoints.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html
"""

from ingle.services.http_client import HttpClient, Unreachable
from ingle.services.sns.envelopes import CONFIRMATION, NOTIFICATION
from ingle.services.sns.limits import OUTBOX
from ingle.services.sns.model import Subscription
from ingle.services.sns.outbox import NotDelivered, Parcel

_AGENT = "Amazon Simple Notification Service Agent"
_TOO_MANY = 429


class HttpSender:
    """Posts messages to endpoints; those whose answer is no error have taken them."""

    def __init__(self) -> None:
        self._client = HttpClient(OUTBOX.timeout_s, OUTBOX.deliveries)

    async def send(self, subscription: Subscription, parcel: Parcel) -> None:
        """Post something to an endpoint.

        Raises:
            NotDelivered: it did not answer in time, or with an error; one of the client's side, 429
                apart, is final.
        """
        try:
            headers = _headers(subscription, parcel)
            async with self._client.stream(
                "POST", subscription.endpoint, content=parcel.body.encode(), headers=headers
            ) as answer:
                status = answer.status_code
        except Unreachable as error:
            raise NotDelivered(str(error)) from error
        if not 200 <= status < 300:
            final = 300 <= status < 500 and status != _TOO_MANY
            raise NotDelivered(f"the endpoint answered {status}", final=final)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()


def _headers(subscription: Subscription, parcel: Parcel) -> dict[str, str]:
    headers = {
        "content-type": subscription.delivery.content_type,
        "user-agent": _AGENT,
        "x-amz-sns-message-type": parcel.kind,
        "x-amz-sns-message-id": parcel.message_id,
        "x-amz-sns-topic-arn": subscription.topic.arn,
    }
    if parcel.kind != CONFIRMATION:
        headers["x-amz-sns-subscription-arn"] = subscription.arn
    if parcel.kind == NOTIFICATION and subscription.is_raw:
        headers["x-amz-sns-rawdelivery"] = "true"
    return headers
