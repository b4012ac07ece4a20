"""What session tokens say, and whom they stand for as identities change."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.auth.directory import note_use
from ingle.auth.grants import Grant, GrantTooLarge, Note, packed_size
from ingle.auth.keys import AccessKey, Session, SessionKind
from ingle.auth.sessions import MAX_TOKEN, SessionMinter, account_of
from ingle.auth.sigv4 import Verifier
from ingle.iam.policy import Policy, PolicyKind
from ingle.iam.principal import PrincipalKind
from ingle.storage.encryption import KeyRing
from ingle.wire.errors import ServiceError

from .people import ROOT, People
from .signing import ACCOUNT, KEY, StillClock, sign

ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/r"
USER = f"arn:aws:iam::{ACCOUNT}:user/team/u"
ALLOW = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"lambda:*","Resource":"*"}}'

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=40)
TAGS = st.dictionaries(TEXT.filter(bool), TEXT, max_size=5)
TIME = st.floats(0, 1e10)
GRANTS = st.builds(
    Grant,
    st.sampled_from(SessionKind),
    st.sampled_from([ROLE, USER, ROOT.arn]),
    TEXT.filter(bool),
    TEXT,
    st.none() | TEXT.filter(bool),
    st.lists(TEXT, max_size=3).map(tuple),
    TAGS,
    st.frozensets(TEXT, max_size=3),
    st.none() | TEXT.filter(bool),
    st.none() | TEXT.filter(bool),
    TAGS,
    st.none() | st.floats(1, 1e10),
)


def minter(people: People) -> SessionMinter:
    return SessionMinter(KeyRing([b"k" * 32], Path("secret.key")), people)


def role_grant(**changes: object) -> Grant:
    return Grant(SessionKind.ROLE, ROLE, "AROAX", "s", **changes)  # type: ignore[arg-type]


def found(sessions: SessionMinter, grant: Grant) -> AccessKey | None:
    made = sessions.mint(grant, 1000.0, 900)
    return sessions.find(made.access_key_id, made.session_token)


def session_of(sessions: SessionMinter, grant: Grant) -> Session:
    key = found(sessions, grant)
    assert key is not None
    assert key.session is not None
    return key.session


@pytest.fixture
def people() -> People:
    made = People(accounts={ACCOUNT})
    made.have_role(ROLE, "AROAX", Team="red", stage="dev")
    made.have_user(USER, "AIDAX", Team="red")
    return made


@given(GRANTS, st.binary(min_size=30, max_size=30), TIME, TIME, st.integers(0, 5000))
def test_a_grant_is_read_as_it_was_written(
    grant: Grant, secret: bytes, issued_at: float, expires_at: float, least: int
) -> None:
    note = Note(grant, secret, issued_at, expires_at)
    packed = note.pack(least)
    assert len(packed) >= least
    assert Note.unpack(packed) == note


@given(GRANTS, st.data())
def test_a_token_with_any_bit_flipped_is_refused(grant: Grant, data: st.DataObject) -> None:
    sessions = minter(People(accounts={ACCOUNT}))
    made = sessions.mint(grant, 0.0, 900)
    sealed = bytearray(base64.b64decode(made.session_token))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    assert sessions.find(made.access_key_id, base64.b64encode(sealed).decode()) is None


@given(GRANTS, st.data())
def test_a_token_that_was_cut_is_refused(grant: Grant, data: st.DataObject) -> None:
    sessions = minter(People(accounts={ACCOUNT}))
    made = sessions.mint(grant, 0.0, 900)
    token = made.session_token[: data.draw(st.integers(0, len(made.session_token) - 1))]
    assert sessions.find(made.access_key_id, token) is None


@pytest.mark.parametrize("note", [b"", b"\x01", b"\x07" + bytes(60), b"\x01\x09" + bytes(60)])
def test_a_note_of_another_version_is_not_read(note: bytes) -> None:
    with pytest.raises(ValueError, match="of another version"):
        Note.unpack(note)


def test_a_role_s_session_is_the_role_as_it_is_now(people: People) -> None:
    sessions = minter(people)
    made = sessions.mint(role_grant(tags={"team": "blue", "Cost": "7"}), 0.0, 900)
    key = sessions.find(made.access_key_id, made.session_token)
    assert key is not None
    assert key.principal.kind is PrincipalKind.ROLE_SESSION
    assert key.principal.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s"
    assert (key.principal.role_arn, key.principal.unique_id) == (ROLE, "AROAX:s")
    assert dict(key.principal.tags) == {"stage": "dev", "team": "blue", "Cost": "7"}
    assert sessions.find(made.access_key_id, made.session_token) is key
    people.have_role(ROLE, "AROAX", stage="prod")
    again = sessions.find(made.access_key_id, made.session_token)
    assert again is not None
    assert dict(again.principal.tags) == {"stage": "prod", "team": "blue", "Cost": "7"}


@pytest.mark.parametrize("kind", SessionKind)
def test_whom_a_session_is_of_must_still_be_there_and_be_the_same(
    people: People, kind: SessionKind
) -> None:
    is_role = kind in (SessionKind.ROLE, SessionKind.WEB_IDENTITY)
    holder, own_id = (ROLE, "AROAX") if is_role else (USER, "AIDAX")
    have = people.have_role if is_role else people.have_user
    sessions = minter(people)
    made = sessions.mint(Grant(kind, holder, own_id, "name"), 0.0, 900)

    def is_known() -> bool:
        return sessions.find(made.access_key_id, made.session_token) is not None

    assert is_known()
    people.lose(holder)
    assert not is_known()
    have(holder, "made anew")
    assert not is_known()
    have(holder, own_id)
    assert is_known()


def test_a_root_user_s_session_ends_with_its_account(people: People) -> None:
    sessions = minter(people)
    made = sessions.mint(Grant(SessionKind.USER, ROOT.arn, ACCOUNT), 0.0, 900)
    key = sessions.find(made.access_key_id, made.session_token)
    assert key is not None
    assert key.principal == ROOT
    people.lose(ACCOUNT)
    assert sessions.find(made.access_key_id, made.session_token) is None


def test_a_federated_user_has_permissions_of_whom_it_comes_from(people: People) -> None:
    grant = Grant(SessionKind.FEDERATED_USER, USER, "AIDAX", "bob", ALLOW, tags={"TEAM": "blue"})
    key = found(minter(people), grant)
    assert key is not None
    assert key.session is not None
    who = key.principal
    assert (who.kind, who.unique_id) == (PrincipalKind.FEDERATED_USER, f"{ACCOUNT}:bob")
    assert who.arn == f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
    assert dict(who.tags) == {"TEAM": "blue"}
    assert key.session.issuer == people.users[USER]
    assert key.session.policies is not None
    assert len(key.session.policies) == 1


def test_session_policies_are_compiled_and_those_that_are_gone_allow_nothing(
    people: People,
) -> None:
    sessions, managed = minter(people), "arn:aws:iam::aws:policy/X"
    assert session_of(sessions, role_grant()).policies is None
    people.managed[managed] = Policy.parse(ALLOW, PolicyKind.IDENTITY)
    both = session_of(sessions, role_grant(policy=ALLOW, policy_arns=(managed,))).policies
    assert both is not None
    assert len(both) == 2
    people.lose(managed)
    assert session_of(sessions, role_grant(policy_arns=(managed,))).policies == ()
    federated = Grant(SessionKind.FEDERATED_USER, USER, "AIDAX", "bob")
    assert session_of(sessions, federated).policies == ()


@given(st.integers(0, 10**12 - 1))
def test_the_account_is_in_the_key_s_id_as_on_aws(number: int) -> None:
    account = f"{number:012}"
    grant = Grant(SessionKind.USER, f"arn:aws:iam::{account}:root", account)
    made = minter(People()).mint(grant, 0.0, 900)
    # As those who have worked out AWS's form read it.
    first = int.from_bytes(base64.b32decode(made.access_key_id[4:])[:6])
    assert f"{(first & 0x7FFFFFFFFF80) >> 7:012}" == account
    assert account_of(made.access_key_id) == account


@given(st.text(max_size=24) | st.text("ABCDEFGHIJ234567", min_size=16).map("AKIA".__add__))
def test_ids_of_other_keys_tell_no_account(access_key_id: str) -> None:
    assert account_of(access_key_id) is None or access_key_id.startswith("ASIA")


@pytest.mark.parametrize("least", [0, 1, 500, 1000, 4095, 4096])
def test_a_token_is_as_long_as_was_asked_for(people: People, least: int) -> None:
    sessions = minter(people)
    made = sessions.mint(role_grant(), 0.0, 900, least)
    assert least <= len(made.session_token) <= MAX_TOKEN
    assert sessions.find(made.access_key_id, made.session_token) is not None


@pytest.mark.parametrize("characters", [3000, 70_000])
def test_a_token_is_never_too_long(people: People, characters: int) -> None:
    noise = "".join(chr(0x4E00 + (i * i * 7919) % 20_000) for i in range(characters))
    with pytest.raises(GrantTooLarge):
        minter(people).mint(role_grant(policy=noise), 0.0, 900)


def test_what_is_not_there_takes_no_space() -> None:
    assert packed_size(None, (), {}) == 0
    assert 0 < packed_size(None, (), {"a": "b"}) < packed_size(ALLOW, (), {"a": "b"})


@pytest.mark.parametrize(
    ("grant", "taken"),
    [
        (role_grant(), True),
        (Grant(SessionKind.USER, USER, "AIDAX"), False),
        (Grant(SessionKind.USER, USER, "AIDAX", mfa_at=1.0), True),
        (Grant(SessionKind.FEDERATED_USER, USER, "AIDAX", "bob", mfa_at=1.0), False),
    ],
)
def test_iam_takes_sessions_of_users_only_with_a_second_factor(
    people: People, clock: StillClock, grant: Grant, taken: bool
) -> None:
    sessions = minter(people)
    verifier = Verifier({}.get, clock, find_session=sessions.find)
    sign(clock)
    made = sessions.mint(grant, clock.now, 900)
    key = AccessKey(
        made.access_key_id, made.secret_access_key, ROOT, session_token=made.session_token
    )
    assert verifier.verify(sign(clock, key=key)).session is not None
    request = sign(clock, key=key, service="iam")
    if taken:
        assert verifier.verify(request).service == "iam"
    else:
        with pytest.raises(ServiceError, match="The security token included in the request is inv"):
            verifier.verify(request)


def test_uses_are_told_of_users_keys_and_of_roles(people: People, clock: StillClock) -> None:
    sessions = minter(people)
    verifier = Verifier(
        {KEY.access_key_id: KEY}.get, clock, find_session=sessions.find, used=note_use(people)
    )
    verifier.verify(sign(clock))
    made = sessions.mint(role_grant(), clock.now, 900)
    key = AccessKey(
        made.access_key_id, made.secret_access_key, ROOT, session_token=made.session_token
    )
    verifier.verify(sign(clock, key=key, region="eu-west-1", service="logs"))
    assert [use[:3] for use in people.uses] == [
        (KEY.access_key_id, "lambda", "us-east-1"),
        (ROLE, "logs", "eu-west-1"),
    ]
    request = sign(clock)
    request.body += b"x"
    with pytest.raises(ServiceError):
        verifier.verify(request)
    assert len(people.uses) == 2
