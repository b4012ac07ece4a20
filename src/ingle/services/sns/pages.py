"""What is fetched without a signature: the certificate, and the links in messages.

Sources: https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from ingle.services.sns.confirmations import Confirmations
from ingle.services.sns.errors import InvalidParameter
from ingle.services.sns.signing import Signer
from ingle.services.sns.subscriptions import Subscriptions
from ingle.wire.errors import ServiceError
from ingle.wire.http import Request, Response
from ingle.wire.xml_values import escape_text

_CERTIFICATE = "/SimpleNotificationService-"
_NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/"
_XML = [("content-type", "text/xml")]
_PEM = [("content-type", "application/x-pem-file")]
_MOST_FIELDS = 20
_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "ConfirmSubscription": ("TopicArn", "Token"),
    "Unsubscribe": ("SubscriptionArn",),
}


class Pages:
    """Answers those requests.

    Args:
        signer: has the certificate.
        confirmations: take tokens.
        subscriptions: end.
    """

    def __init__(
        self, signer: Signer, confirmations: Confirmations, subscriptions: Subscriptions
    ) -> None:
        self._signer = signer
        self._confirmations = confirmations
        self._subscriptions = subscriptions

    async def answer(self, request: Request) -> Response | None:
        """Answer a request; None where it is not for here."""
        if request.method != "GET" or "authorization" in request.headers:
            return None
        if request.path.startswith(_CERTIFICATE):
            certificate = self._signer.certificate()
            if certificate is None or request.path != f"/{certificate[0]}":
                return Response(404, _XML)
            return Response(200, _PEM, certificate[1].encode())
        if request.path != "/" or "Action=" not in request.query:
            return None
        try:
            fields = dict(parse_qsl(request.query, max_num_fields=_MOST_FIELDS))
        except ValueError:
            return None
        if "X-Amz-Credential" in fields or fields.get("Action") not in _MEMBERS:
            return None
        try:
            return await self._run(fields)
        except ServiceError as error:
            body = (
                f'<ErrorResponse xmlns="{_NAMESPACE}"><Error><Type>Sender</Type>'
                f"<Code>{error.error_code}</Code><Message>{escape_text(error.message)}</Message>"
                "</Error></ErrorResponse>"
            )
            return Response(error.http_status or 400, _XML, body.encode())

    async def _run(self, fields: Mapping[str, str]) -> Response:
        action = fields["Action"]
        for member in _MEMBERS[action]:
            if not fields.get(member):
                raise InvalidParameter(f"{member} Reason: no value for required parameter")
        result = ""
        if action == "ConfirmSubscription":
            answer = await self._confirmations.confirm(dict(fields), None)
            result = (
                f"<ConfirmSubscriptionResult><SubscriptionArn>{escape_text(answer['SubscriptionArn'])}"
                "</SubscriptionArn></ConfirmSubscriptionResult>"
            )
        else:
            await self._subscriptions.unsubscribe(dict(fields), None)
        body = f'<{action}Response xmlns="{_NAMESPACE}">{result}</{action}Response>'
        return Response(200, _XML, body.encode())
