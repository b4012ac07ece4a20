"""The condition keys of a call of STS that follow from the HTTP request and the caller's session.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from ingle.auth.keys import Identity, Session
from ingle.clock import Clock
from ingle.iam.request import Values
from ingle.wire.service import CallContext


def request_keys(context: CallContext, clock: Clock) -> Mapping[str, Values]:
    """Collect the condition keys of a call, by their names in lower case."""
    identity: Identity = context.identity
    request, now = context.request, clock.time()
    known = {
        "aws:currenttime": _time(now),
        "aws:epochtime": str(int(now)),
        "aws:requestedregion": identity.region,
        "aws:securetransport": str(request.scheme == "https").lower(),
        "aws:sourceip": request.client,
        "aws:useragent": request.headers.get("user-agent"),
        "aws:referer": request.headers.get("referer"),
    }
    keys: dict[str, Values] = {key: (value,) for key, value in known.items() if value is not None}
    if identity.session is not None:
        keys |= _session_keys(identity.session, now)
    return keys


def _session_keys(session: Session, now: float) -> Mapping[str, Values]:
    known = {
        **session.context,
        "aws:federatedprovider": session.federated_provider,
        "aws:multifactorauthpresent": str(session.mfa_at is not None).lower(),
        "aws:sourceidentity": session.source_identity,
        "aws:tokenissuetime": _time(session.issued_at),
    }
    if session.mfa_at is not None:
        known["aws:multifactorauthage"] = str(int(now - session.mfa_at))
    return {key: (value,) for key, value in known.items() if value is not None}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
