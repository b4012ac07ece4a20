"""Decisions on calls: gathered, cached, worded, and only noted where nobody is refused."""

import json
import logging
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingle.auth.auditing import AGAIN_S
from ingle.auth.authorizer import Authorizer
from ingle.auth.keys import Identity, Session, SessionKind
from ingle.auth.root import root_user
from ingle.auth.verdicts import Calls, Slot, Slots, Verdict
from ingle.iam.policy import Policy, PolicyKind
from ingle.iam.principal import Principal, PrincipalKind
from ingle.services.iam.making import new_user
from ingle.wire.errors import ServiceError
from ingle.wire.http import Request

from .worlds import ACCOUNT, FUNCTION, INVOKE, OTHER, PLAIN, World, operation

NOTHING = (Identity("", root_user(ACCOUNT), "", ""), (), None)
TARGET = Request("POST", "/", headers={"x-amz-target": "Logs_20140328.DescribeLogGroups"})


def refusal(
    authorizer: Authorizer,
    identity: Identity,
    request: Request,
    service: str,
    name: str,
    **params: Any,
) -> tuple[str, int | None, str]:
    with pytest.raises(ServiceError) as refused:
        authorizer.check(identity, request, operation(service, name), params)
    return refused.value.error_code, refused.value.http_status, refused.value.message


async def test_the_account_s_root_user_may_do_everything(world: World) -> None:
    root = Identity("AKIAROOT", root_user(ACCOUNT), "eu-west-1", "lambda")
    assert world.may(root, "DeleteFunction", FunctionName="f")
    assert not world.may(root, "DeleteFunction", FunctionName=FUNCTION.replace(ACCOUNT, OTHER))


@pytest.mark.parametrize(
    ("service", "request_", "name", "code", "status"),
    [
        ("lambda", PLAIN, "ListFunctions", "AccessDeniedException", 403),
        ("logs", TARGET, "DescribeQueries", "AccessDeniedException", 400),
        ("sts", PLAIN, "GetAccessKeyInfo", "AccessDenied", 403),
        ("s3", PLAIN, "ListBuckets", "AccessDenied", 403),
    ],
)
async def test_each_family_of_services_has_its_own_code(
    world: World, service: str, request_: Request, name: str, code: str, status: int
) -> None:
    identity = (await world.user())._replace(service=service)
    assert refusal(world.authorizer, identity, request_, service, name)[:2] == (code, status)


async def test_a_refusal_names_the_caller_the_action_and_the_resource(world: World) -> None:
    identity = await world.user()
    text = refusal(world.authorizer, identity, PLAIN, "lambda", "Invoke", FunctionName="f:live")[2]
    assert text == (
        f"User: arn:aws:iam::{ACCOUNT}:user/u is not authorized to perform: lambda:InvokeFunction "
        f"on resource: {FUNCTION}:live because no identity-based policy allows the "
        "lambda:InvokeFunction action"
    )


async def test_some_operations_take_no_permission(world: World) -> None:
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    identity = (await world.user(deny))._replace(service="sts")
    for name in ("GetCallerIdentity", "GetSessionToken"):
        world.authorizer.check(identity, PLAIN, operation("sts", name), {})


async def test_a_change_of_policies_counts_for_the_next_call(world: World) -> None:
    identity = await world.user(INVOKE)
    assert [world.may(identity, "Invoke", FunctionName="f") for _ in range(3)] == [True] * 3
    await world.user()
    assert not world.may(identity, "Invoke", FunctionName="f")
    await world.user(INVOKE)
    assert world.may(identity, "Invoke", FunctionName="f")


async def test_a_change_of_the_resource_counts_for_the_next_call(world: World) -> None:
    identity = await world.user()
    assert not world.may(identity, "Invoke", FunctionName="f")
    world.functions.statement = {
        "Effect": "Allow",
        "Principal": {"AWS": identity.principal_arn},
        "Action": "lambda:InvokeFunction",
    }
    assert not world.may(identity, "Invoke", FunctionName="f")  # it has not said so yet
    world.functions.count += 1
    assert world.may(identity, "Invoke", FunctionName="f")
    assert not world.may(identity, "GetFunction", FunctionName="f")


