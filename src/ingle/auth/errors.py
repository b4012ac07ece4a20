"""How AWS refuses a request that is not signed as it should be, by family of services.

Services with JSON bodies, those with the query protocol, and S3 each have their own codes.
Sources: the "Common Errors" page of each service's API reference, for instance
https://docs.aws.amazon.com/lambda/latest/api/CommonErrors.html and
https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html, and
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from dataclasses import dataclass, replace

from ingle.auth.canonical import S3_SERVICES
from ingle.wire.errors import ServiceError
from ingle.wire.http import Request

# The signing names of the services whose native protocol is `query`, `ec2` or `rest-xml` in
# botocore's models, S3's apart; SQS and CloudWatch answer in that family when they are called so.
QUERY_SERVICES = frozenset(
    {
        "autoscaling",
        "cloudformation",
        "cloudfront",
        "cloudsearch",
        "ec2",
        "elasticache",
        "elasticbeanstalk",
        "elasticloadbalancing",
        "iam",
        "importexport",
        "monitoring",
        "rds",
        "redshift",
        "route53",
        "sdb",
        "ses",
        "sns",
        "sqs",
        "sts",
    }
)

MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your "
    "AWS Secret Access Key and signing method. Consult the service documentation for details."
)
INVALID_TOKEN = "The security token included in the request is invalid."  # noqa: S105
EXPIRED_TOKEN = "The security token included in the request is expired"  # noqa: S105
NOT_SIGNED = "There were headers present in the request which were not signed"


@dataclass(frozen=True, slots=True)
class Family:
    """The codes and statuses by which one family of services refuses.

    Attributes:
        is_s3: whether it is S3's, which words everything in its own way.
        missing: nothing was signed; code, status and message.
        unknown_key: no such key, or its session token is wrong; code, status and message.
        expired: the session of the key has ended; code, status and message.
        mismatch: the signature is wrong or out of its time; code, status and message.
        denied: the caller is known, and may not do this; code and status.
        incomplete: what was sent cannot be read as a signature; code and status.
    """

    is_s3: bool
    missing: tuple[str, int, str]
    unknown_key: tuple[str, int, str]
    expired: tuple[str, int, str]
    mismatch: tuple[str, int, str]
    denied: tuple[str, int]
    incomplete: tuple[str, int]

    def refuse_missing(self) -> ServiceError:
        """Refuse a request that is not signed."""
        return _error(self.missing)

    def refuse_key(self, access_key_id: str) -> ServiceError:
        """Refuse a key that does not exist, or not for this caller."""
        members = {"AWSAccessKeyId": access_key_id} if self.is_s3 else None
        return _error(self.unknown_key, members)

    def refuse_token(self, token: str | None) -> ServiceError:
        """Refuse the session token of a key: a wrong one, a missing one, or one too many."""
        if not self.is_s3:
            return _error(self.unknown_key)
        return ServiceError(
            "The provided token is malformed or otherwise invalid.",
            code="InvalidToken",
            status=400,
            members={"Token-0": token} if token is not None else None,
        )

    def refuse_expired(self, token: str | None) -> ServiceError:
        """Refuse the key of a session that has ended."""
        members = {"Token-0": token} if self.is_s3 and token is not None else None
        return _error(self.expired, members)

    def refuse_access(self, message: str) -> ServiceError:
        """Refuse a caller that may not do what it asks for."""
        return ServiceError(message, code=self.denied[0], status=self.denied[1])

    def refuse_signature(
        self, access_key_id: str, provided: str, to_sign: str, canonical: str
    ) -> ServiceError:
        """Refuse a signature that is not the right one; S3 says what it should have been over."""
        members = None
        if self.is_s3:
            members = {
                "AWSAccessKeyId": access_key_id,
                "StringToSign": to_sign,
                "SignatureProvided": provided,
                "StringToSignBytes": to_sign.encode().hex(" "),
                "CanonicalRequest": canonical,
                "CanonicalRequestBytes": canonical.encode().hex(" "),
            }
        return _error(self.mismatch, members)

    def refuse_scope(self, message: str) -> ServiceError:
        """Refuse a signature for its time or its scope."""
        return ServiceError(message, code=self.mismatch[0], status=self.mismatch[1])

    def refuse_incomplete(self, message: str) -> ServiceError:
        """Refuse what cannot be read."""
        return ServiceError(message, code=self.incomplete[0], status=self.incomplete[1])


def _json(status: int) -> Family:
    return Family(
        is_s3=False,
        missing=("MissingAuthenticationTokenException", status, "Missing Authentication Token"),
        unknown_key=("UnrecognizedClientException", status, INVALID_TOKEN),
        expired=("ExpiredTokenException", status, EXPIRED_TOKEN),
        denied=("AccessDeniedException", status),
        mismatch=("InvalidSignatureException", status, MISMATCH),
        incomplete=("IncompleteSignatureException", status),
    )


REST_JSON = _json(403)
# The services that are addressed with X-Amz-Target answer every fault of the client with 400.
TARGET_JSON = _json(400)
QUERY = Family(
    is_s3=False,
    missing=("MissingAuthenticationToken", 403, "Request is missing Authentication Token"),
    unknown_key=("InvalidClientTokenId", 403, INVALID_TOKEN),
    expired=("ExpiredToken", 403, EXPIRED_TOKEN),
    denied=("AccessDenied", 403),
    mismatch=("SignatureDoesNotMatch", 403, MISMATCH),
    incomplete=("IncompleteSignature", 400),
)
# SNS has a code of its own, of the same form
# (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors).
SNS = replace(QUERY, denied=("AuthorizationError", 403))
S3 = Family(
    is_s3=True,
    missing=("AccessDenied", 403, "Access Denied"),
    unknown_key=(
        "InvalidAccessKeyId",
        403,
        "The AWS Access Key Id you provided does not exist in our records.",
    ),
    expired=("ExpiredToken", 400, "The provided token has expired."),
    denied=("AccessDenied", 403),
    mismatch=(
        "SignatureDoesNotMatch",
        403,
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method.",
    ),
    incomplete=("AuthorizationHeaderMalformed", 400),
)


def family(service: str | None, request: Request) -> Family:
    """Find out in which family's words to refuse a request.

    Args:
        service: its signing name, or None where that cannot be told.
        request: the request, whose headers tell the protocol.
    """
    if service in S3_SERVICES:
        return S3
    if service == "sns":
        return SNS
    if "x-amz-target" in request.headers or "smithy-protocol" in request.headers:
        return TARGET_JSON
    form = "application/x-www-form-urlencoded"
    if service in QUERY_SERVICES or request.headers.get("content-type", "").startswith(form):
        return QUERY
    return REST_JSON


def s3_error(code: str, message: str, status: int = 400, **members: str) -> ServiceError:
    """Make an error that only S3 has."""
    return ServiceError(message, code=code, status=status, members=members)


def _error(kind: tuple[str, int, str], members: dict[str, str] | None = None) -> ServiceError:
    code, status, message = kind
    return ServiceError(message, code=code, status=status, members=members)
