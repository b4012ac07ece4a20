"""AssumeRole: who may, for how long, within which bounds."""

import hashlib
from typing import Any

import pytest

from ingle.auth.keys import Identity, SessionKind
from ingle.iam.principal import PrincipalKind
from ingle.wire.errors import ServiceError
from tests.services.conftest import ACCOUNT, OTHER_ACCOUNT
from tests.services.sts.conftest import World, allow, denied, policy, trust, user_of

ASSUME = "sts:AssumeRole"
WHOLE_ACCOUNT = {"AWS": ACCOUNT}
EVERYTHING = allow("*")
NO_IDENTITY = f" because no identity-based policy allows the {ASSUME} action"
NO_TRUST = f" because no role trust policy allows the {ASSUME} action"


async def test_a_role_is_assumed_by_whom_it_trusts_and_who_may(world: World) -> None:
    user = await world.user("u", allow(ASSUME))
    role = await world.role("r", trust(WHOLE_ACCOUNT), path="/team/")
    answer = await world.assume(user, role)
    assert answer["AssumedRoleUser"] == {
        "AssumedRoleId": f"{role.unique_id}:session",
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/r/session",
    }
    assert answer["PackedPolicySize"] is None
    assert answer["Credentials"]["Expiration"] == world.clock.time() + 3600
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")
    known = world.signed_with(answer)
    assert known.principal.kind is PrincipalKind.ROLE_SESSION
    assert known.principal.role_arn == role.arn
    assert known.session is not None
    assert (known.session.kind, known.session.policies) == (SessionKind.ROLE, None)
    assert await world.call(known, "GetCallerIdentity") == {
        "UserId": f"{role.unique_id}:session",
        "Account": ACCOUNT,
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/r/session",
    }


@pytest.mark.parametrize(
    ("own", "trusted", "why"),
    [
        ((), WHOLE_ACCOUNT, NO_IDENTITY),
        ((allow(ASSUME),), {"Service": "lambda.amazonaws.com"}, NO_TRUST),
        ((allow(ASSUME, f"arn:aws:iam::{ACCOUNT}:role/other"),), WHOLE_ACCOUNT, NO_IDENTITY),
        ((allow(ASSUME),), {"AWS": OTHER_ACCOUNT}, NO_TRUST),
        (
            (allow(ASSUME), {"Effect": "Deny", "Action": "sts:*", "Resource": "*"}),
            WHOLE_ACCOUNT,
            " with an explicit deny in an identity-based policy",
        ),
    ],
)
async def test_both_the_caller_and_the_role_must_allow_it(
    world: World, own: Any, trusted: dict[str, str], why: str
) -> None:
    user = await world.user("u", *own)
    role = await world.role("r", trust(trusted))
    assert await world.not_assumed(user, role) == denied(user, ASSUME, role.arn, why)


async def test_a_role_that_names_a_user_needs_no_permission_of_its_own(world: World) -> None:
    user, other = await world.user("u"), await world.user("other")
    role = await world.role("r", trust({"AWS": user.principal_arn}))
    await world.assume(user, role)
    assert (await world.not_assumed(other, role))[0] == "AccessDenied"


async def test_across_accounts_both_must_allow_it_and_nobody_is_told_why_not(
    world: World,
) -> None:
    user = await world.user("u", allow(ASSUME))
    stranger = await world.user("s", account_id=OTHER_ACCOUNT)
    friend = await world.user("f", EVERYTHING, account_id=OTHER_ACCOUNT)
    role = await world.role("r", trust({"AWS": OTHER_ACCOUNT}))
    foreign = await world.role("r", trust({"AWS": OTHER_ACCOUNT}), account_id=OTHER_ACCOUNT)
    assert (await world.assume(friend, role))["AssumedRoleUser"]["Arn"].split(":")[4] == ACCOUNT
    for caller, to in ((stranger, role), (user, foreign)):
        assert await world.not_assumed(caller, to) == denied(caller, ASSUME, to.arn)


