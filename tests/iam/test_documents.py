"""Policy documents that IAM refuses, with what it says of them, and those that it takes.

The wording was gathered from what IAM answers: from reports in public issue trackers, and from the
tests of other projects that were checked against IAM.
"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.iam.authorize import Policies, authorize
from ingle.iam.policy import MalformedPolicy, Policy, PolicyKind
from tests.iam.building import request

BUCKET = "arn:aws:s3:::bucket"
ALLOWED = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": BUCKET}
TRUSTED = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
SHARED = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
SYNTAX = "Syntax errors in policy."
LEGACY = "The policy failed legacy parsing"


def document(*statements: Any, **elements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [*statements], **elements}


def but(made: dict[str, Any], **elements: Any) -> dict[str, Any]:
    """A statement with some elements changed; those that are None are left out."""
    return {name: value for name, value in {**made, **elements}.items() if value is not None}


def refusal(made: Any, kind: PolicyKind = PolicyKind.IDENTITY, managed: bool = False) -> str | None:
    text = made if isinstance(made, str) else json.dumps(made)
    try:
        Policy.parse(text, kind, managed=managed)
    except MalformedPolicy as malformed:
        return str(malformed)
    return None


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ("This is no JSON", SYNTAX),
        ('{"Version": "2012-10-17", "Statement": NaN}', SYNTAX),
        ("[]", SYNTAX),
        ("[" * 100_000, SYNTAX),
        ({}, SYNTAX),
        ({"Version": "2012-10-17"}, SYNTAX),
        (document(), SYNTAX),
        (document("allow"), SYNTAX),
        (document(ALLOWED, Comment="mine"), SYNTAX),
        (document(ALLOWED, Id=["one"]), SYNTAX),
        (document(ALLOWED, Version="2013-10-17"), SYNTAX),
        (document(ALLOWED, Version=["2012-10-17"]), SYNTAX),
        (document(but(ALLOWED, Comment="mine")), SYNTAX),
        (document(but(ALLOWED, Sid={})), SYNTAX),
        (document(but(ALLOWED, Effect=None)), SYNTAX),
        (document(but(ALLOWED, Effect="Maybe")), SYNTAX),
        (document(but(ALLOWED, Action={})), SYNTAX),
        (document(but(ALLOWED, Action=[[]])), SYNTAX),
        (document(but(ALLOWED, Action=123)), SYNTAX),
        (document(but(ALLOWED, NotAction="s3:GetObject")), SYNTAX),
        (document(but(ALLOWED, NotResource="*")), SYNTAX),
        (document(but(ALLOWED, Resource={"a": BUCKET})), SYNTAX),
        (document(but(ALLOWED, Resource=["adf", {}])), SYNTAX),
        (document(but(ALLOWED, Condition=[])), SYNTAX),
        (document(but(ALLOWED, Condition="a")), SYNTAX),
        (document(but(ALLOWED, Condition={"a": "b"})), SYNTAX),
        (document(but(ALLOWED, Condition={"DateGreaterThan": []})), SYNTAX),
        (document(but(ALLOWED, Condition={"DateGreaterThan": {"a": {}}})), SYNTAX),
        (document(but(ALLOWED, Condition={"StringMatches": {"a": "1"}})), SYNTAX),
        (document(but(ALLOWED, Condition={"ForAnyValue::StringEquals": {"a": "1"}})), SYNTAX),
        (
            '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Effect": "Deny", '
            '"Action": "*", "Resource": "*"}}',
            SYNTAX,
        ),
        (document(but(ALLOWED, Effect="denY")), LEGACY),
        (document(but(ALLOWED, Condition={"DateGreaterThan": {"a": "soon"}})), LEGACY),
        (document(but(ALLOWED, Condition={"DateLessThanEquals": {"a": "234-13"}})), LEGACY),
        (document(but(ALLOWED, Condition={"DateLessThan": {"a": "9223372036854775808"}})), LEGACY),
        (
            document(but(ALLOWED, Condition={"DateLessThan": {"a": "2016-12-13t2:00:00.5+1"}})),
            LEGACY,
        ),
        (document(but(ALLOWED, Resource="arn:aws:s3::bucket")), LEGACY),
        (document(but(ALLOWED, Resource="arn:awss3::bucket/*")), LEGACY),
        (document(but(ALLOWED, Resource="arn:aws::::bucket")), LEGACY),
        (document(but(ALLOWED, Resource="arn:aws::bucket")), LEGACY),
        (document(but(ALLOWED, Action=None, Resource="arn:aws:s3::bucket")), LEGACY),
        (document(but(ALLOWED, Principal="*")), "Policy document should not specify a principal."),
        (
            document({"Effect": "Allow", "NotPrincipal": {"AWS": "*"}}),
            "Policy document should not specify a principal.",
        ),
        (
            document(but(ALLOWED, Sid="not-so")),
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the "
            "regular expression [0-9A-Za-z]*",
        ),
        (
            document(but(ALLOWED, Sid="One"), but(ALLOWED, Sid="One", Action=None)),
            "Statement IDs (SID) in a single policy must be unique.",
        ),
        (document({"Effect": "Allow"}), "Policy statement must contain actions."),
        (document(ALLOWED, but(ALLOWED, Action=[])), "Policy statement must contain actions."),
        (document(but(ALLOWED, Resource=None)), "Policy statement must contain resources."),
        (document(but(ALLOWED, Resource=[])), "Policy statement must contain resources."),
        (
            document(but(ALLOWED, Action="invalid", Resource=None)),
            "Policy statement must contain resources.",
        ),
        (
            document(but(ALLOWED, Action="s:3:List", Resource="bucket")),
            'Resource bucket must be in ARN format or "*".',
        ),
        (
            document(but(ALLOWED, Resource=None, NotResource="bucket")),
            'Resource bucket must be in ARN format or "*".',
        ),
        (document(but(ALLOWED, Resource="")), 'Resource  must be in ARN format or "*".'),
        (
            document(but(ALLOWED, Resource="a:b")),
            'Partition "b" is not valid for resource "arn:b:*:*:*:*".',
        ),
        (
            document(but(ALLOWED, Resource="a:b:c:d:e:f:g:h")),
            'Partition "b" is not valid for resource "arn:b:c:d:e:f:g:h".',
        ),
        (
            document(but(ALLOWED, Resource="aws:s3:::bucket")),
            'Partition "s3" is not valid for resource "arn:s3:::bucket:*".',
        ),
        (
            document(but(ALLOWED, Resource="s3::bucket/*")),
            'Partition "" is not valid for resource "arn::bucket/*:*:*:*".',
        ),
        (
            document(but(ALLOWED, Resource="ARN:aws:s3:::bucket")),
            'Resource ARN:aws:s3:::bucket must be in ARN format or "*".',
        ),
        (
            document(but(ALLOWED, Resource="arn:aws")),
            "Resource vendor must be fully qualified and cannot contain regexes.",
        ),
        (
            document(but(ALLOWED, Resource="arn:aws:*:*:*:*prod*")),
            "Resource vendor must be fully qualified and cannot contain regexes.",
        ),
        (
            document(but(ALLOWED, Resource="arn:aws:s3:us-east-1::bucket")),
            "Resource arn:aws:s3:us-east-1::bucket can not contain region information.",
        ),
        (
            document(but(ALLOWED, Resource="arn:aws:iam:us-east-1::user/a")),
            "IAM resource arn:aws:iam:us-east-1::user/a cannot contain region information.",
        ),
        (
            document(but(ALLOWED, Resource="arn:aws:iam:::bucket")),
            'IAM resource path must either be "*" or start with user/, federated-user/, role/, '
            "group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, "
            "saml-provider/, oidc-provider/, report/, access-report/.",
        ),
        (
            document(but(ALLOWED, Action="invalid")),
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (
            document(but(ALLOWED, Action=None, NotAction="")),
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (
            document(but(ALLOWED, Action="s3:List:Bucket")),
            "Actions/Condition can contain only one colon.",
        ),
        (document(but(ALLOWED, Action="a a:List")), "Vendor a a is not valid"),
        (document(but(ALLOWED, Action=":List")), "Vendor  is not valid"),
    ],
)
def test_a_malformed_policy_of_an_identity_is_refused_in_iams_words(made: Any, told: str) -> None:
    assert refusal(made) == told
    assert refusal(made, PolicyKind.SESSION) == told


@pytest.mark.parametrize("version", [None, "2008-10-17"])
def test_managed_policies_must_be_of_the_newest_version(version: str | None) -> None:
    made = but(document(ALLOWED), Version=version)
    assert refusal(made) is None
    assert refusal(made, managed=True) == "Policy document must be version 2012-10-17 or greater."
    assert refusal(document(ALLOWED), managed=True) is None


@pytest.mark.parametrize(
    "made",
    [
        ALLOWED,
        but(ALLOWED, Action="*", Resource="*"),
        but(ALLOWED, Action=["iam: asdf safdsf af ", "S3:*"]),
        but(ALLOWED, Action=None, NotAction="s3.s-3:List*"),
        but(ALLOWED, Resource=[BUCKET, "*"]),
        but(ALLOWED, Resource=None, NotResource=[f"{BUCKET}/Payroll", f"{BUCKET}/Payroll/*"]),
        but(ALLOWED, Resource="arn:aws:fdsasf"),
        but(ALLOWED, Resource="arn:*:s33:::bucket"),
        but(ALLOWED, Resource="arn:aws:invalid-service:us-east-1::bucket"),
        but(ALLOWED, Resource="arn:aws:s3:eu-west-1:111122223333:accesspoint/mine"),
        but(ALLOWED, Resource="arn:aws:iam:::user/bucket"),
        but(ALLOWED, Resource="arn:aws:iam::*:role/${aws:username}"),
        but(ALLOWED, Resource="arn:aws:iam::*:*"),
        but(ALLOWED, Sid=""),
        but(ALLOWED, Condition={}),
        but(ALLOWED, Condition={"x": {}, "y": {}}),
        but(ALLOWED, Condition={"DateGreaterThan": {}}),
        but(ALLOWED, Condition={"DateGreaterThan": {"a": []}}),
        but(ALLOWED, Condition={"DateGreaterThan": {"a": "01T"}}),
        but(ALLOWED, Condition={"DateLessThan": {"a": "-292275054"}}),
        but(ALLOWED, Condition={"DateLessThan": {"a": "2016-12-13t2:00:00.593194+23"}}),
        but(ALLOWED, Condition={"DateLessThan": {"a": "2016-12-13T21:20:37.593194+00:00"}}),
        but(ALLOWED, Condition={"Bool": {"aws:SecureTransport": True}}),
        but(ALLOWED, Condition={"NumericLessThan": {"s3:max-keys": [10, 1.5]}}),
        but(ALLOWED, Condition={"ForAnyValue:StringEqualsIfExists": {"a": "asf"}}),
    ],
)
def test_what_iam_takes_is_taken(made: dict[str, Any]) -> None:
    assert refusal(document(made)) is None
    assert refusal({"Version": "2012-10-17", "Id": "mine", "Statement": made}) is None


RESOURCES = [
    ("{", "This policy contains invalid Json"),
    ("[]", "This policy contains invalid Json"),
    ('{"Statement": [], "Statement": []}', "This policy contains invalid Json"),
    ({"Version": "2020-01-01", "Statement": []}, "The policy must contain a valid version string"),
    (document(), "Could not parse the policy: Statement is empty!"),
    ({"Version": "2012-10-17"}, "Could not parse the policy: Statement is empty!"),
    (document(TRUSTED, Comment="mine"), "Unknown field Comment"),
    (document(but(TRUSTED, Comment="mine")), "Unknown field Comment"),
    (document(but(TRUSTED, Effect=None)), "Missing required field Effect"),
    (document(but(TRUSTED, Effect="Maybe")), "Invalid effect: Maybe"),
    (document(but(TRUSTED, Principal=None)), "Missing required field Principal"),
    (
        document(but(TRUSTED, Principal={})),
        "Missing required field Principal cannot be empty!",
    ),
    (document(but(TRUSTED, Principal=["a"])), "Syntax error in policy."),
    (
        document(but(TRUSTED, Principal={"Group": "arn:aws:iam::111122223333:group/a"})),
        'Invalid principal in policy: "Group"',
    ),
    (
        document(but(TRUSTED, Principal={"AWS": "arn:aws:iam::111122223333:group/a"})),
        'Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:group/a"',
    ),
    (
        document(but(TRUSTED, Principal={"AWS": "arn:aws:iam::111122223333:user/*"})),
        'Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/*"',
    ),
    (
        document(but(TRUSTED, Principal={"Service": ["lambda.amazonaws.com", "lambda"]})),
        'Invalid principal in policy: "SERVICE":"lambda"',
    ),
    (
        document(but(TRUSTED, Principal={"Federated": "arn:aws:iam::1:role/x"})),
        "Federated principals must be valid domain names or SAML metadata ARNs",
    ),
    (
        document(but(TRUSTED, Principal=None, NotPrincipal={"AWS": "*"})),
        "Allow with NotPrincipal is not allowed.",
    ),
    (document(but(TRUSTED, Condition=[])), "Syntax error in policy."),
    (document(but(TRUSTED, NotAction="sts:TagSession")), "Syntax error in policy."),
    (document(but(TRUSTED, Action=None)), "Missing required field Action"),
]


@pytest.mark.parametrize(
    ("made", "told"),
    [
        *RESOURCES,
        (document(but(TRUSTED, Principal="*")), "Principal must be a JSON object."),
        (
            document(but(TRUSTED, Principal={"CanonicalUser": "a" * 64})),
            'Invalid principal in policy: "CanonicalUser"',
        ),
        (
            document(but(TRUSTED, Effect="Deny", Principal=None, NotPrincipal={"AWS": "*"})),
            "AssumeRole policy must not contain NotPrincipal field.",
        ),
        (
            document(but(TRUSTED, Action="*")),
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (
            document(but(TRUSTED, Action=["sts:AssumeRole", "s3:GetObject"])),
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (document(but(TRUSTED, Resource="*")), "Has prohibited field Resource"),
        (
            document(but(TRUSTED, NotResource="*")),
            "AssumeRole policy must not contain resources.",
        ),
        (
            document(but(TRUSTED, Sid="A"), but(TRUSTED, Sid="A")),
            "The Statement Ids in the policy are not unique",
        ),
        (
            document(but(TRUSTED, Principal={"Federated": "cognito-identity.amazonaws.com"})),
            "A condition block must be present for the Cognito provider",
        ),
    ],
)
def test_a_malformed_trust_policy_is_refused_in_iams_words(made: Any, told: str) -> None:
    assert refusal(made, PolicyKind.TRUST) == told


@pytest.mark.parametrize(
    ("made", "told"),
    [
        *RESOURCES,
        (
            document(but(SHARED, Principal="me")),
            'Invalid principal in policy: "AWS":"me"',
        ),
        (document(but(SHARED, Action="Send")), "Policy has invalid action"),
        (document(but(SHARED, Action=[1])), "Policy has invalid action"),
        (document(but(SHARED, Resource=None)), "Missing required field Resource"),
        (document(but(SHARED, Resource={})), "Policy has invalid resource"),
    ],
)
def test_a_malformed_policy_of_a_resource_is_refused(made: Any, told: str) -> None:
    assert refusal(made, PolicyKind.RESOURCE) == told


PRINCIPALS: list[Any] = [
    {"AWS": "111122223333"},
    {"AWS": ["arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:user/a/b"]},
    {"AWS": "arn:aws:iam::111122223333:role/service-role/r"},
    {"AWS": "arn:aws:sts::111122223333:assumed-role/r/s@x"},
    {"AWS": "arn:aws:sts::111122223333:federated-user/a"},
    {"AWS": "AIDAJQABLZS4A3QDU576Q"},
    {"Service": ["lambda.amazonaws.com", "edgelambda.amazonaws.com"], "AWS": "*"},
    {"Federated": "accounts.google.com"},
    {"Federated": "arn:aws:iam::111122223333:oidc-provider/issuer.example.com/id/1"},
    {"Federated": "arn:aws:iam::111122223333:saml-provider/idp"},
]


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_every_sort_of_principal_may_be_named(principal: Any) -> None:
    assert refusal(document(but(TRUSTED, Principal=principal)), PolicyKind.TRUST) is None
    assert refusal(document(but(SHARED, Principal=principal)), PolicyKind.RESOURCE) is None


def test_resources_may_be_shared_with_everybody_and_with_canonical_users() -> None:
    for principal in ("*", {"AWS": "*"}, {"CanonicalUser": "a" * 64}):
        assert refusal(document(but(SHARED, Principal=principal)), PolicyKind.RESOURCE) is None
    denied = but(SHARED, Effect="Deny", Principal=None, NotPrincipal={"AWS": "111122223333"})
    assert refusal(document(denied), PolicyKind.RESOURCE) is None


def test_a_policy_tells_the_keys_that_it_asks_for() -> None:
    made = Policy.parse(
        document(
            but(
                ALLOWED,
                Resource=f"{BUCKET}/${{aws:username}}",
                Condition={"StringLike": {"s3:Prefix": ["a", "${aws:PrincipalTag/Team, 'x'}"]}},
            ),
            but(ALLOWED, Condition={"Null": {"S3:prefix": "true"}}),
        ),
        PolicyKind.IDENTITY,
    )
    asked = ("aws:username", "s3:Prefix", "aws:PrincipalTag/Team", "S3:prefix")
    assert made.context_keys == asked


WORDS = st.sampled_from(
    [
        *("Allow", "Deny", "2012-10-17", "1", "${", "*", "s3:Get*", "sts:AssumeRole"),
        *("arn:aws:s3:::b/${aws:username}", "arn:aws:iam::*:role/x"),
        *("AWS", "Service", "111122223333", "lambda.amazonaws.com"),
        *("StringLike", "Null", "DateLessThan", "ForAllValues:NumericEquals", "IpAddress"),
    ]
)
VALUES = st.recursive(
    st.one_of(WORDS, st.text(max_size=4), st.none(), st.booleans(), st.integers(), st.floats()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=6,
)
TEXTS = st.one_of(WORDS, st.lists(WORDS, min_size=1, max_size=2))
CONDITION = st.dictionaries(WORDS, st.dictionaries(WORDS, st.one_of(TEXTS, VALUES), max_size=2))
ELEMENTS = {
    "Sid": VALUES,
    "Effect": st.sampled_from(["Allow", "Deny"]) | VALUES,
    **dict.fromkeys(
        ("Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal"),
        TEXTS | VALUES,
    ),
    "Condition": CONDITION | VALUES,
}
DOCUMENTS = st.fixed_dictionaries(
    {"Statement": st.lists(st.fixed_dictionaries({}, optional=ELEMENTS), max_size=2) | VALUES},
    optional={"Version": WORDS | VALUES, "Id": VALUES},
)


def refuse_or_understand(made: Any, kind: PolicyKind) -> None:
    try:
        understood = Policy.parse(json.dumps(made), kind)
    except MalformedPolicy:
        return
    authorize(request(), Policies(identity=(understood,), resource=understood))


@given(DOCUMENTS, st.sampled_from(PolicyKind))
def test_a_document_is_refused_or_understood_whatever_is_in_it(made: Any, kind: PolicyKind) -> None:
    refuse_or_understand(made, kind)


@given(
    st.fixed_dictionaries(
        {"Effect": st.sampled_from(["Allow", "Deny"]), "Action": TEXTS, "Resource": TEXTS},
        optional={"Condition": CONDITION},
    )
)
def test_a_statement_that_is_nearly_right_is_refused_or_understood(made: Any) -> None:
    refuse_or_understand(document(made), PolicyKind.IDENTITY)