async def test_a_decision_counts_only_for_what_it_was_about(world: World) -> None:
    own = {**INVOKE, "Resource": [FUNCTION, f"{FUNCTION}:live"]}
    identity = await world.user(own)
    assert world.may(identity, "Invoke", FunctionName="f")
    assert world.may(identity, "Invoke", FunctionName="f", Qualifier="live")
    assert not world.may(identity, "Invoke", FunctionName="f", Qualifier="1")
    assert not world.may(identity, "Invoke", FunctionName="g")
    assert not world.may(identity._replace(region="us-east-1"), "Invoke", FunctionName="f")
    assert not world.may(await world.user(name="v"), "Invoke", FunctionName="f")


async def test_condition_keys_that_policies_ask_for_make_a_difference(world: World) -> None:
    near = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    identity = await world.user({**INVOKE, "Condition": near})
    far = Request("POST", "/", client="192.0.2.1")
    for _ in range(2):
        assert world.may(identity, "Invoke", FunctionName="f")
        assert not world.may(identity, "Invoke", far, FunctionName="f")
    inside = Request("POST", "/")  # from a sandbox, which has no address
    assert not world.may(identity, "Invoke", inside, FunctionName="f")


async def test_keys_that_nobody_asks_for_make_no_difference_to_what_is_kept(world: World) -> None:
    identity = await world.user(INVOKE)
    for number in range(50):
        request = Request(
            "POST", "/", headers={"user-agent": str(number)}, client=f"10.0.0.{number}"
        )
        world.clock.now += 1
        assert world.may(identity, "Invoke", request, FunctionName="f", Payload=bytes(number))
    assert len(world.authorizer._slots) == 1


async def test_the_time_is_that_of_the_call(world: World) -> None:
    until = {"NumericLessThan": {"aws:EpochTime": "100"}}
    identity = await world.user({**INVOKE, "Condition": until})
    assert world.may(identity, "Invoke", FunctionName="f")
    world.clock.now = 99
    assert world.may(identity, "Invoke", FunctionName="f")
    world.clock.now = 100
    assert not world.may(identity, "Invoke", FunctionName="f")
    assert len(world.authorizer._slots) == 0  # each moment would have a verdict of its own


async def test_every_permission_that_a_call_takes_is_needed(world: World) -> None:
    layer = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:layer:l:1"
    create = {**INVOKE, "Action": "lambda:CreateFunction"}
    identity = await world.user(create)
    assert world.may(identity, "CreateFunction", FunctionName="f")
    text = refusal(
        world.authorizer,
        identity,
        PLAIN,
        "lambda",
        "CreateFunction",
        FunctionName="f",
        Layers=[layer],
    )[2]
    assert f"lambda:GetLayerVersion on resource: {layer}" in text
    await world.user(create, {**INVOKE, "Action": "lambda:GetLayerVersion"})
    assert world.may(identity, "CreateFunction", FunctionName="f", Layers=[layer])


async def test_identities_are_meant_with_their_paths(world: World) -> None:
    await world.store.change(put=[new_user(ACCOUNT, "Anna", 0, path="/team/")])
    allowed = {
        "Effect": "Allow",
        "Action": "iam:*",
        "Resource": f"arn:aws:iam::{ACCOUNT}:user/team/*",
    }
    identity = (await world.user(allowed))._replace(service="iam")
    for name in ("Anna", "anna"):
        world.authorizer.check(identity, PLAIN, operation("iam", "GetUser"), {"UserName": name})
    text = refusal(world.authorizer, identity, PLAIN, "iam", "GetUser", UserName="u")[2]
    assert "iam:GetUser on resource: user u because" in text