async def test_a_role_that_is_not_there_is_refused_as_one_that_trusts_nobody(
    world: World,
) -> None:
    user = await world.user("u", EVERYTHING)
    role = await world.role("r", trust(WHOLE_ACCOUNT), path="/team/")
    for arn in (f"arn:aws:iam::{ACCOUNT}:role/none", role.arn.replace("/team/", "/")):
        assert await world.not_assumed(user, arn) == denied(user, ASSUME, arn)
    wrong = f"arn:aws:iam::{ACCOUNT}:user/u"
    assert await world.not_assumed(user, wrong) == ("ValidationError", f"{wrong} is invalid")


async def test_root_users_assume_no_roles(world: World) -> None:
    role = await world.role("r", trust(WHOLE_ACCOUNT))
    told = ("AccessDenied", "Roles may not be assumed by root accounts.")
    assert await world.not_assumed(world.root(), role) == told


@pytest.mark.parametrize(
    ("condition", "members", "passes"),
    [
        ({"StringEquals": {"sts:ExternalId": "secret-1"}}, {"ExternalId": "secret-1"}, True),
        ({"StringEquals": {"sts:ExternalId": "secret-1"}}, {"ExternalId": "secret-2"}, False),
        ({"StringEquals": {"sts:ExternalId": "secret-1"}}, {}, False),
        ({"StringLike": {"sts:RoleSessionName": "${aws:username}"}}, {}, False),
        (
            {"StringLike": {"sts:RoleSessionName": "${aws:username}"}},
            {"RoleSessionName": "user"},
            True,
        ),
        ({"StringEquals": {"aws:PrincipalTag/team": "red"}}, {}, True),
        ({"StringEquals": {"aws:ResourceTag/owner": "me"}}, {}, True),
        ({"StringEquals": {"aws:ResourceTag/owner": "you"}}, {}, False),
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, {}, True),
        ({"DateGreaterThan": {"aws:CurrentTime": "2026-06-01T00:00:00Z"}}, {}, False),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, {}, False),
    ],
)
async def test_the_conditions_of_a_trust_policy_must_hold(
    world: World, condition: Any, members: dict[str, str], passes: bool
) -> None:
    user = await world.user("user", allow(ASSUME), tags={"team": "red"})
    statement = trust({"AWS": user.principal_arn}, Condition=condition)
    role = await world.role("r", statement, tags={"owner": "me"})
    if passes:
        await world.assume(user, role, **members)
    else:
        told = await world.not_assumed(user, role, **members)
        assert told == denied(user, ASSUME, role.arn, NO_TRUST)


async def test_tags_and_source_identity_take_permissions_of_their_own(world: World) -> None:
    user = await world.user("u", allow("sts:*"))
    plain = await world.role("plain", trust(WHOLE_ACCOUNT))
    tag = {"Tags": [{"Key": "cost", "Value": "7"}]}
    why = " because no role trust policy allows the sts:{} action"
    for members, action in ((tag, "TagSession"), ({"SourceIdentity": "me"}, "SetSourceIdentity")):
        told = await world.not_assumed(user, plain, **members)
        assert told == denied(user, f"sts:{action}", plain.arn, why.format(action))
    actions = [ASSUME, "sts:TagSession", "sts:SetSourceIdentity"]
    condition = {
        "StringEquals": {"aws:RequestTag/cost": "7", "sts:SourceIdentity": "me"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["cost"]},
    }
    open_role = await world.role("open", trust(WHOLE_ACCOUNT, actions, Condition=condition))
    answer = await world.assume(user, open_role, **tag, SourceIdentity="me")
    assert answer["SourceIdentity"] == "me"
    assert 0 < answer["PackedPolicySize"] < 5
    known = world.signed_with(answer)
    assert known.session is not None
    assert (dict(known.principal.tags), known.session.source_identity) == ({"cost": "7"}, "me")


