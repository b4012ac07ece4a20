"""Policies out of AWS's documentation, and decisions against a naive evaluator."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.iam.authorize import Outcome
from ingle.iam.principal import ANONYMOUS, Principal, service_principal
from ingle.iam.request import AccessRequest
from tests.iam.building import (
    ACCOUNT,
    OTHER,
    allows,
    decide,
    of_resource,
    policy,
    request,
    session,
    statement,
    user,
)

BUCKET = "arn:aws:s3:::BUCKET-NAME"


def s3(
    action: str, resource: str = BUCKET, principal: Principal | None = None, **keys: Any
) -> AccessRequest:
    return request(principal, f"s3:{action}", resource, **keys)


def test_a_user_has_a_folder_of_its_own() -> None:
    """…/UserGuide/reference_policies_elements_condition_operators.html, StringLike."""
    made = policy(
        statement(
            Action=["s3:ListAllMyBuckets", "s3:GetBucketLocation"], Resource="arn:aws:s3:::*"
        ),
        statement(
            Action="s3:ListBucket",
            Resource=BUCKET,
            Condition={"StringLike": {"s3:prefix": ["", "home/", "home/${aws:username}/*"]}},
        ),
        statement(
            Action="s3:*",
            Resource=[f"{BUCKET}/home/${{aws:username}}", f"{BUCKET}/home/${{aws:username}}/*"],
        ),
    )
    for asked, allowed in (
        (s3("GetBucketLocation"), True),
        (s3("ListBucket", s3__prefix=""), True),
        (s3("ListBucket", s3__prefix="home/ann/notes"), True),
        (s3("ListBucket", s3__prefix="home/bob/notes"), False),
        (s3("ListBucket"), False),
        (s3("PutObject", f"{BUCKET}/home/ann/notes/1"), True),
        (s3("PutObject", f"{BUCKET}/home/ann"), True),
        (s3("PutObject", f"{BUCKET}/home/anne"), False),
        (s3("PutObject", f"{BUCKET}/home/bob/1"), False),
        (s3("PutObject", f"{BUCKET}/home/ann/1", session()), False),
    ):
        assert decide(asked, made).allowed is allowed, asked


def test_an_explicit_deny_beats_an_allow() -> None:
    """…/reference_policies_evaluation-logic_AccessPolicyLanguage_Interplay.html"""
    made = policy(
        statement(Sid="AllowGetList", Action=["iam:Get*", "iam:List*"]),
        statement("Deny", Sid="DenyReports", Action="iam:*Report"),
    )
    outcomes = {
        "iam:ListUsers": Outcome.ALLOWED,
        "iam:CreatePolicy": Outcome.IMPLICIT_DENY,
        "iam:GenerateCredentialReport": Outcome.EXPLICIT_DENY,
        "iam:GetCredentialReport": Outcome.EXPLICIT_DENY,
    }
    for action, outcome in outcomes.items():
        decision = decide(request(action=action, resource="*"), made)
        assert decision.outcome is outcome
        sids = [match.statement.sid for match in decision.statements]
        assert (
            sids
            == {
                Outcome.ALLOWED: ["AllowGetList"],
                Outcome.IMPLICIT_DENY: [],
                Outcome.EXPLICIT_DENY: ["DenyReports"],
            }[outcome]
        )


def test_all_but_some_may_be_done_with_mfa_alone() -> None:
    """…/reference_policies_examples_aws_my-sec-creds-self-manage.html"""
    made = policy(
        statement(),
        statement(
            "Deny",
            NotAction=["iam:EnableMFADevice", "sts:GetSessionToken"],
            Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
        ),
    )
    assert not decide(s3("GetObject"), made).allowed  # the key is missing: not IfExists' exception
    assert decide(s3("GetObject", aws__MultiFactorAuthPresent="true"), made).allowed
    assert not decide(s3("GetObject", aws__MultiFactorAuthPresent="false"), made).allowed
    enabling = request(action="iam:EnableMFADevice", resource="*")
    assert decide(enabling, made).allowed


def test_all_buckets_but_one() -> None:
    """…/reference_policies_elements_notresource.html"""
    payroll = ["arn:aws:s3:::HRBucket/Payroll", "arn:aws:s3:::HRBucket/Payroll/*"]
    made = policy(statement(), statement("Deny", Action="s3:*", NotResource=payroll))
    assert decide(s3("GetObject", "arn:aws:s3:::HRBucket/Payroll/1"), made).allowed
    assert not decide(s3("GetObject", "arn:aws:s3:::HRBucket/Other/1"), made).allowed
    assert not decide(s3("ListAllMyBuckets", "*"), made).allowed
    assert decide(request(), made).allowed


def test_a_topic_may_send_to_a_queue() -> None:
    """…/reference_policies_elements_condition_operators.html, ArnEquals."""
    queue, topic = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q", f"arn:aws:sns:us-east-1:{OTHER}:topic"
    made = of_resource(
        statement(
            Principal={"Service": "sns.amazonaws.com"},
            Action="SQS:SendMessage",
            Resource=queue,
            Condition={"ArnEquals": {"aws:SourceArn": topic}},
        )
    )
    service = service_principal("sns.amazonaws.com")
    asked = request(service, "sqs:SendMessage", queue, aws__SourceArn=topic)
    assert decide(asked, resource=made).allowed
    asked = request(service, "sqs:SendMessage", queue, aws__SourceArn=f"{topic}2")
    assert not decide(asked, resource=made).allowed
    assert not decide(request(service, "sqs:SendMessage", queue), resource=made).allowed


def test_a_function_url_for_everybody() -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"""
    made = of_resource(
        statement(
            Principal="*",
            Action="lambda:InvokeFunctionUrl",
            Condition={"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
        )
    )
    action = "lambda:InvokeFunctionUrl"
    asked = request(ANONYMOUS, action, lambda__FunctionUrlAuthType="NONE")
    assert decide(asked, resource=made).allowed
    asked = request(ANONYMOUS, action, lambda__FunctionUrlAuthType="AWS_IAM")
    assert not decide(asked, resource=made).allowed


def test_tags_of_the_principal_and_the_resource_must_be_the_same() -> None:
    """…/tutorial_attribute-based-access-control.html"""
    same = {"StringEquals": {"aws:ResourceTag/project": "${aws:PrincipalTag/project}"}}
    different = {"StringNotEquals": {"aws:ResourceTag/project": "${aws:PrincipalTag/project}"}}
    made = policy(statement(Condition=same))
    denying = policy(statement(), statement("Deny", Condition=different))
    keys = {"aws__ResourceTag/project": "peg"}
    for principal, allowed in (
        (session(project="peg"), True),
        (session(project="uni"), False),
        (session(), False),
    ):
        assert decide(request(principal, **keys), made).allowed is allowed
        assert decide(request(principal, **keys), denying).allowed is allowed


def test_actions_have_no_case_and_resources_have() -> None:
    assert allows(statement(Action="LAMBDA:invoke*"), request())
    assert allows(
        statement(Action="lambda:Invoke?unction"), request(action="LAMBDA:INVOKEFUNCTION")
    )
    assert not allows(statement(Action="lambda:Invoke?Function"), request())
    assert not allows(statement(Action="lambdas:*"), request())
    assert allows(statement(Action="*:Invoke*"), request())
    assert not allows(statement(Action=["*:Get*", "s3:*"]), request())
    assert not allows(
        statement(Resource=request().resource.upper().replace("ARN:AWS", "arn:aws")), request()
    )


def test_variables_mean_nothing_in_old_versions() -> None:
    mine = statement(Action="s3:*", Resource=f"{BUCKET}/${{aws:username}}")
    asked = s3("GetObject", f"{BUCKET}/ann")
    assert allows(mine, asked)
    assert not allows(mine, asked, version="2008-10-17")
    assert allows(mine, s3("GetObject", f"{BUCKET}/${{aws:username}}"), version="2008-10-17")


@pytest.mark.parametrize("resource", ["arn:aws:lambda:*:*:function:*", "*"])
def test_an_action_on_nothing_in_particular_needs_everything(resource: str) -> None:
    asked = request(action="lambda:ListFunctions", resource="*")
    assert allows(statement(Action="lambda:*", Resource=resource), asked) is (resource == "*")


SERVICES = st.sampled_from(["sns", "sqs"])
NAMES = st.sampled_from(["Get", "GetA", "Put", "get"])
WILD = st.sampled_from(["*", "Get*", "?et", "G*t?", "Put", "puT"])
ACTIONS = st.one_of(st.just("*"), st.tuples(SERVICES, st.one_of(NAMES, WILD)).map(":".join))
PLACES = st.sampled_from(["a", "a/b", "a:b", "b", "A"])
SPOTS = st.sampled_from(["*", "a*", "?", "a?b", "*b", "A"])
RESOURCES = st.one_of(
    st.just("*"),
    st.tuples(
        st.just("arn:aws"), SERVICES, st.sampled_from(["", "*", "eu"]), st.just("1"), SPOTS
    ).map(":".join),
)
CONDITIONS = st.dictionaries(
    st.sampled_from(["StringEquals", "StringNotEquals", "StringEqualsIfExists", "Null"]),
    st.dictionaries(
        st.sampled_from(["aws:x", "aws:y"]),
        st.lists(st.sampled_from(["true", "false", "v"]), min_size=1, max_size=2),
        max_size=2,
    ),
    max_size=2,
)
STATEMENTS = st.builds(
    lambda effect, no_action, actions, no_resource, resources, condition: {
        "Effect": effect,
        "NotAction" if no_action else "Action": actions,
        "NotResource" if no_resource else "Resource": resources,
        "Condition": condition,
    },
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.booleans(),
    st.lists(ACTIONS, min_size=1, max_size=3),
    st.booleans(),
    st.lists(RESOURCES, min_size=1, max_size=3),
    CONDITIONS,
)
ASKED = st.builds(
    lambda service, name, region, place, keys: AccessRequest(
        user(), f"{service}:{name}", f"arn:aws:{service}:{region}:1:{place}", ACCOUNT, keys
    ),
    SERVICES,
    NAMES,
    st.sampled_from(["", "eu"]),
    PLACES,
    st.dictionaries(
        st.sampled_from(["aws:x", "aws:y"]),
        st.tuples(st.sampled_from(["true", "v", "w"])),
        max_size=2,
    ),
)


def wild(pattern: str, text: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL) is not None


def naive_holds(operator: str, wanted: list[str], values: tuple[str, ...] | None) -> bool:
    if operator == "Null":
        return ("true" if values is None else "false") in wanted
    if values is None:
        return operator != "StringEquals"
    return (values[0] in wanted) is (operator != "StringNotEquals")


def naive_applies(made: dict[str, Any], asked: AccessRequest) -> bool:
    """AWS's page on each element, read literally."""
    actions = made.get("Action", made.get("NotAction"))
    named = any(wild(action.lower(), asked.action.lower()) for action in actions)
    if named is ("NotAction" in made):
        return False
    resources = made.get("Resource", made.get("NotResource"))
    covered = any(
        resource == "*" or all(map(wild, resource.split(":", 5), asked.resource.split(":", 5)))
        for resource in resources
    )
    if covered is ("NotResource" in made):
        return False
    return all(
        naive_holds(operator, wanted, asked.keys.get(key))
        for operator, members in made["Condition"].items()
        for key, wanted in members.items()
    )


@given(st.lists(STATEMENTS, min_size=1, max_size=5), ASKED)
def test_decisions_are_those_of_a_naive_evaluator(
    made: list[dict[str, Any]], asked: AccessRequest
) -> None:
    applying = {each["Effect"] for each in made if naive_applies(each, asked)}
    decision = decide(asked, policy(*json.loads(json.dumps(made))))
    if "Deny" in applying:
        assert decision.outcome is Outcome.EXPLICIT_DENY
    elif "Allow" in applying:
        assert decision.outcome is Outcome.ALLOWED
    else:
        assert decision.outcome is Outcome.IMPLICIT_DENY


@given(st.lists(STATEMENTS, min_size=1, max_size=5), ASKED)
def test_it_makes_no_difference_how_statements_are_shared_out(
    made: list[dict[str, Any]], asked: AccessRequest
) -> None:
    together = decide(asked, policy(*made))
    apart = decide(asked, *(policy(each) for each in made))
    backwards = decide(asked, policy(*reversed(made)))
    assert together.outcome is apart.outcome is backwards.outcome


@given(st.lists(STATEMENTS, min_size=1, max_size=3), STATEMENTS, ASKED)
def test_a_denial_never_lets_more_pass_and_an_allowance_never_less(
    made: list[dict[str, Any]], another: dict[str, Any], asked: AccessRequest
) -> None:
    before = decide(asked, policy(*made)).allowed
    after = decide(asked, policy(*made, another)).allowed
    assert not (another["Effect"] == "Deny" and after and not before)
    assert not (another["Effect"] == "Allow" and before and not after)
