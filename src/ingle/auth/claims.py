"""Reads from a request who claims to have signed it, when, and over what."""

import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote

from ingle.auth.canonical import ALGORITHM
from ingle.auth.errors import S3, Family, family, s3_error
from ingle.wire.errors import ServiceError
from ingle.wire.http import Request

# X-Amz-Expires goes up to seven days.
MAX_EXPIRES_S = 604_800

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request, ?"
    r"SignedHeaders=([^,\s]+), ?Signature=([^,\s]+)"
)
_SCOPE_SERVICE = re.compile(r"Credential=[^/,\s]*/[^/,\s]*/[^/,\s]*/([^/,\s]+)/")
_SEPARATORS = re.compile(r"[,\s]+")
_QUERY_NAMES = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-Date",
    "X-Amz-SignedHeaders",
    "X-Amz-Expires",
)


@dataclass(slots=True)
class Claim:
    """What a signature says of itself.

    Attributes:
        access_key_id: the key.
        date: the scope's date, YYYYMMDD.
        region: the scope's region.
        service: the scope's signing name.
        signed_headers: the header names, joined with ";".
        signature: as it was sent.
        timestamp: when it was signed, for instance 20260101T000000Z.
        signed_at: the same in seconds since the epoch.
        token: the session token, or None.
        expires_s: how many seconds a presigned request is good for; None where it does not say.
        presigned: whether all this stands in the query.
        payload_hash: what a presigned query says of the body, or None.
    """

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: str
    signature: str
    timestamp: str
    signed_at: float
    token: str | None
    expires_s: int | None = None
    presigned: bool = False
    payload_hash: str | None = None


ServiceFinder = Callable[[Request], str | None]


def from_header(request: Request, authorization: str, find_service: ServiceFinder) -> Claim:
    """Read the claim in an Authorization header.

    Args:
        request: the request.
        authorization: the header.
        find_service: tells the service where the header does not.

    Raises:
        ServiceError: it is malformed, as the service that was called words that.
    """
    match = _HEADER.fullmatch(authorization)
    if match is None:
        return _from_odd_header(request, authorization, find_service)
    access_key_id, date, region, service, signed_headers, signature = match.groups()
    headers = request.headers
    timestamp, signed_at = _header_time(request, service, authorization)
    return Claim(
        access_key_id,
        date,
        region,
        service,
        signed_headers,
        signature,
        timestamp,
        signed_at,
        headers.get("x-amz-security-token"),
    )


def from_query(request: Request, find_service: ServiceFinder) -> Claim:
    """Read the claim in the query of a presigned request.

    Args:
        request: the request.
        find_service: tells the service where the query does not.

    Raises:
        ServiceError: it is malformed, as the service that was called words that.
    """
    fields: dict[str, str] = {}
    for pair in request.query.split("&"):
        name, _, value = pair.partition("=")
        fields.setdefault(unquote(name), unquote(value.replace("+", " ")))
    credential = fields.get("X-Amz-Credential", "")
    parts = credential.split("/")
    refusals = family(parts[3] if len(parts) == 5 else find_service(request), request)
    _check_query_fields(fields, refusals)
    timestamp = fields["X-Amz-Date"]
    signed_at = parse_timestamp(timestamp)
    if signed_at is None:
        text = "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
        raise _query_error(refusals, text)
    expires_s = _expires(fields.get("X-Amz-Expires"), refusals)
    _check_scope(parts, credential, refusals, presigned=True)
    return Claim(
        access_key_id=parts[0],
        date=parts[1],
        region=parts[2],
        service=parts[3],
        signed_headers=fields["X-Amz-SignedHeaders"],
        signature=fields["X-Amz-Signature"],
        timestamp=timestamp,
        signed_at=signed_at,
        token=fields.get("X-Amz-Security-Token"),
        expires_s=expires_s,
        presigned=True,
        payload_hash=fields.get("X-Amz-Content-Sha256"),
    )


