"""Delivers by mail, through the relay that the operator named.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html
"""

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import unquote, urlencode, urlsplit

import orjson

from ingle.services.sns.envelopes import CONFIRMATION, FAREWELL
from ingle.services.sns.limits import OUTBOX
from ingle.services.sns.model import Subscription
from ingle.services.sns.outbox import NotDelivered, Parcel

_PORTS = {"smtp": 25, "smtps": 465}
_PERMANENT = 500


class MailSender:
    """Sends mails.

    Args:
        relay: `smtp://` or `smtps://`, with user, password and port where they are needed.
        sender: the address that mails are from.
        endpoint: scheme and authority by which this server is reached, for links.
    """

    def __init__(self, relay: str, sender: str, endpoint: str) -> None:
        self._relay = urlsplit(relay)
        self._sender = sender
        self._endpoint = endpoint

    async def send(self, subscription: Subscription, parcel: Parcel) -> None:
        """Mail something.

        Raises:
            NotDelivered: the relay did not take it; for good where it said so.
        """
        mail = self._mail(subscription, parcel)
        try:
            await asyncio.to_thread(self._hand_in, mail)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            final = all(code >= _PERMANENT for code in codes)
            raise NotDelivered(f"the relay refused the address: {codes}", final=final) from error
        except (OSError, smtplib.SMTPException) as error:
            raise NotDelivered(f"{type(error).__name__}: {error}") from error

    def _mail(self, subscription: Subscription, parcel: Parcel) -> EmailMessage:
        mail = EmailMessage(policy=SMTP)
        mail["From"] = self._sender
        mail["To"] = subscription.endpoint
        text = parcel.body
        if parcel.kind == CONFIRMATION:
            mail["Subject"] = "AWS Notification - Subscription Confirmation"
            if subscription.protocol == "email":
                text = _invitation(subscription, orjson.loads(text)["SubscribeURL"])
        elif parcel.kind == FAREWELL:
            mail["Subject"] = "AWS Notification - Unsubscribe Confirmation"
            if subscription.protocol == "email":
                text = _way_back(subscription, orjson.loads(text)["SubscribeURL"])
        else:
            mail["Subject"] = parcel.subject or "AWS Notification Message"
            if subscription.protocol == "email":
                text = f"{text}\n\n--\n{self._farewell(subscription)}\n"
        mail.set_content(text)
        return mail

    def _farewell(self, subscription: Subscription) -> str:
        query = urlencode({"Action": "Unsubscribe", "SubscriptionArn": subscription.arn})
        return (
            "If you wish to stop receiving notifications from this topic, please click or visit "
            f"the link below to unsubscribe:\n{self._endpoint}/?{query}"
        )

    def _hand_in(self, mail: EmailMessage) -> None:
        relay = self._relay
        host, port = relay.hostname or "", relay.port or _PORTS[relay.scheme]
        context = ssl.create_default_context()
        with (
            smtplib.SMTP_SSL(host, port, timeout=OUTBOX.timeout_s, context=context)
            if relay.scheme == "smtps"
            else smtplib.SMTP(host, port, timeout=OUTBOX.timeout_s)
        ) as server:
            if relay.scheme == "smtp" and relay.username:
                # A password goes nowhere in the clear.
                server.starttls(context=context)
            if relay.username:
                server.login(unquote(relay.username), unquote(relay.password or ""))
            server.send_message(mail)


def _invitation(subscription: Subscription, url: str) -> str:
    return (
        f"You have chosen to subscribe to the topic:\n{subscription.topic.arn}\n\n"
        "To confirm this subscription, click or visit the link below (If this was in error no "
        f"action is necessary):\n{url}\n"
    )


def _way_back(subscription: Subscription, url: str) -> str:
    return (
        f"Your subscription to the topic below has been deactivated:\n{subscription.topic.arn}\n\n"
        f"If this was in error, click or visit the link below to resubscribe:\n{url}\n"
    )
