"""Sessions of users and root users, federated users, and whose credentials are."""

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from ingle.auth.keys import Identity, SessionKind
from ingle.iam.principal import PrincipalKind
from ingle.services.iam.model import MfaDevice
from tests.services.conftest import ACCOUNT, OTHER_ACCOUNT
from tests.services.sts.conftest import World, allow, policy, trust, user_of

SEED = base64.b32encode(b"0123456789" * 2).decode()
SERIAL = f"arn:aws:iam::{ACCOUNT}:mfa/phone"
UNKNOWN = (
    "AccessDenied",
    "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA "
    "serial number is valid and associated with this user.",
)
WRONG = (
    "AccessDenied",
    "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
)


async def test_a_user_gets_a_session_of_its_own_for_twelve_hours(world: World) -> None:
    user = await world.user("u", tags={"team": "red"})
    answer = await world.call(user, "GetSessionToken")
    assert answer["Credentials"]["Expiration"] == world.clock.time() + 43200
    known = world.signed_with(answer)
    assert known.principal == user.principal
    assert known.session is not None
    assert (known.session.kind, known.session.mfa_at) == (SessionKind.USER, None)
    longest = await world.call(user, "GetSessionToken", DurationSeconds=129600)
    assert longest["Credentials"]["Expiration"] == world.clock.time() + 129600


@pytest.mark.parametrize(("wanted", "given"), [(None, 3600), (900, 900), (129600, 3600)])
async def test_a_root_user_s_session_lasts_an_hour_at_most(
    world: World, wanted: int | None, given: int
) -> None:
    members = {} if wanted is None else {"DurationSeconds": wanted}
    for operation, more in (("GetSessionToken", {}), ("GetFederationToken", {"Name": "bob"})):
        answer = await world.call(world.root(), operation, **members, **more)
        assert answer["Credentials"]["Expiration"] == world.clock.time() + given


async def test_credentials_of_a_session_get_no_further_session(world: World) -> None:
    user = await world.user("u", allow("sts:*"))
    role = await world.role("r", trust({"AWS": ACCOUNT}))
    sessions = [
        world.signed_with(answer)
        for answer in (
            await world.call(user, "GetSessionToken"),
            await world.call(user, "GetFederationToken", Name="bob"),
            await world.assume(user, role),
        )
    ]
    for session in sessions:
        for operation in ("GetSessionToken", "GetFederationToken"):
            told = await world.refused(session, operation, Name="bo")
            assert told == ("AccessDenied", f"Cannot call {operation} with session credentials")


async def test_a_user_s_session_may_assume_roles_and_a_federated_user_may_not(
    world: World,
) -> None:
    user = await world.user("u", allow("sts:*"))
    role = await world.role("r", trust({"AWS": ACCOUNT}), max_session_s=43200)
    session = world.signed_with(await world.call(user, "GetSessionToken"))
    # It is no role's session, so this is no chain.
    await world.assume(session, role, DurationSeconds=43200)
    answer = await world.call(user, "GetFederationToken", Name="bob", Policy=policy(allow("*")))
    federated = world.signed_with(answer)
    assert await world.not_assumed(federated, role) == (
        "AccessDenied",
        f"User: arn:aws:sts::{ACCOUNT}:federated-user/bob is not authorized to perform: "
        f"sts:AssumeRole on resource: {role.arn}",
    )


async def test_a_federated_user_is_one_of_its_own(world: World) -> None:
    user = await world.user("u", allow("*"))
    answer = await world.call(
        user,
        "GetFederationToken",
        Name="bob",
        Policy=policy(allow("lambda:*")),
        Tags=[{"Key": "team", "Value": "red"}],
    )
    arn = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
    assert answer["FederatedUser"] == {"FederatedUserId": f"{ACCOUNT}:bob", "Arn": arn}
    assert 0 < answer["PackedPolicySize"] < 100
    known = world.signed_with(answer)
    assert known.principal.kind is PrincipalKind.FEDERATED_USER
    assert known.holder == user.principal
    assert dict(known.principal.tags) == {"team": "red"}
    assert await world.call(known, "GetCallerIdentity") == {
        "UserId": f"{ACCOUNT}:bob",
        "Account": ACCOUNT,
        "Arn": arn,
    }