def from_form(fields: Mapping[str, str]) -> Claim:
    """Read the claim in the fields of a form that is posted to S3.

    Args:
        fields: of the form, by lower-case name.

    Raises:
        ServiceError: it is malformed or missing.
    """
    refusals = S3
    for name in ("x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"):
        if not fields.get(name):
            raise s3_error(
                "InvalidArgument",
                f"Bucket POST must contain a field named '{name.title()}'.  If it is specified, "
                "please check the order of the fields.",
                ArgumentName=name.title(),
            )
    parts = fields["x-amz-credential"].split("/")
    if fields["x-amz-algorithm"] != ALGORITHM:
        raise _query_error(refusals, f"X-Amz-Algorithm only supports {ALGORITHM}")
    _check_scope(parts, fields["x-amz-credential"], refusals, presigned=True)
    signed_at = parse_timestamp(fields["x-amz-date"])
    if signed_at is None:
        text = "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
        raise _query_error(refusals, text)
    return Claim(
        access_key_id=parts[0],
        date=parts[1],
        region=parts[2],
        service=parts[3],
        signed_headers="",
        signature=fields["x-amz-signature"],
        timestamp=fields["x-amz-date"],
        signed_at=signed_at,
        token=fields.get("x-amz-security-token"),
    )


def parse_timestamp(text: str) -> float | None:
    """Read 20260101T000000Z as seconds since the epoch; None if it is anything else."""
    if len(text) != 16 or text[8] != "T" or text[15] != "Z" or not text.isascii():
        return None
    digits = text[:8] + text[9:15]
    if not digits.isdigit():
        return None
    try:
        return datetime(
            int(text[:4]),
            int(text[4:6]),
            int(text[6:8]),
            int(text[9:11]),
            int(text[11:13]),
            int(text[13:15]),
            tzinfo=UTC,
        ).timestamp()
    except ValueError:
        return None


