"""What subscribers get: the documents around messages.

Sources: https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html,
https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson

from ingle.services.sns import message_attributes
from ingle.services.sns.drafts import timestamp
from ingle.services.sns.model import Draft, Subscription, Topic
from ingle.services.sns.signing import Signer

NOTIFICATION, CONFIRMATION = "Notification", "SubscriptionConfirmation"
FAREWELL = "UnsubscribeConfirmation"
_ASKED = {
    CONFIRMATION: "You have chosen to subscribe to the topic {topic}.\n"
    "To confirm the subscription, visit the SubscribeURL included in this message.",
    FAREWELL: "You have chosen to deactivate subscription {subscription}.\n"
    "To cancel this operation and restore the subscription, visit the SubscribeURL included in "
    "this message.",
}


class Envelopes:
    """Makes signed documents.

    Args:
        signer: signs them.
        endpoint: scheme and authority by which this server is reached, for links.
    """

    def __init__(self, signer: Signer, endpoint: str) -> None:
        self._signer = signer
        self._endpoint = endpoint

    async def signed(
        self,
        topic: Topic,
        messages: Sequence[tuple[Draft, Collection[str]]],
        *,
        replayed: bool = False,
    ) -> "list[Notices]":
        """Sign what messages say, for each text that they have for some protocol.

        Args:
            topic: where they are published.
            messages: each with its texts that are to be signed.
            replayed: whether they come from the archive.
        """
        version = topic.signature_version
        heads = [[_head(topic, draft, text) for text in texts] for draft, texts in messages]
        flat = [head for each in heads for head in each]
        if flat:
            signatures = await self._signer.sign(flat, version)
            url = self._certificate_url()
            for head, signature in zip(flat, signatures, strict=True):
                head |= {"Signature": signature, "SigningCertURL": url}
        return [
            Notices(
                draft,
                {head["Message"]: head for head in signed},
                message_attributes.told(draft.attributes),
                self._endpoint,
                replayed=replayed,
            )
            for (draft, _), signed in zip(messages, heads, strict=True)
        ]

    async def confirmation(
        self, topic: Topic, subscription: Subscription, now: float, kind: str
    ) -> dict[str, str]:
        """Write what asks an endpoint to confirm that it wants to be subscribed.

        Args:
            topic: the topic.
            subscription: its token is what confirms.
            now: the time, in seconds since the epoch.
            kind: `SubscriptionConfirmation`, or `UnsubscribeConfirmation` where it was subscribed.
        """
        arn = topic.key.arn
        document = {
            "Type": kind,
            "MessageId": str(uuid.uuid4()),
            "Token": subscription.token,
            "TopicArn": arn,
            "Message": _ASKED[kind].format(topic=arn, subscription=subscription.arn),
            "SubscribeURL": self._link(
                "ConfirmSubscription", TopicArn=arn, Token=subscription.token
            ),
            "Timestamp": timestamp(now),
            "SignatureVersion": topic.signature_version,
        }
        [signature] = await self._signer.sign([document], topic.signature_version)
        return document | {"Signature": signature, "SigningCertURL": self._certificate_url()}

    def _certificate_url(self) -> str:
        certificate = self._signer.certificate()
        assert certificate is not None, "what was signed was signed with a key"
        return f"{self._endpoint}/{certificate[0]}"

    def _link(self, action: str, **members: str) -> str:
        return f"{self._endpoint}/?{urlencode({'Action': action, **members})}"


class Notices:
    """Writes one message for each of its subscribers.

    Args:
        draft: the message.
        heads: what its documents have in common, by the text.
        attributes: its attributes, as documents have them.
        endpoint: scheme and authority by which this server is reached, for links.
        replayed: whether it comes from the archive.
    """

    def __init__(
        self,
        draft: Draft,
        heads: Mapping[str, Mapping[str, str]],
        attributes: Mapping[str, Any],
        endpoint: str,
        *,
        replayed: bool = False,
    ) -> None:
        self._replayed = replayed
        self._draft = draft
        self._heads = heads
        self._attributes = attributes
        self._endpoint = endpoint

    def document(self, subscription: Subscription, sequence: str | None) -> str:
        """Write it for a queue, an HTTP endpoint or a mail."""
        head = self._heads[self._draft.text(subscription.protocol)]
        document: dict[str, Any] = {
            "Type": head["Type"],
            "MessageId": head["MessageId"],
            **({"SequenceNumber": sequence} if sequence is not None else {}),
            "TopicArn": head["TopicArn"],
            **({"Subject": head["Subject"]} if "Subject" in head else {}),
            **{
                name: head[name]
                for name in (
                    "Message",
                    "Timestamp",
                    "SignatureVersion",
                    "Signature",
                    "SigningCertURL",
                )
            },
            "UnsubscribeURL": self.unsubscribe_url(subscription),
        }
        if self._attributes:
            document["MessageAttributes"] = self._attributes
        if self._replayed:
            document["Replayed"] = "true"
        return written(document)

    def event(self, subscription: Subscription) -> bytes:
        """Write it for a function, as its event."""
        head = self._heads[self._draft.text(subscription.protocol)]
        message = {
            "Type": head["Type"],
            "MessageId": head["MessageId"],
            "TopicArn": head["TopicArn"],
            "Subject": head.get("Subject"),
            "Message": head["Message"],
            "Timestamp": head["Timestamp"],
            "SignatureVersion": head["SignatureVersion"],
            "Signature": head["Signature"],
            # Functions get these two spelled so.
            "SigningCertUrl": head["SigningCertURL"],
            "UnsubscribeUrl": self.unsubscribe_url(subscription),
            "MessageAttributes": self._attributes,
        }
        return event(subscription, message)

    def unsubscribe_url(self, subscription: Subscription) -> str:
        """The link that ends a subscription."""
        query = urlencode({"Action": "Unsubscribe", "SubscriptionArn": subscription.arn})
        return f"{self._endpoint}/?{query}"


def event(subscription: Subscription, message: Mapping[str, Any]) -> bytes:
    """Write a message as an event for a function."""
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "Sns": message,
    }
    return orjson.dumps({"Records": [record]})


def _head(topic: Topic, draft: Draft, text: str) -> dict[str, str]:
    head = {
        "Type": NOTIFICATION,
        "MessageId": draft.message_id,
        "TopicArn": topic.key.arn,
        "Message": text,
        "Timestamp": draft.timestamp,
        "SignatureVersion": topic.signature_version,
    }
    return head if draft.subject is None else {**head, "Subject": draft.subject}


def written(document: Mapping[str, Any]) -> str:
    """Write a document as AWS does."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
