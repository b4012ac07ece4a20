"""The condition keys that a request has."""

from typing import Any

import pytest

from ingle.auth.context import RequestKeys, Surroundings, find_values, request_tags
from ingle.auth.keys import Identity, Session, SessionKind
from ingle.auth.root import root_user
from ingle.iam import reference
from ingle.iam.operations import Access, operations_of
from ingle.iam.request import Values
from ingle.iam.resources import NO_RESOURCES
from ingle.wire.http import Request

ACCOUNT = "111122223333"
NOW = 1_767_225_600.0  # 2026-01-01T00:00:00Z
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/issuer.example.com"


def session(**members: Any) -> Session:
    return Session(SessionKind.ROLE, issued_at=NOW - 60, expires_at=NOW + 60, **members)


def values(
    key: str,
    *,
    service: str = "lambda",
    operation: str = "GetFunction",
    params: dict[str, Any] | None = None,
    request: Request | None = None,
    session: Session | None = None,
    own: dict[str, Values] | None = None,
) -> Values | None:
    identity = Identity("AKIA", root_user(ACCOUNT), "eu-west-1", service, session)
    around = Surroundings(
        identity,
        request or Request("GET", "/"),
        params or {},
        operations_of(service).needs(operation),
        NOW,
        "o-exampleorgid",
    )
    return find_values(key, around, Access("a:B", "*", "*", own or {}), NO_RESOURCES)


SIGNED = Request(
    "GET",
    "/",
    headers={
        "authorization": "AWS4-HMAC-SHA256 …",
        "referer": "https://example.com/",
        "user-agent": "aws-cli/2",
        "x-amz-date": "20251231T235950Z",
    },
    client="10.1.2.3",
    scheme="https",
)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("aws:currenttime", ("2026-01-01T00:00:00Z",)),
        ("aws:epochtime", ("1767225600",)),
        ("aws:sourceip", ("10.1.2.3",)),
        ("aws:securetransport", ("true",)),
        ("aws:requestedregion", ("eu-west-1",)),
        ("aws:useragent", ("aws-cli/2",)),
        ("aws:referer", ("https://example.com/",)),
        ("aws:viaawsservice", ("false",)),
        ("aws:principalorgid", ("o-exampleorgid",)),
        ("s3:authtype", ("REST-HEADER",)),
        ("s3:signatureage", ("10000",)),
        ("aws:multifactorauthpresent", None),
        ("aws:tokenissuetime", None),
        ("aws:sourcearn", None),
        ("aws:tagkeys", None),
        ("nobody:knows", None),
    ],
)
def test_a_request_tells_of_itself(key: str, expected: Values | None) -> None:
    assert values(key, request=SIGNED) == expected


@pytest.mark.parametrize(
    ("key", "given", "expected"),
    [
        ("aws:tokenissuetime", session(), ("2025-12-31T23:59:00Z",)),
        ("aws:multifactorauthpresent", session(), ("false",)),
        ("aws:multifactorauthpresent", session(mfa_at=NOW - 5), ("true",)),
        ("aws:multifactorauthage", session(mfa_at=NOW - 5), ("5",)),
        ("aws:multifactorauthage", session(), None),
        ("aws:sourceidentity", session(source_identity="anna"), ("anna",)),
        ("aws:federatedprovider", session(federated_provider=PROVIDER), (PROVIDER,)),
        ("issuer.example.com:sub", session(context={"issuer.example.com:sub": "1"}), ("1",)),
        ("aws:sourceip", session(context={"aws:sourceip": "10.0.0.1"}), None),
    ],
)
def test_a_session_tells_how_it_came_to_be(key: str, given: Session, expected: Values) -> None:
    assert values(key, session=given) == expected


@pytest.mark.parametrize(
    ("key", "params", "expected"),
    [
        ("aws:requesttag/team", {"Tags": {"Team": "blue"}}, ("blue",)),
        ("aws:requesttag/team", {"Tags": [{"Key": "team", "Value": "blue"}]}, ("blue",)),
        ("aws:requesttag/team", {"Tagging": {"TagSet": [{"Key": "team", "Value": "b"}]}}, ("b",)),
        ("aws:requesttag/other", {"Tags": {"team": "blue"}}, ()),
        ("aws:tagkeys", {"tags": {"a": "1", "b": "2"}}, ("a", "b")),
        ("aws:tagkeys", {"TagKeys": ["a", "c"]}, ("a", "c")),
        ("s3:requestobjecttag/a b", {"Tagging": "a%20b=c&d="}, ("c",)),
        ("s3:requestobjecttagkeys", {"Tagging": "a%20b=c&d="}, ("a b", "d")),
    ],
)
def test_the_input_tells_of_tags(key: str, params: dict[str, Any], expected: Values) -> None:
    assert (values(key, params=params) or ()) == expected