def format_timestamp(seconds: float) -> str:
    """Write seconds since the epoch as 20260101T000000Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%dT%H%M%SZ")


def _from_odd_header(request: Request, authorization: str, find_service: ServiceFinder) -> Claim:
    # Anything but what the SDKs send: other orders and separators, and mistakes.
    match = _SCOPE_SERVICE.search(authorization)
    service = match[1] if match else find_service(request)
    refusals = family(service, request)
    scheme, space, rest = authorization.partition(" ")
    if refusals.is_s3:
        _check_s3_scheme(authorization, scheme, space)
    elif scheme.startswith("AWS4-") and scheme != ALGORITHM:
        raise refusals.refuse_incomplete(f"Unsupported AWS 'algorithm': '{scheme}'.")
    timestamp, signed_at = _header_time(request, service, authorization)
    fields = _header_fields(rest if scheme == ALGORITHM else authorization, refusals)
    missing = [n for n in ("Credential", "Signature", "SignedHeaders") if not fields.get(n)]
    if missing:
        if refusals.is_s3:
            raise refusals.refuse_incomplete(
                "The authorization header is malformed; the authorization header requires three "
                "components: Credential, SignedHeaders, and Signature."
            )
        raise refusals.refuse_incomplete(_missing_parameters(missing, authorization))
    credential = fields["Credential"]
    parts = credential.split("/")
    _check_scope(parts, credential, refusals, presigned=False)
    return Claim(
        parts[0],
        parts[1],
        parts[2],
        parts[3],
        fields["SignedHeaders"],
        fields["Signature"],
        timestamp,
        signed_at,
        request.headers.get("x-amz-security-token"),
    )


def _header_fields(text: str, refusals: Family) -> dict[str, str]:
    fields = {}
    for component in _SEPARATORS.split(text.strip()):
        name, equals, value = component.partition("=")
        if equals:
            fields[name] = value
        elif component and not refusals.is_s3:
            raise refusals.refuse_incomplete(
                "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with "
                f"SHA-256 and encoded with Base64): '{_digest(component)}'."
            )
    return fields


def _missing_parameters(names: list[str], authorization: str) -> str:
    texts = [f"Authorization header requires '{name}' parameter." for name in names]
    texts.append("(Hashed with SHA-256 and encoded with Base64)")
    return f"{' '.join(texts)} Authorization={_digest(authorization)}"


def _header_time(request: Request, service: str | None, authorization: str) -> tuple[str, float]:
    text = request.headers.get("x-amz-date")
    if text is not None:
        signed_at = parse_timestamp(text)
        if signed_at is not None:
            return text, signed_at
    else:
        text = request.headers.get("date")
        signed_at = _parse_date(text) if text is not None else None
        if signed_at is not None:
            return format_timestamp(signed_at), signed_at
    refusals = family(service, request)
    if refusals.is_s3:
        raise s3_error(
            "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header", 403
        )
    if text is None:
        raise refusals.refuse_incomplete(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
            f"(Hashed with SHA-256 and encoded with Base64) Authorization={_digest(authorization)}"
        )
    raise refusals.refuse_incomplete(
        "Date must be in ISO-8601 'basic format'. Got '" + text + "'. See "
        "http://en.wikipedia.org/wiki/ISO_8601"
    )


def _parse_date(text: str) -> float | None:
    signed_at = parse_timestamp(text)
    if signed_at is not None:
        return signed_at
    try:
        parsed = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def _check_s3_scheme(authorization: str, scheme: str, space: str) -> None:
    problem = ""
    if not space:
        problem = "Authorization header is invalid -- one and only one ' ' (space) required"
    elif scheme == "AWS":
        raise s3_error(
            "InvalidRequest",
            "The authorization mechanism you have provided is not supported. "
            "Please use AWS4-HMAC-SHA256.",
        )
    elif scheme != ALGORITHM:
        problem = "Unsupported Authorization Type"
    if problem:
        raise s3_error(
            "InvalidArgument",
            problem,
            ArgumentName="Authorization",
            ArgumentValue=authorization,
        )


def _check_scope(parts: list[str], credential: str, refusals: Family, *, presigned: bool) -> None:
    if refusals.is_s3:
        fault = _s3_scope_fault(parts)
        if fault and presigned:
            raise _query_error(refusals, f"Error parsing the X-Amz-Credential parameter; {fault}")
        if fault:
            raise refusals.refuse_incomplete(f"The authorization header is malformed; {fault}")
        return
    if len(parts) != 5 or not all(parts):
        raise refusals.refuse_incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. "
            f"keyid/date/region/service/term, got '{credential}'"
        )
    if parts[4] != "aws4_request":
        raise refusals.refuse_scope(
            "Credential should be scoped with a valid terminator: 'aws4_request', "
            f"not '{parts[4]}'."
        )


def _s3_scope_fault(parts: list[str]) -> str:
    if len(parts) != 5:
        return (
            'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/'
            'aws4_request".'
        )
    if not parts[2]:
        return "a non-empty region must be provided in the credential."
    if parts[4] != "aws4_request":
        return f'incorrect terminal "{parts[4]}". This endpoint uses "aws4_request".'
    return ""


def _check_query_fields(fields: dict[str, str], refusals: Family) -> None:
    algorithm = fields.get("X-Amz-Algorithm")
    if refusals.is_s3:
        if algorithm != ALGORITHM:
            raise _query_error(
                refusals,
                'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"',
            )
        if not all(name in fields for name in _QUERY_NAMES):
            raise _query_error(
                refusals,
                "Query-string authentication version 4 requires the X-Amz-Algorithm, "
                "X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and "
                "X-Amz-Expires parameters.",
            )
        return
    # Everybody but S3 takes a request without X-Amz-Expires, for as long as a header is good.
    missing = [name for name in _QUERY_NAMES[:-1] if not fields.get(name)]
    if missing:
        texts = [f"AWS query-string parameters must include '{name}'." for name in missing]
        raise _query_error(refusals, f"{' '.join(texts)} Re-examine the query-string parameters.")
    if algorithm != ALGORITHM:
        raise _query_error(refusals, f"Unsupported AWS 'algorithm': '{algorithm}'.")


def _expires(text: str | None, refusals: Family) -> int | None:
    if text is None:
        return None
    sign, digits = (text[:1], text[1:]) if text[:1] in ("-", "+") else ("", text)
    if not (digits.isascii() and digits.isdigit()):
        raise _query_error(refusals, "X-Amz-Expires should be a number")
    if sign == "-":
        raise _query_error(refusals, "X-Amz-Expires must be non-negative")
    # Compared by length first: Python refuses to read numbers of thousands of digits.
    if len(digits.lstrip("0")) > 6 or int(digits) > MAX_EXPIRES_S:
        raise _query_error(
            refusals,
            "X-Amz-Expires must be less than a week (in seconds); that is, the given "
            "X-Amz-Expires must be less than 604800 seconds",
        )
    return int(digits)


def _query_error(refusals: Family, message: str) -> ServiceError:
    if refusals.is_s3:
        return s3_error("AuthorizationQueryParametersError", message)
    return refusals.refuse_incomplete(message)


def _digest(text: str) -> str:
    # As AWS does: what was sent may be a secret that went into the wrong header.
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
    return binascii.b2a_base64(digest, newline=False).decode()
