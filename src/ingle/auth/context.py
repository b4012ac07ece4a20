"""The condition keys of a request, found when a policy asks for them.

Sources:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html
What follows from the principal and the resource's account alone is in `ingle/iam/request.py`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from ingle.auth.keys import Identity
from ingle.iam.forms import Where
from ingle.iam.operations import Access, Needs
from ingle.iam.request import Values
from ingle.iam.resources import Resources
from ingle.wire.http import Request

VOLATILE = frozenset(
    {"aws:currenttime", "aws:epochtime", "aws:multifactorauthage", "s3:signatureage"}
)
"""Keys that have another value at every moment: what was decided with them holds for that one."""

_REQUEST_TAG = "aws:requesttag/"
_OBJECT_TAG = "s3:requestobjecttag/"
# Members of inputs that hold tags, and those that hold names of tags to be removed.
_TAGS = ("Tags", "tags", "Tagging")
_TAG_KEYS = ("TagKeys", "tagKeys")


@dataclass(slots=True)
class Surroundings:
    """What is known of one request, whatever it is about.

    Attributes:
        identity: who signed it.
        request: the HTTP request.
        params: its input.
        needs: what its operation takes.
        now: the time of day, in seconds since the epoch.
        organization: the id of the organisation that all accounts belong to; None for none.
    """

    identity: Identity
    request: Request
    params: Mapping[str, Any]
    needs: Needs | None
    now: float
    organization: str | None = None

    @property
    def where(self) -> Where:
        """Where the request is made, and by whom."""
        identity = self.identity
        return Where(identity.region, identity.account_id, identity.principal_arn)


@dataclass(slots=True)
class RequestKeys(Mapping[str, Values]):
    """The condition keys of one permission of a request; remembers which were asked for.

    Attributes:
        around: the request.
        access: the permission.
        resources: those of the service that it is about.
        seen: what was asked for, and the answers; None where the request has no such key.
    """

    around: Surroundings
    access: Access
    resources: Resources
    seen: dict[str, Values | None] = field(default_factory=dict)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the values of a key, by its name in lower case."""
        seen = self.seen
        if key not in seen:
            seen[key] = find_values(key, self.around, self.access, self.resources)
        values = seen[key]
        return default if values is None else values

    def __getitem__(self, key: str) -> Values:
        values: Values | None = self.get(key)
        if values is None:
            raise KeyError(key)
        return values

    def __iter__(self) -> Iterator[str]:
        return (key for key, values in self.seen.items() if values is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def find_values(
    key: str, around: Surroundings, access: Access, resources: Resources
) -> Values | None:
    """Find the values of a condition key; None where the request has no such key.

    Args:
        key: its name in lower case.
        around: the request.
        access: the permission that is asked about.
        resources: those of the service that it is about.
    """
    if key in access.keys:
        return access.keys[key]
    find = _GLOBAL.get(key)
    if find is not None:
        value = find(around)
        return (value,) if isinstance(value, str) else value or None
    return (
        _of_input(key, around)
        or resources.keys(access.resource).get(key)
        or resources.keys_of_call(access.action, access.resource, around.params).get(key)
    )


def _of_input(key: str, around: Surroundings) -> Values:
    """What the session or the input says of a key."""
    if key.startswith(_REQUEST_TAG):
        return _named(request_tags(around.params), key.removeprefix(_REQUEST_TAG))
    if key.startswith(_OBJECT_TAG):
        return _named(_object_tags(around.params), key.removeprefix(_OBJECT_TAG))
    session = around.identity.session
    if session is not None and key in session.context:
        return (session.context[key],)
    needs = around.needs
    return () if needs is None else needs.key_values(key, around.params, around.where)


def request_tags(params: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the tags that an input brings along, in whichever form its service has them."""
    for member in _TAGS:
        found = params.get(member)
        if isinstance(found, Mapping) and isinstance(found.get("TagSet"), list):
            found = found["TagSet"]
        if isinstance(found, Mapping):
            return {str(name): str(value) for name, value in found.items()}
        if isinstance(found, list):
            return {
                str(tag.get("Key", tag.get("key"))): str(tag.get("Value", tag.get("value", "")))
                for tag in found
                if isinstance(tag, Mapping)
            }
    return {}


def _tag_keys(around: Surroundings) -> Values:
    params = around.params
    named = (each for member in _TAG_KEYS for each in params.get(member) or ())
    return tuple(dict.fromkeys((*request_tags(params), *(str(each) for each in named))))


def _object_tags(params: Mapping[str, Any]) -> Mapping[str, str]:
    tagging = params.get("Tagging")
    if isinstance(tagging, str):
        return dict(parse_qsl(tagging, keep_blank_values=True))
    return request_tags(params)


def _named(tags: Mapping[str, str], name: str) -> Values:
    """The value of a tag, whose name is compared without regard to case, as all key names are."""
    return tuple(value for tag, value in tags.items() if tag.lower() == name)[:1]


def timestamp(seconds: float) -> str:
    """Write a time as condition keys have it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _issued(around: Surroundings) -> str | None:
    session = around.identity.session
    return None if session is None else timestamp(session.issued_at)


def _mfa_present(around: Surroundings) -> str | None:
    session = around.identity.session
    return None if session is None else str(session.mfa_at is not None).lower()


def _mfa_age(around: Surroundings) -> str | None:
    session = around.identity.session
    if session is None or session.mfa_at is None:
        return None
    return str(int(around.now - session.mfa_at))


def _source_identity(around: Surroundings) -> str | None:
    session = around.identity.session
    return None if session is None else session.source_identity


def _provider(around: Surroundings) -> str | None:
    session = around.identity.session
    return None if session is None else session.federated_provider


def _organization(around: Surroundings) -> str | None:
    return around.organization


def _signature_age(around: Surroundings) -> str | None:
    signed = around.request.headers.get("x-amz-date") or dict(parse_qsl(around.request.query)).get(
        "X-Amz-Date"
    )
    try:
        at = datetime.strptime(signed or "", "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return str(int((around.now - at.timestamp()) * 1000))


def _auth_type(around: Surroundings) -> str:
    return "REST-HEADER" if "authorization" in around.request.headers else "REST-QUERY-STRING"


_GLOBAL: Mapping[str, Callable[[Surroundings], str | Values | None]] = {
    "aws:currenttime": lambda around: timestamp(around.now),
    "aws:epochtime": lambda around: str(int(around.now)),
    "aws:federatedprovider": _provider,
    "aws:multifactorauthage": _mfa_age,
    "aws:multifactorauthpresent": _mfa_present,
    "aws:principalorgid": _organization,
    "aws:referer": lambda around: around.request.headers.get("referer"),
    "aws:requestedregion": lambda around: around.identity.region,
    "aws:resourceorgid": _organization,
    "aws:securetransport": lambda around: str(around.request.scheme == "https").lower(),
    "aws:sourceidentity": _source_identity,
    "aws:sourceip": lambda around: around.request.client,
    "aws:tagkeys": _tag_keys,
    "aws:tokenissuetime": _issued,
    "aws:useragent": lambda around: around.request.headers.get("user-agent"),
    "aws:viaawsservice": lambda around: "false",
    "s3:authtype": _auth_type,
    "s3:requestobjecttagkeys": lambda around: tuple(_object_tags(around.params)),
    "s3:signatureage": _signature_age,
    "s3:signatureversion": lambda around: "AWS4-HMAC-SHA256",
    "s3:x-amz-content-sha256": lambda around: around.request.headers.get("x-amz-content-sha256"),
}
"""The keys that follow from the request itself, by their names in lower case."""