async def chain(world: World, **members: Any) -> tuple[Identity, Any]:
    """Assume one role, and return its session and the role that it may assume."""
    actions = [ASSUME, "sts:TagSession", "sts:SetSourceIdentity"]
    user = await world.user("u", allow("sts:*"))
    first = await world.role(
        "first", trust(WHOLE_ACCOUNT, actions), inline={"own": policy(allow("sts:*"))}
    )
    second = await world.role("second", trust({"AWS": first.arn}, actions), max_session_s=43200)
    return world.signed_with(await world.assume(user, first, **members)), second


async def test_a_role_that_another_role_assumed_lasts_an_hour_at_most(world: World) -> None:
    session, second = await chain(world)
    answer = await world.assume(session, second, DurationSeconds=3600)
    assert answer["Credentials"]["Expiration"] == world.clock.time() + 3600
    assert await world.not_assumed(session, second, DurationSeconds=3601) == (
        "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
        "role chaining.",
    )


async def test_transitive_tags_and_the_source_identity_go_on_to_the_next_role(
    world: World,
) -> None:
    tags = [{"Key": "Cost", "Value": "7"}, {"Key": "stage", "Value": "dev"}]
    session, second = await chain(world, Tags=tags, TransitiveTagKeys=["Cost"], SourceIdentity="me")
    answer = await world.assume(session, second, Tags=[{"Key": "stage", "Value": "prod"}])
    known = world.signed_with(answer)
    assert known.session is not None
    assert dict(known.principal.tags) == {"Cost": "7", "stage": "prod"}
    assert known.session.transitive_tags == {"Cost"}
    assert answer["SourceIdentity"] == "me"
    assert (await world.not_assumed(session, second, Tags=[{"Key": "cost", "Value": "8"}])) == (
        "InvalidParameterValue",
        "One of the specified transitive tag keys can't be set because it conflicts with a "
        "transitive tag key from the calling session.",
    )
    told = await world.not_assumed(session, second, SourceIdentity="you")
    assert told == denied(session, "sts:SetSourceIdentity", second.arn)


@pytest.mark.parametrize(
    ("members", "code", "text"),
    [
        (
            {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]},
            "InvalidParameterValue",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ),
        (
            {"Tags": [{"Key": "a", "Value": "1"}], "TransitiveTagKeys": ["b"]},
            "InvalidParameterValue",
            "The specified transitive tag key must be included in the requested tags.",
        ),
        (
            {"Tags": [{"Key": "aws:a", "Value": "1"}]},
            "InvalidParameterValue",
            "Tag keys that begin with aws: are reserved for use by AWS.",
        ),
        ({"RoleSessionName": "a b"}, "ValidationError", "regular expression pattern"),
        ({"RoleSessionName": "a"}, "ValidationError", "length greater than or equal to 2"),
        ({"RoleSessionName": "a" * 65}, "ValidationError", "length less than or equal to 64"),
        ({"DurationSeconds": 899}, "ValidationError", "greater than or equal to 900"),
        ({"DurationSeconds": 43201}, "ValidationError", "less than or equal to 43200"),
        (
            {"DurationSeconds": 3601},
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ),
        ({"ExternalId": "#"}, "ValidationError", "externalId"),
        ({"Policy": "{"}, "MalformedPolicyDocument", ""),
        ({"Policy": policy({"Effect": "Allow"})}, "MalformedPolicyDocument", ""),
        (
            {"Policy": policy(EVERYTHING) + " " * 2048},
            "ValidationError",
            "length less than or equal to 2048",
        ),
        (
            {"PolicyArns": [{"arn": f"arn:aws:iam::{ACCOUNT}:policy/none"}]},
            "MalformedPolicyDocument",
            f"Policy arn:aws:iam::{ACCOUNT}:policy/none does not exist or is not attachable.",
        ),
        (
            {"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}] * 11},
            "ValidationError",
            "length less than or equal to 10",
        ),
        ({"SerialNumber": "GAHT12345678", "TokenCode": "123456"}, "AccessDenied", "unable to val"),
        ({"TokenCode": "123456"}, "ValidationError", "SerialNumber"),
    ],
)
async def test_what_is_asked_for_is_checked(
    world: World, members: dict[str, Any], code: str, text: str
) -> None:
    user = await world.user("u", allow("sts:*"))
    role = await world.role("r", trust(WHOLE_ACCOUNT, [ASSUME, "sts:TagSession"]))
    told = await world.not_assumed(user, role, **members)
    assert told[0] == code
    assert text in told[1]


