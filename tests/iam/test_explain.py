"""What is told of a decision: what would allow a request, what nearly did, and AWS's words."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.iam.authorize import Outcome, Policies, authorize
from ingle.iam.explain import Mismatch, missing_context, near_misses, suggest
from ingle.iam.policy import Policy, PolicyKind
from ingle.iam.principal import ANONYMOUS, Principal, PrincipalKind, service_principal
from ingle.iam.wording import refusal
from tests.iam.building import (
    ACCOUNT,
    FUNCTION,
    INVOKE,
    OTHER,
    decide,
    of_resource,
    policy,
    request,
    session,
    statement,
    trust,
    user,
)

NOTHING = policy(statement(Action="s3:*"))
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:topic"
SERVICE = service_principal("sns.amazonaws.com")
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/issuer.example.com"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/target"


def test_the_smallest_statement_for_an_identity_names_the_action_and_the_resource() -> None:
    asked = request()
    [suggestion] = suggest(asked, decide(asked, NOTHING))
    assert suggestion.kind is PolicyKind.IDENTITY
    assert suggestion.statement == {"Effect": "Allow", "Action": INVOKE, "Resource": FUNCTION}


@pytest.mark.parametrize(
    ("principal", "named"),
    [
        (user(), {"AWS": user().arn}),
        (session("a/app"), {"AWS": session("a/app").role_arn}),
        (ANONYMOUS, {"AWS": "*"}),
        (SERVICE, {"Service": "sns.amazonaws.com"}),
    ],
)
def test_a_policy_of_a_resource_names_whoever_asked(
    principal: Principal, named: dict[str, str]
) -> None:
    asked = request(principal, account=OTHER)
    suggestion = suggest(asked, decide(asked, policy(statement())))[-1]
    assert suggestion.kind is PolicyKind.RESOURCE
    assert suggestion.statement["Principal"] == named


def test_what_a_service_calls_for_is_asked_of_it() -> None:
    asked = request(SERVICE, aws__SourceArn=TOPIC, aws__SourceAccount=ACCOUNT)
    [suggestion] = suggest(asked, decide(asked))
    assert suggestion.statement["Condition"] == {
        "ArnLike": {"aws:SourceArn": TOPIC},
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
    }


def test_a_trust_policy_names_no_resource() -> None:
    vouched = Principal(PrincipalKind.PROVIDER, PROVIDER, "", PROVIDER)
    asked = request(vouched, "sts:AssumeRoleWithWebIdentity", ROLE)
    [suggestion] = suggest(asked, decide(asked, resource=trust({"AWS": ACCOUNT})))
    assert suggestion.kind is PolicyKind.TRUST
    assert suggestion.statement == {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": "sts:AssumeRoleWithWebIdentity",
    }


def test_nothing_mends_a_denial_and_what_is_allowed_needs_nothing() -> None:
    denied = policy(statement("Deny"))
    for identity in (denied, policy(statement())):
        assert suggest(request(), decide(request(), identity)) == ()


KINDS = st.sampled_from([None, NOTHING])


@given(
    st.sampled_from([user(), session(), SERVICE, user(account=OTHER), session(account=OTHER)]),
    st.sampled_from([FUNCTION, "*", "arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/a*?$"]),
    KINDS,
    KINDS,
    KINDS,
)
def test_what_is_suggested_allows(
    principal: Principal,
    resource: str,
    boundary: Policy | None,
    session_: Policy | None,
    account: Policy | None,
) -> None:
    asked = request(principal, resource=resource)
    policies: dict[PolicyKind, Policy | None] = {
        PolicyKind.IDENTITY: NOTHING,
        PolicyKind.BOUNDARY: boundary,
        PolicyKind.SESSION: session_,
        PolicyKind.ACCOUNT: account,
        PolicyKind.RESOURCE: None,
    }
    assert not authorize(asked, gathered(policies)).allowed
    for suggestion in suggest(asked, authorize(asked, gathered(policies))):
        made = json.loads(json.dumps(suggestion.statement))
        is_shared = suggestion.kind is PolicyKind.RESOURCE
        policies[suggestion.kind] = of_resource(made) if is_shared else policy(made)
    assert authorize(asked, gathered(policies)).allowed


def gathered(policies: dict[PolicyKind, Policy | None]) -> Policies:
    identity = policies[PolicyKind.IDENTITY]
    session_, account = policies[PolicyKind.SESSION], policies[PolicyKind.ACCOUNT]
    return Policies(
        identity=(identity,) if identity else (),
        boundary=policies[PolicyKind.BOUNDARY],
        session=(session_,) if session_ else None,
        account=(account,) if account else None,
        resource=policies[PolicyKind.RESOURCE],
    )


def test_a_near_miss_says_what_does_not_match() -> None:
    identity = policy(
        statement(Sid="Other", Action="s3:*"),
        statement(Sid="Elsewhere", Action="lambda:*", Resource=f"{FUNCTION}2"),
        statement(
            Sid="Region",
            Action=INVOKE,
            Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
        ),
        statement(Sid="Applies", Action=INVOKE),
    )
    resource = of_resource(statement(Sid="Bob", Principal={"AWS": user("bob").arn}))
    policies = Policies(identity=(identity,), resource=resource)
    found = near_misses(request(aws__RequestedRegion="us-east-1"), policies)
    told = [(each.match.statement.sid, each.mismatch) for each in found]
    assert told == [
        ("Bob", Mismatch.PRINCIPAL),
        ("Elsewhere", Mismatch.RESOURCE),
        ("Region", Mismatch.CONDITION),
    ]
    condition = found[-1].condition
    assert condition is not None
    assert (condition.operator, condition.name) == ("StringEquals", "aws:RequestedRegion")
    assert found[0].match.kind is PolicyKind.RESOURCE
    trusted = Policies(resource=trust({"AWS": OTHER}))
    [miss] = near_misses(request(action="sts:AssumeRole", resource=ROLE), trusted)
    assert miss.match.kind is PolicyKind.TRUST


def test_the_keys_that_policies_ask_for_and_a_request_does_not_have() -> None:
    asking = policy(
        statement(
            Resource="arn:aws:lambda:*:*:function:${aws:username}-${aws:PrincipalTag/Team}",
            Condition={"StringLike": {"aws:SourceArn": "*", "lambda:Layer": "*"}},
        )
    )
    policies = Policies(identity=(asking,), session=(NOTHING,))
    missing = missing_context(request(lambda__Layer="x"), policies)
    assert missing == ("aws:PrincipalTag/Team", "aws:SourceArn")


def named(effect: str, arn: str = "", **elements: Any) -> Policy:
    return policy(statement(effect, **elements), name=arn)


USER = "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: "
ASKED = f"{USER}lambda:InvokeFunction on resource: {FUNCTION} "
MANAGED = f"arn:aws:iam::{ACCOUNT}:policy/mine"
ALL = named("Allow")
DENIED = named("Deny", MANAGED)


@pytest.mark.parametrize(
    ("policies", "told"),
    [
        (Policies(), "because no identity-based policy allows the lambda:InvokeFunction action"),
        (
            Policies((ALL,), boundary=NOTHING),
            "because no permissions boundary allows the lambda:InvokeFunction action",
        ),
        (
            Policies((ALL,), session=(NOTHING,)),
            "because no session policy allows the lambda:InvokeFunction action",
        ),
        (
            Policies((ALL,), account=()),
            "because no service control policy allows the lambda:InvokeFunction action",
        ),
        (
            Policies((named("Deny", "inline"),)),
            "with an explicit deny in an identity-based policy",
        ),
        (Policies((DENIED,)), f"with an explicit deny in an identity-based policy: {MANAGED}"),
        (
            Policies((ALL,), boundary=DENIED),
            f"with an explicit deny in a permissions boundary: {MANAGED}",
        ),
        (
            Policies((ALL,), session=(named("Deny"),)),
            "with an explicit deny in a session policy",
        ),
        (
            Policies((ALL,), account=(DENIED,)),
            f"with an explicit deny in a service control policy: {MANAGED}",
        ),
        (
            Policies((ALL,), resource=of_resource(statement("Deny", Principal="*"), name=MANAGED)),
            "with an explicit deny in a resource-based policy",
        ),
    ],
)
def test_a_refusal_is_worded_as_on_aws(policies: Policies, told: str) -> None:
    asked = request()
    assert refusal(asked, authorize(asked, policies)) == ASKED + told


def test_a_refusal_across_accounts_tells_no_arn() -> None:
    asked = request(account=OTHER)
    assert refusal(asked, authorize(asked, Policies((DENIED,)))) == (
        f"{ASKED}with an explicit deny in an identity-based policy"
    )
    assert refusal(asked, authorize(asked, Policies((ALL,)))) == (
        f"{ASKED}because no resource-based policy allows the lambda:InvokeFunction action"
    )


def test_refusals_of_roles_and_of_nobody_in_particular() -> None:
    asked = request(action="sts:AssumeRole", resource=ROLE)
    refused = authorize(asked, Policies((ALL,), resource=trust({"AWS": OTHER})))
    assert refusal(asked, refused) == (
        f"{USER}sts:AssumeRole on resource: {ROLE} "
        "because no role trust policy allows the sts:AssumeRole action"
    )
    refused = authorize(asked, Policies((ALL,), resource=trust({"AWS": "*"}, "Deny")))
    assert refusal(asked, refused).endswith("with an explicit deny in the role trust policy")
    asked = request(ANONYMOUS)
    refused = authorize(asked, Policies())
    assert refused.outcome is Outcome.IMPLICIT_DENY
    assert refusal(asked, refused).startswith("User: anonymous is not authorized")