@pytest.mark.parametrize(
    ("service", "operation", "params", "key", "expected"),
    [
        ("lambda", "CreateFunction", {"Layers": ["l1", "l2"]}, "lambda:layer", ("l1", "l2")),
        (
            "lambda",
            "CreateFunctionUrlConfig",
            {"AuthType": "NONE"},
            "lambda:functionurlauthtype",
            ("NONE",),
        ),
        (
            "lambda",
            "AddPermission",
            {"Principal": "s3.amazonaws.com"},
            "lambda:principal",
            ("s3.amazonaws.com",),
        ),
        (
            "lambda",
            "CreateFunction",
            {"VpcConfig": {"SubnetIds": ["s"]}},
            "lambda:subnetids",
            ("s",),
        ),
        ("iam", "AttachUserPolicy", {"PolicyArn": "p"}, "iam:policyarn", ("p",)),
        ("iam", "CreateUser", {"PermissionsBoundary": "p"}, "iam:permissionsboundary", ("p",)),
        ("sts", "AssumeRole", {"ExternalId": "x"}, "sts:externalid", ("x",)),
        ("s3", "ListObjectsV2", {"Prefix": "a/", "MaxKeys": 3}, "s3:max-keys", ("3",)),
        ("s3", "ListObjectsV2", {"Prefix": "a/"}, "s3:prefix", ("a/",)),
        ("s3", "ListObjectsV2", {}, "s3:prefix", ()),
        ("s3", "PutObject", {"ACL": "private"}, "s3:x-amz-acl", ("private",)),
        ("sns", "Subscribe", {"Protocol": "https"}, "sns:protocol", ("https",)),
    ],
)
def test_the_input_tells_of_a_service_s_own_keys(
    service: str, operation: str, params: dict[str, Any], key: str, expected: Values
) -> None:
    assert (values(key, service=service, operation=operation, params=params) or ()) == expected
    assert reference.key_type(key) is not None


def test_an_event_source_mapping_is_of_a_function() -> None:
    params = {"FunctionName": "f"}
    needs = operations_of("lambda").needs("CreateEventSourceMapping")
    identity = Identity("AKIA", root_user(ACCOUNT), "eu-west-1", "lambda")
    around = Surroundings(identity, Request("POST", "/"), params, needs, NOW)
    (access,) = needs.accesses(params, around.where)
    expected = (f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f",)
    assert find_values("lambda:functionarn", around, access, NO_RESOURCES) == expected


def test_what_is_said_of_one_permission_counts_before_all_else() -> None:
    own = {"iam:passedtoservice": ("lambda.amazonaws.com",), "aws:sourceip": ("10.0.0.9",)}
    assert values("iam:passedtoservice", own=own) == ("lambda.amazonaws.com",)
    assert values("aws:sourceip", own=own, request=SIGNED) == ("10.0.0.9",)


def test_the_keys_that_were_asked_for_are_remembered() -> None:
    identity = Identity("AKIA", root_user(ACCOUNT), "eu-west-1", "lambda")
    around = Surroundings(identity, SIGNED, {}, None, NOW)
    keys = RequestKeys(around, Access("a:B", "*", "*", {}), NO_RESOURCES)
    assert keys.get("aws:sourceip") == ("10.1.2.3",)
    assert keys.get("aws:sourcearn") is None
    assert keys.seen == {"aws:sourceip": ("10.1.2.3",), "aws:sourcearn": None}
    assert dict(keys) == {"aws:sourceip": ("10.1.2.3",)}


@pytest.mark.parametrize("params", [{}, {"Tags": None}, {"Tags": "text"}, {"Tags": ["x"]}])
def test_what_holds_no_tags_is_passed_over(params: dict[str, Any]) -> None:
    assert request_tags(params) == {}