async def test_everybody_learns_who_they_are(world: World) -> None:
    assert await world.call(world.root(OTHER_ACCOUNT), "GetCallerIdentity") == {
        "UserId": OTHER_ACCOUNT,
        "Account": OTHER_ACCOUNT,
        "Arn": f"arn:aws:iam::{OTHER_ACCOUNT}:root",
    }
    user = await world.user("u", {"Effect": "Deny", "Action": "*", "Resource": "*"}, path="/team/")
    assert await world.call(user, "GetCallerIdentity") == {
        "UserId": user_of(world, user).unique_id,
        "Account": ACCOUNT,
        "Arn": f"arn:aws:iam::{ACCOUNT}:user/team/u",
    }


async def test_the_account_of_every_key_is_told(world: World) -> None:
    user = await world.user("u", account_id=OTHER_ACCOUNT)
    session = world.signed_with(await world.call(user, "GetSessionToken"))
    for key, account in (
        (world.root().access_key_id, ACCOUNT),
        (user.access_key_id, OTHER_ACCOUNT),
        (session.access_key_id, OTHER_ACCOUNT),
    ):
        answer = await world.call(world.root(), "GetAccessKeyInfo", AccessKeyId=key)
        assert answer == {"Account": account}
    unknown = "ASIA" + "A" * 15 + "7"
    for key in ("AKIAIOSFODNN7EXAMPLE", unknown.replace("ASIAA", "ASIA7")):
        told = await world.refused(world.root(), "GetAccessKeyInfo", AccessKeyId=key)
        assert told == ("ValidationError", f"The access key {key} does not exist.")


async def test_sessions_outlive_the_key_and_end_with_the_user(world: World) -> None:
    user = await world.user("u")
    answer = await world.call(user, "GetSessionToken")
    key = world.store.access_keys.identified(user.access_key_id)
    assert key is not None
    await world.have(replace(key, active=False))
    assert world.directory.access_key(user.access_key_id) is None
    await world.lose(key)
    assert world.found(answer) is not None
    await world.lose(user_of(world, user))
    assert world.found(answer) is None


async def with_device(world: World, owner: str = "u") -> Identity:
    user = await world.user("u", allow("sts:*"))
    device = MfaDevice(
        account_id=ACCOUNT, name="/phone", seed=SEED, created_ms=0, user=owner, enabled_ms=0
    )
    await world.have(world.store.secrets.seal(device))
    return user


def code_at(seconds: float) -> str:
    """The one-time password that the device shows."""
    return TOTP(base64.b32decode(SEED), 6, SHA1(), 30).generate(int(seconds)).decode()


async def test_a_second_factor_is_verified_and_remembered(world: World) -> None:
    user, now = await with_device(world), world.clock.time()
    members = {"SerialNumber": SERIAL, "TokenCode": code_at(now)}
    answer = await world.call(user, "GetSessionToken", **members)
    session = world.signed_with(answer)
    assert session.session is not None
    assert session.session.mfa_at == now
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    role = await world.role("r", trust({"AWS": ACCOUNT}, Condition=condition))
    assert (await world.not_assumed(user, role))[0] == "AccessDenied"
    await world.assume(session, role)
    await world.clock.advance(30)
    await world.assume(user, role, SerialNumber=SERIAL, TokenCode=code_at(world.clock.time()))


async def test_a_one_time_password_is_good_once_and_near_its_time(world: World) -> None:
    user, now = await with_device(world), world.clock.time()
    for wrong in (now - 90, now + 90):
        told = await world.refused(
            user, "GetSessionToken", SerialNumber=SERIAL, TokenCode=code_at(wrong)
        )
        assert told == WRONG
    members = {"SerialNumber": SERIAL, "TokenCode": code_at(now + 30)}
    await world.call(user, "GetSessionToken", **members)
    assert await world.refused(user, "GetSessionToken", **members) == WRONG
    members["TokenCode"] = code_at(now)
    assert await world.refused(user, "GetSessionToken", **members) == WRONG


async def test_a_device_is_its_owner_s_alone(world: World) -> None:
    user = await with_device(world, owner="other")
    members = {"TokenCode": code_at(world.clock.time())}
    for serial in (SERIAL, SERIAL + "2", "GAHT12345678"):
        told = await world.refused(user, "GetSessionToken", SerialNumber=serial, **members)
        assert told == UNKNOWN
    assert (
        await world.refused(world.root(), "GetSessionToken", SerialNumber=SERIAL, **members)
        == UNKNOWN
    )