async def test_the_boundary_that_an_identity_has_is_a_condition_key(world: World) -> None:
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/b"
    bounded = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    allowed = {"Effect": "Allow", "Action": "iam:*", "Resource": "*", "Condition": bounded}
    identity = (await world.user(allowed))._replace(service="iam")
    await world.user(name="bounded", boundary=boundary)
    await world.user(name="free")
    attach = operation("iam", "AttachUserPolicy")
    world.authorizer.check(identity, PLAIN, attach, {"UserName": "bounded", "PolicyArn": boundary})
    for name, params in (
        ("AttachUserPolicy", {"UserName": "free", "PolicyArn": boundary}),
        ("CreateUser", {"UserName": "new"}),
    ):
        refusal(world.authorizer, identity, PLAIN, "iam", name, **params)
    new = {"UserName": "new", "PermissionsBoundary": boundary}
    world.authorizer.check(identity, PLAIN, operation("iam", "CreateUser"), new)


def session(**members: Any) -> Session:
    return Session(**{"kind": SessionKind.ROLE, "issued_at": 0.0, "expires_at": 1.0} | members)


async def test_session_policies_bound_what_the_caller_may_do(world: World) -> None:
    identity = await world.user(INVOKE)
    document = {"Version": "2012-10-17", "Statement": {**INVOKE, "Resource": FUNCTION}}
    bound = (Policy.parse(document, PolicyKind.SESSION),)
    bounded = identity._replace(session=session(kind=SessionKind.USER, policies=bound))
    assert world.may(identity, "Invoke", FunctionName="g")
    assert world.may(bounded, "Invoke", FunctionName="f")
    assert not world.may(bounded, "Invoke", FunctionName="g")
    assert world.may(identity, "Invoke", FunctionName="g")


@pytest.mark.parametrize("of_root", [True, False])
async def test_a_federated_user_has_a_part_of_what_its_issuer_may(
    world: World, of_root: bool
) -> None:
    issuer = root_user(ACCOUNT) if of_root else (await world.user(INVOKE)).principal
    arn = f"arn:aws:sts::{ACCOUNT}:federated-user/x"
    someone = Principal(PrincipalKind.FEDERATED_USER, arn, ACCOUNT, f"{ACCOUNT}:x")
    document = {"Version": "2012-10-17", "Statement": {**INVOKE, "Action": "lambda:*"}}
    policies = (Policy.parse(document, PolicyKind.SESSION),)
    grant = session(kind=SessionKind.FEDERATED_USER, policies=policies, issuer=issuer)
    identity = Identity("ASIA", someone, "eu-west-1", "lambda", grant)
    assert world.may(identity, "Invoke", FunctionName="f")
    assert world.may(identity, "ListFunctions") is of_root
    none = identity._replace(session=session(kind=SessionKind.FEDERATED_USER, issuer=issuer))
    assert not world.may(none, "Invoke", FunctionName="f")


async def test_a_permission_that_a_service_asks_for_is_decided_likewise(world: World) -> None:
    identity = await world.user({**INVOKE, "Action": "iam:PassRole"})
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    world.authorizer.require_of(identity, PLAIN, "iam:PassRole", role)
    await world.user()
    with pytest.raises(ServiceError, match="iam:PassRole on resource: arn:aws:iam"):
        world.authorizer.require_of(identity, PLAIN, "iam:PassRole", role)


