"""Whether Alexa has sent a request, and has just sent it.

Source: https://developer.amazon.com/en-US/docs/alexa/custom-skills/host-a-custom-skill-as-a-web-service.html
"""

import base64
import binascii
import datetime
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from ingle.clock import Clock
from ingle.services.alexa.certificates import Certificates, check_url
from ingle.services.alexa.errors import NotFromAlexa
from ingle.wire.http import Request

TOLERANCE_S = 150.0
"""How old a request may be, or how early; what is older may be somebody's copy."""
_URL, _SIGNATURE = "signaturecertchainurl", "signature-256"


class SkillVerifier:
    """Verifies the requests of skills.

    Args:
        certificates: have Alexa's keys.
        clock: the time of day.
    """

    def __init__(self, certificates: Certificates, clock: Clock) -> None:
        self._certificates = certificates
        self._clock = clock

    async def verify(self, request: Request, event: Mapping[str, Any]) -> None:
        """Verify a request with its whole body; what costs nothing comes first.

        Args:
            request: the request.
            event: what its body says.

        Raises:
            NotFromAlexa: it cannot be relied on; the text says why.
        """
        url, encoded = request.headers.get(_URL, ""), request.headers.get(_SIGNATURE, "")
        if not url or not encoded:
            raise NotFromAlexa(
                "The request has no headers SignatureCertChainUrl and Signature-256."
            )
        check_url(url)
        try:
            signature = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise NotFromAlexa("Signature-256 is not Base64.") from None
        self._check_time(event)
        key = await self._certificates.key(url)
        try:
            key.verify(signature, request.body, PKCS1v15(), SHA256())
        except InvalidSignature:
            raise NotFromAlexa(
                "The signature in Signature-256 is not that of the request's body."
            ) from None

    def _check_time(self, event: Mapping[str, Any]) -> None:
        told = event["request"].get("timestamp")
        try:
            sent = datetime.datetime.fromisoformat(told)
        except (TypeError, ValueError):
            raise NotFromAlexa("The request has no timestamp of the form ISO 8601.") from None
        if sent.tzinfo is None:
            sent = sent.replace(tzinfo=datetime.UTC)
        if abs(self._clock.time() - sent.timestamp()) > TOLERANCE_S:
            raise NotFromAlexa(
                f"The timestamp {told} is not within {TOLERANCE_S:.0f} seconds of this machine's "
                "clock."
            )
