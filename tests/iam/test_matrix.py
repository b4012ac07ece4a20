"""Every combination of policies, for every sort of principal, against a truth table.

Sources:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from ingle.iam.authorize import Decision, Outcome, Policies, authorize
from ingle.iam.policy import Policy, PolicyKind
from ingle.iam.principal import Principal, root_arn, service_principal
from tests.iam.building import (
    ACCOUNT,
    OTHER,
    federated,
    of_resource,
    policy,
    request,
    root,
    session,
    statement,
    trust,
    user,
)

ABSENT, EMPTY, ALLOW, DENY = "absent", "empty", "allow", "deny"
# How the policy of a resource may mean a principal.
ACCOUNT_NAMED, ROLE_NAMED, NAMED, EVERYBODY = "its account", "its role", "itself", "everybody"

OF_IDENTITIES = {
    EMPTY: policy(statement(Action="s3:*")),
    ALLOW: policy(statement()),
    DENY: policy(statement(), statement("Deny", Action="lambda:Invoke*")),
}
PRINCIPALS: dict[str, Principal] = {
    "user": user(),
    "session": session(),
    "federated user": federated(),
    "root": root(),
    "service": service_principal("sns.amazonaws.com"),
}


def of_one(made: str) -> Policy | None:
    return None if made == ABSENT else OF_IDENTITIES[made]


def of_many(made: str) -> tuple[Policy, ...] | None:
    return None if made == ABSENT else (OF_IDENTITIES[made],)


def names(principal: Principal) -> dict[str, Any]:
    """How a policy of a resource may name a principal."""
    found: dict[str, Any] = {EVERYBODY: "*"}
    if not principal.account_id:
        return {**found, NAMED: {"Service": principal.arn}}
    found[NAMED] = {"AWS": principal.arn}
    if principal.arn != root_arn(principal.account_id):
        found[ACCOUNT_NAMED] = {"AWS": principal.account_id}
    if principal.role_arn:
        found[ROLE_NAMED] = {"AWS": principal.role_arn}
    return found


def of_resources(principal: Principal) -> Iterator[tuple[str, Policy | None]]:
    yield ABSENT, None
    yield EMPTY, of_resource(statement(Principal={"AWS": "999999999999"}))
    for how, named in names(principal).items():
        yield how, of_resource(statement(Principal=named))
        yield DENY, of_resource(statement(Principal="*"), statement("Deny", Principal=named))


def expected(
    sort: str, same: bool, identity: str, resource: str, boundary: str, session_: str, account: str
) -> bool:
    """The truth table, in the words of AWS's pages."""
    granted = resource in (ACCOUNT_NAMED, ROLE_NAMED, NAMED, EVERYBODY)
    directly = resource in (NAMED, EVERYBODY)
    if sort == "service":
        # It belongs to no account: the resource's policy alone counts.
        return directly
    if DENY in (resource, account):
        return False
    if account == EMPTY:
        return False
    if sort == "root":
        # No policy of an identity is about it.
        return same or granted
    if DENY in (identity, boundary, session_):
        return False
    if sort == "federated user" and session_ == ABSENT:
        session_ = EMPTY
    limited = EMPTY in (boundary, session_)
    if not same:
        return granted and identity == ALLOW and not limited
    if directly:
        return True
    return not limited and (identity == ALLOW or resource == ROLE_NAMED)


@pytest.mark.parametrize("same", [True, False], ids=["same account", "other account"])
@pytest.mark.parametrize("sort", PRINCIPALS)
def test_the_decision_is_that_of_the_truth_table(sort: str, same: bool) -> None:
    principal = PRINCIPALS[sort]
    asked = request(principal, account=ACCOUNT if same else OTHER)
    limits = (ABSENT, EMPTY, ALLOW, DENY)
    wrong = []
    count = 0
    for (how, shared), identity, boundary, session_, account in itertools.product(
        of_resources(principal), (EMPTY, ALLOW, DENY), limits, limits, limits
    ):
        count += 1
        policies = Policies(
            identity=(OF_IDENTITIES[identity],),
            boundary=of_one(boundary),
            session=of_many(session_),
            account=of_many(account),
            resource=shared,
        )
        row = (sort, same, identity, how, boundary, session_, account)
        if authorize(asked, policies).allowed is not expected(*row):
            wrong.append(row)
    assert count >= 6 * 3 * 64
    assert wrong == []