async def test_where_nobody_is_refused_it_is_said_once_in_a_while(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    identity = await world.user()
    world.authorizer = world.new(enforced=False)
    with caplog.at_level(logging.WARNING, "ingle.iam"):
        for _ in range(3):
            assert world.may(identity, "Invoke", FunctionName="f")
        assert world.may(identity, "ListFunctions")
        assert len(caplog.messages) == 2
        world.clock.now += AGAIN_S
        assert world.may(identity, "Invoke", FunctionName="f")
    assert caplog.messages[0] == caplog.messages[2]
    assert "action=lambda:InvokeFunction" in caplog.messages[0]
    assert f"resource={FUNCTION}" in caplog.messages[0]


async def test_a_flood_of_different_refusals_does_not_flood_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    identity = await world.user()
    world.authorizer = world.new(enforced=False)
    with caplog.at_level(logging.WARNING, "ingle.iam"):
        for number in range(50):
            assert world.may(identity, "Invoke", FunctionName=f"f{number}")
        assert len(caplog.messages) == 10
        world.clock.now += 1
        assert world.may(identity, "Invoke", FunctionName="last")
    assert "40 more were not written" in caplog.messages[-1]


async def test_calls_are_found_by_their_ids_and_denied_ones_for_longer(world: World) -> None:
    identity = await world.user({**INVOKE, "Resource": FUNCTION})
    authorizer, invoke = world.authorizer, operation("lambda", "Invoke")
    with pytest.raises(ServiceError):
        authorizer.check(identity, PLAIN, invoke, {"FunctionName": "g"}, "denied")
    for number in range(2000):
        authorizer.check(identity, PLAIN, invoke, {"FunctionName": "f"}, str(number))
    assert [call.request_id for call in authorizer.calls.denied()] == ["denied"]
    assert [len(authorizer.calls.of(each)) for each in ("0", "1999", "denied")] == [0, 1, 1]


def test_slots_are_bounded() -> None:
    slots = Slots(3)
    for number in range(10):
        slots.put(number, Slot(0, 0, ()))
    assert len(slots) == 3
    assert slots.find(9) is not None
    assert slots.find(0) is None


def test_a_slot_keeps_verdicts_by_the_keys_that_were_asked_for() -> None:
    slot, one, two = Slot(0, 0, ()), Verdict("1", *NOTHING), Verdict("2", *NOTHING)
    slot.keep(one, {(0, "a"): ("x",)})
    slot.keep(two, {(0, "a"): None})
    assert slot.keys == ((0, "a"),)
    assert slot.variants == {(("x",),): one, (None,): two}
    slot.keep(one, {(0, "a"): ("x",), (1, "b"): None})
    assert set(slot.keys) == {(0, "a"), (1, "b")}
    assert list(slot.variants.values()) == [one]
    slot.keep(two, {(0, "a"): ("y",)})  # what it would have been with the other key is not known
    assert list(slot.variants.values()) == [one]


def test_calls_are_bounded() -> None:
    calls = Calls(2, 2)
    for number in range(10):
        calls.note_denied((str(number), 0.0, None, True))
    assert [call.request_id for call in calls.denied()] == ["9", "8"]


CONDITIONS = st.dictionaries(
    st.sampled_from(["StringEquals", "StringNotEquals", "Null", "StringLikeIfExists"]),
    st.dictionaries(
        st.sampled_from(["aws:SourceIp", "aws:UserAgent", "aws:RequestedRegion", "aws:EpochTime"]),
        st.sampled_from(["a", "b", "true", "false", "1"]),
        min_size=1,
        max_size=2,
    ),
    max_size=2,
)
STATEMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "Effect": st.sampled_from(["Allow", "Deny"]),
            "Action": st.sampled_from(["*", "lambda:Invoke*", "lambda:Get*"]),
            "Resource": st.sampled_from(
                ["*", FUNCTION, f"{FUNCTION}:*", "arn:aws:lambda:*:*:function:*${aws:UserAgent}"]
            ),
            "Condition": CONDITIONS,
        }
    ),
    max_size=4,
)
CALLS = st.lists(
    st.tuples(
        st.sampled_from(["Invoke", "GetFunction"]),
        st.sampled_from(["f", "f:a", "b"]),
        st.sampled_from([None, "a", "b"]),
        st.sampled_from([None, "a", "b"]),
        st.sampled_from([0.0, 1.0]),
    ),
    min_size=2,
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(statements=STATEMENTS, calls=CALLS)
async def test_what_is_kept_decides_as_what_is_fresh(
    world: World, statements: list[dict[str, Any]], calls: list[tuple[Any, ...]]
) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    inline = {"p": document} if statements else {}
    # Only in memory, where decisions look: a database would take its time for every example.
    world.store.users.remember(replace(new_user(ACCOUNT, "u", 0), inline=inline))
    world.store.generation += 1
    identity = world.identity(f"arn:aws:iam::{ACCOUNT}:user/u")

    def decide(authorizer: Authorizer, call: tuple[Any, ...]) -> bool:
        name, function, client, agent, world.clock.now = call
        headers = {} if agent is None else {"user-agent": agent}
        world.authorizer = authorizer
        return world.may(
            identity,
            name,
            Request("POST", "/", headers=headers, client=client),
            FunctionName=function,
        )

    kept = world.new()
    assert [decide(kept, each) for each in calls] == [decide(world.new(), each) for each in calls]
