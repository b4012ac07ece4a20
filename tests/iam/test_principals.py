"""Who is meant by `Principal` and `NotPrincipal`."""

from typing import Any

import pytest

from ingle.iam.authorize import Policies, authorize
from ingle.iam.principal import (
    ANONYMOUS,
    Principal,
    PrincipalKind,
    canonical_user_id,
    root_arn,
    service_principal,
)
from tests.iam.building import (
    ACCOUNT,
    OTHER,
    decide,
    federated,
    of_resource,
    policy,
    request,
    root,
    session,
    statement,
    user,
)

EVERYTHING = policy(statement())
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/issuer.example.com"
VOUCHED = Principal(PrincipalKind.PROVIDER, PROVIDER, "", PROVIDER)


def shared(principal: Principal, named: Any, element: str = "Principal") -> bool:
    """Whether another account's resource lets a principal in that may do everything itself."""
    asked = request(principal, account="999999999999")
    return decide(asked, EVERYTHING, resource=of_resource(statement(**{element: named}))).allowed


@pytest.mark.parametrize(
    ("principal", "named", "meant"),
    [
        (user(), "*", True),
        (ANONYMOUS, "*", True),
        (ANONYMOUS, {"AWS": "*"}, True),
        (ANONYMOUS, {"AWS": ACCOUNT}, False),
        (service_principal("sns.amazonaws.com"), {"AWS": "*"}, True),
        (service_principal("sns.amazonaws.com"), {"Service": "sns.amazonaws.com"}, True),
        (service_principal("sns.amazonaws.com"), {"Service": "s3.amazonaws.com"}, False),
        (user(), {"Service": "sns.amazonaws.com"}, False),
        (user(), {"AWS": ACCOUNT}, True),
        (user(), {"AWS": root_arn(ACCOUNT)}, True),
        (user(), {"AWS": OTHER}, False),
        (user(), {"AWS": [OTHER, user().arn]}, True),
        (user(), {"AWS": user("bob").arn}, False),
        (user(), {"AWS": user("Ann").arn}, False),
        (user(), {"AWS": user(account=OTHER).arn}, False),
        (user("team/ann"), {"AWS": user("team/ann").arn}, True),
        (user("team/ann"), {"AWS": user("ann").arn}, False),
        (user(), {"AWS": "AIDAANNEXAMPLE000000"}, False),
        (session("a/app"), {"AWS": session("a/app").role_arn}, True),
        (session("a/app"), {"AWS": session("b/app").role_arn}, False),
        (session(), {"AWS": session().arn}, True),
        (session(), {"AWS": session(name="two").arn}, False),
        (session(), {"AWS": "AROAEXAMPLEEXAMPLE"}, True),
        (session(), {"AWS": "AROAEXAMPLEEXAMPLE2"}, False),
        (federated(), {"AWS": federated().arn}, True),
        (federated(), {"AWS": federated("other").arn}, False),
        (root(), {"AWS": root_arn(ACCOUNT)}, True),
        (root(), {"AWS": user().arn}, False),
        (VOUCHED, {"Federated": PROVIDER}, True),
        (VOUCHED, {"Federated": "accounts.google.com"}, False),
        (VOUCHED, {"AWS": ACCOUNT}, False),
        (user(), {"CanonicalUser": canonical_user_id(ACCOUNT)}, True),
        (user(), {"CanonicalUser": canonical_user_id(OTHER)}, False),
    ],
)
def test_a_principal_is_meant_by_its_names(principal: Principal, named: Any, meant: bool) -> None:
    if principal.kind is PrincipalKind.FEDERATED_USER:
        asked = request(principal, account="999999999999")
        resource = of_resource(statement(Principal=named))
        decision = decide(asked, EVERYTHING, session=(EVERYTHING,), resource=resource)
        assert decision.allowed is meant
    else:
        assert shared(principal, named) is meant


@pytest.mark.parametrize(
    ("principal", "spared", "passes"),
    [
        # AWS's examples: Bob with his account, a session with its role and account.
        (user("Bob"), [user("Bob").arn, root_arn(ACCOUNT)], True),
        (user("Bob"), [user("Bob").arn], False),
        (user("Ann"), [user("Bob").arn, root_arn(ACCOUNT)], False),
        (session(), [session().arn, session().role_arn, root_arn(ACCOUNT)], True),
        (session(), [session().arn, root_arn(ACCOUNT)], False),
        (session(), [session().arn, session().role_arn], False),
        (session(name="two"), [session().arn, session().role_arn, root_arn(ACCOUNT)], False),
        (root(), [root_arn(ACCOUNT)], True),
        (user(account=OTHER), [root_arn(ACCOUNT)], False),
    ],
)
def test_a_denial_to_all_but_some_spares_those_who_are_named_in_full(
    principal: Principal, spared: list[str], passes: bool
) -> None:
    resource = of_resource(
        statement(Principal="*"), statement("Deny", NotPrincipal={"AWS": spared})
    )
    assert decide(request(principal), EVERYTHING, resource=resource).allowed is passes


def test_a_denial_to_all_but_some_spares_none_who_has_a_boundary() -> None:
    named = {"AWS": [user().arn, root_arn(ACCOUNT)]}
    resource = of_resource(statement("Deny", NotPrincipal=named))
    assert decide(request(), EVERYTHING, resource=resource).allowed
    assert not decide(request(), EVERYTHING, resource=resource, boundary=EVERYTHING).allowed


def test_a_denial_to_all_but_a_service_spares_that_service() -> None:
    service = service_principal("sns.amazonaws.com")
    resource = of_resource(
        statement(Principal="*"), statement("Deny", NotPrincipal={"Service": service.arn})
    )
    assert authorize(request(service), Policies(resource=resource)).allowed
    other = service_principal("s3.amazonaws.com")
    assert not authorize(request(other), Policies(resource=resource)).allowed


def test_an_account_that_is_denied_is_denied_for_all_in_it() -> None:
    resource = of_resource(statement("Deny", Principal={"AWS": ACCOUNT}))
    for principal in (user(), session(), root()):
        assert not decide(request(principal), EVERYTHING, resource=resource).allowed
    assert decide(
        request(user(account=OTHER), account=OTHER), EVERYTHING, resource=resource
    ).allowed


def test_a_federated_users_asker_grants_within_the_session_policy() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"""
    resource = of_resource(statement(Principal={"AWS": user().arn}))
    nothing = policy(statement(Action="s3:*"))
    allowed = [
        decide(request(federated()), nothing, resource=resource, session=session_).allowed
        for session_ in ((EVERYTHING,), (nothing,), None)
    ]
    assert allowed == [True, False, False]


def test_policies_of_identities_and_accounts_are_not_about_those_who_have_none() -> None:
    """Those that are handed over by mistake neither let a service or nobody in, nor keep it out."""
    denied = policy(statement("Deny"))
    everybody = of_resource(statement(Principal="*"))
    for principal in (ANONYMOUS, service_principal("sns.amazonaws.com"), VOUCHED):
        assert not decide(request(principal), EVERYTHING, account=(EVERYTHING,)).allowed
        assert decide(request(principal), denied, account=(denied,), resource=everybody).allowed


def test_a_canonical_id_is_of_the_form_that_s3_has() -> None:
    assert len(bytes.fromhex(canonical_user_id(ACCOUNT))) == 32
    assert canonical_user_id(ACCOUNT) != canonical_user_id(OTHER)