def decided(sort: str, same: bool = True, **made: Any) -> Decision:
    policies = Policies(
        identity=(OF_IDENTITIES[made.get("identity", EMPTY)],),
        boundary=of_one(made.get("boundary", ABSENT)),
        session=of_many(made.get("session", ABSENT)),
        account=of_many(made.get("account", ABSENT)),
        resource=made.get("resource"),
    )
    asked = request(PRINCIPALS[sort], account=ACCOUNT if same else OTHER)
    return authorize(asked, policies)


SHARED = of_resource(statement(Principal={"AWS": ACCOUNT}))
PUBLIC = of_resource(statement(Principal="*"))
EXPLICIT, IMPLICIT = Outcome.EXPLICIT_DENY, Outcome.IMPLICIT_DENY


@pytest.mark.parametrize(
    ("made", "outcome", "kind"),
    [
        ({"identity": ALLOW}, Outcome.ALLOWED, PolicyKind.IDENTITY),
        ({"resource": PUBLIC}, Outcome.ALLOWED, PolicyKind.RESOURCE),
        ({"identity": ALLOW, "resource": PUBLIC}, Outcome.ALLOWED, PolicyKind.IDENTITY),
        (
            {"identity": ALLOW, "boundary": EMPTY, "resource": PUBLIC},
            Outcome.ALLOWED,
            PolicyKind.RESOURCE,
        ),
        ({"identity": EMPTY}, IMPLICIT, PolicyKind.IDENTITY),
        ({"identity": DENY}, EXPLICIT, PolicyKind.IDENTITY),
        ({"identity": ALLOW, "boundary": EMPTY}, IMPLICIT, PolicyKind.BOUNDARY),
        ({"identity": ALLOW, "boundary": DENY}, EXPLICIT, PolicyKind.BOUNDARY),
        ({"identity": ALLOW, "session": EMPTY}, IMPLICIT, PolicyKind.SESSION),
        ({"identity": ALLOW, "session": DENY}, EXPLICIT, PolicyKind.SESSION),
        ({"identity": ALLOW, "account": EMPTY}, IMPLICIT, PolicyKind.ACCOUNT),
        ({"identity": ALLOW, "account": DENY}, EXPLICIT, PolicyKind.ACCOUNT),
        ({"same": False, "identity": ALLOW}, IMPLICIT, PolicyKind.RESOURCE),
        ({"same": False, "resource": SHARED}, IMPLICIT, PolicyKind.IDENTITY),
        ({"same": False, "identity": ALLOW, "resource": SHARED}, Outcome.ALLOWED, "either"),
    ],
)
def test_the_decision_names_the_kind_of_policy_that_decided(
    made: dict[str, Any], outcome: Outcome, kind: PolicyKind | str
) -> None:
    decision = decided("session", **made)
    assert decision.outcome is outcome
    assert kind == "either" or decision.kind is kind
    assert decision.allowed is (outcome is Outcome.ALLOWED)
    assert bool(decision.lacking) is (outcome is IMPLICIT)


def test_several_kinds_may_lack_at_once() -> None:
    decision = decided("session", same=False, boundary=EMPTY, session=EMPTY, account=EMPTY)
    assert decision.lacking == (
        PolicyKind.ACCOUNT,
        PolicyKind.IDENTITY,
        PolicyKind.BOUNDARY,
        PolicyKind.SESSION,
        PolicyKind.RESOURCE,
    )


def test_a_root_user_is_allowed_by_no_policy() -> None:
    decision = decided("root", identity=EMPTY)
    assert (decision.allowed, decision.kind, decision.statements) == (True, None, ())