async def test_a_session_lasts_as_long_as_its_role_allows(world: World) -> None:
    user = await world.user("u", allow("sts:*"))
    role = await world.role("r", trust(WHOLE_ACCOUNT), max_session_s=43200)
    answer = await world.assume(user, role, DurationSeconds=43200)
    assert answer["Credentials"]["Expiration"] == world.clock.time() + 43200


async def test_session_policies_go_with_the_session(world: World) -> None:
    user = await world.user("u", allow("sts:*"))
    role = await world.role("r", trust(WHOLE_ACCOUNT))
    own = await world.managed("own", policy(allow("logs:*")))
    answer = await world.assume(
        user,
        role,
        Policy=policy(allow("lambda:InvokeFunction")),
        PolicyArns=[{"arn": own}, {"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}],
    )
    session = world.signed_with(answer).session
    assert session is not None
    assert session.policies is not None
    assert len(session.policies) == 3
    assert 0 < answer["PackedPolicySize"] < 100


async def test_tags_that_do_not_fit_are_refused_with_how_much_they_take(world: World) -> None:
    user = await world.user("u", allow("sts:*"))
    role = await world.role("r", trust(WHOLE_ACCOUNT, [ASSUME, "sts:TagSession"]))
    tags = [
        {"Key": f"key-{number}", "Value": hashlib.sha512(bytes([number])).hexdigest() * 2}
        for number in range(50)
    ]
    code, text = await world.not_assumed(user, role, Tags=tags)
    assert code == "PackedPolicyTooLarge"
    assert text.startswith("Packed size of session tags consumes ")
    assert text.endswith("% of allotted space.")


async def test_a_token_may_be_asked_to_have_a_size(world: World) -> None:
    user = await world.user("u", allow("sts:*"))
    role = await world.role("r", trust(WHOLE_ACCOUNT))
    answer = await world.assume(user, role, MinimumSessionTokenSize=2048)
    size = len(answer["Credentials"]["SessionToken"])
    assert (answer["SessionTokenSize"], answer["SessionTokenUtilization"]) == (size, 50)
    assert 2048 <= size < 2100


async def test_what_is_deleted_ends_its_sessions_at_once(world: World) -> None:
    user = await world.user("u", allow("sts:*"))
    role = await world.role("r", trust(WHOLE_ACCOUNT))
    answer = await world.assume(user, role)
    assert world.found(answer) is not None
    await world.lose(role)
    assert world.found(answer) is None
    await world.role("r", trust(WHOLE_ACCOUNT))
    assert world.found(answer) is None


async def test_a_user_made_anew_is_not_the_one_that_a_role_trusts(world: World) -> None:
    user = await world.user("u")
    role = await world.role("r", trust({"AWS": user.principal_arn}))
    await world.assume(user, role)
    await world.lose(user_of(world, user))
    again = await world.user("u", allow(ASSUME))
    assert (await world.not_assumed(again, role))[0] == "AccessDenied"


async def test_contexts_that_nobody_can_have_provided_are_refused_by_name(world: World) -> None:
    user = await world.user("u", allow("sts:*"))
    role = await world.role("r", trust(WHOLE_ACCOUNT))
    context = {
        "ProviderArn": "arn:aws:iam::aws:contextProvider/IdentityCenter",
        "ContextAssertion": "assertion",
    }
    assert await world.not_assumed(user, role, ProvidedContexts=[context]) == (
        "ValidationError",
        "ProvidedContexts is not supported by this version of Ingle: it is for contexts of IAM "
        "Identity Center, which there is not. Leave it out.",
    )


async def test_errors_are_aws_s_on_the_wire(world: World) -> None:
    with pytest.raises(ServiceError) as refused:
        await world.assume(world.root(), f"arn:aws:iam::{ACCOUNT}:role/r")
    assert refused.value.http_status == 403