def test_the_most_direct_grant_counts_whichever_comes_first() -> None:
    grants = [statement(Principal=named) for named in ({"AWS": user().arn}, {"AWS": ACCOUNT})]
    for shared in (of_resource(*grants), of_resource(*reversed(grants))):
        assert decided("user", resource=shared).allowed


def test_a_service_is_not_at_home_where_the_account_is_not_known() -> None:
    asked = request(PRINCIPALS["service"], account="")
    assert not authorize(asked, Policies()).allowed


def test_the_boundary_of_an_account_is_not_about_roles_linked_to_a_service() -> None:
    linked = session("aws-service-role/lambda.amazonaws.com/AWSServiceRoleForLambda")
    similar = session("mine/aws-service-role/app")
    policies = Policies(identity=(OF_IDENTITIES[ALLOW],), account=(OF_IDENTITIES[DENY],))
    assert authorize(request(linked), policies).allowed
    assert not authorize(request(similar), policies).allowed


ROLE = f"arn:aws:iam::{ACCOUNT}:role/target"


@pytest.mark.parametrize(
    ("principal", "trusted", "identity", "allowed"),
    [
        # In the same account, who is named needs no permission of its own; an account is not
        # enough without one.
        (user(), {"AWS": user().arn}, EMPTY, True),
        (user(), {"AWS": ACCOUNT}, EMPTY, False),
        (user(), {"AWS": ACCOUNT}, ALLOW, True),
        (user(), {"AWS": user("bob").arn}, ALLOW, False),
        (user(), {"Service": "lambda.amazonaws.com"}, ALLOW, False),
        (session(), {"AWS": session().role_arn}, EMPTY, True),
        (session(), {"AWS": session().arn}, EMPTY, True),
        (user(), {"AWS": user().arn}, DENY, False),
        # From another account, both sides must allow.
        (user(account=OTHER), {"AWS": OTHER}, ALLOW, True),
        (user(account=OTHER), {"AWS": OTHER}, EMPTY, False),
        (user(account=OTHER), {"AWS": user(account=OTHER).arn}, EMPTY, False),
        (user(account=OTHER), {"AWS": ACCOUNT}, ALLOW, False),
        # Services have nothing but the trust policy.
        (
            service_principal("lambda.amazonaws.com"),
            {"Service": "lambda.amazonaws.com"},
            EMPTY,
            True,
        ),
        (service_principal("lambda.amazonaws.com"), {"Service": "ec2.amazonaws.com"}, ALLOW, False),
        (service_principal("lambda.amazonaws.com"), {"AWS": ACCOUNT}, ALLOW, False),
    ],
)
def test_a_role_must_trust_whoever_assumes_it(
    principal: Principal, trusted: dict[str, str], identity: str, allowed: bool
) -> None:
    policies = {
        EMPTY: policy(statement(Action="s3:*")),
        ALLOW: policy(statement(Action="sts:AssumeRole", Resource=ROLE)),
        DENY: policy(statement("Deny", Action="sts:*")),
    }
    asked = request(principal, "sts:AssumeRole", ROLE)
    decision = authorize(asked, Policies(identity=(policies[identity],), resource=trust(trusted)))
    assert decision.allowed is allowed


def test_a_role_that_trusts_nobody_who_asks_says_so() -> None:
    asked = request(user(), "sts:AssumeRole", ROLE)
    allowing = policy(statement(Action="sts:AssumeRole"))
    decision = authorize(asked, Policies(identity=(allowing,), resource=trust({"AWS": OTHER})))
    assert (decision.outcome, decision.kind) == (IMPLICIT, PolicyKind.TRUST)
    denying = trust({"AWS": "*"}, "Deny")
    decision = authorize(asked, Policies(identity=(allowing,), resource=denying))
    assert (decision.outcome, decision.kind) == (EXPLICIT, PolicyKind.TRUST)
