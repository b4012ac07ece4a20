"""Temporary credentials: given out, known again, and refused when they are not right."""

import asyncio
import base64
import re
from pathlib import Path

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from hypothesis import assume, given
from hypothesis import strategies as st

from ingle.auth.keys import AccessKey
from ingle.auth.sessions import DURATION_S, RoleMissing, SessionCredentials, SessionMinter
from ingle.auth.sigv4 import Verifier
from ingle.storage.encryption import KeyRing
from ingle.wire.errors import ServiceError
from ingle.wire.http import Request

from .people import ROOT, People
from .signing import ACCOUNT, KEY, StillClock, copy, sign

ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/lambda-ex"
PRINCIPAL = f"arn:aws:sts::{ACCOUNT}:assumed-role/lambda-ex/hello"
TARGET = (("X-Amz-Target", "Logs_20140328.DescribeLogGroups"),)
REST_JSON = ("lambda", SigV4Auth, ())
TARGET_JSON = ("logs", SigV4Auth, TARGET)
QUERY = ("sts", SigV4Auth, ())
S3 = ("s3", S3SigV4Auth, ())
Case = tuple[str, type[SigV4Auth], tuple[tuple[str, str], ...]]


def minter(*keys: bytes, people: People | None = None) -> SessionMinter:
    ring = KeyRing(keys or (b"k" * 32,), Path("secret.key"))
    return SessionMinter(ring, people or PEOPLE)


PEOPLE = People(accounts={ACCOUNT})
PEOPLE.have_role(ROLE)
MINTER = minter()
HELLO, OTHER = (
    f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}" for name in ("hello", "other")
)
SOME = MINTER.mint_for_function(ROLE, HELLO, 0.0)


def as_key(credentials: SessionCredentials, **changes: str | None) -> AccessKey:
    """Credentials as the client has them, to sign with."""
    parts = {
        "access_key_id": credentials.access_key_id,
        "secret_access_key": credentials.secret_access_key,
        "session_token": credentials.session_token,
    } | changes
    return AccessKey(principal=ROOT, **parts)  # type: ignore[arg-type]


def signed(clock: StillClock, key: AccessKey, case: Case = REST_JSON) -> Request:
    service, signer, headers = case
    # botocore moves the body of what it presigns into the query.
    body = b"" if issubclass(signer, SigV4QueryAuth) else b"{}"
    return sign(clock, signer, service=service, headers=headers, key=key, body=body)


@pytest.fixture
def verifier(clock: StillClock) -> Verifier:
    return Verifier({KEY.access_key_id: KEY}.get, clock, find_session=MINTER.find)


@pytest.fixture
def credentials(clock: StillClock) -> SessionCredentials:
    sign(clock)  # sets the clock
    return MINTER.mint_for_function(ROLE, HELLO, clock.now)


def refusal(verifier: Verifier, request: Request) -> tuple[str, int | None, str]:
    with pytest.raises(ServiceError) as refused:
        verifier.verify(request)
    error = refused.value
    return error.error_code, error.http_status, error.message


def test_credentials_look_like_those_of_aws() -> None:
    credentials = MINTER.mint_for_function(ROLE, HELLO, 1000.0)
    assert re.fullmatch(r"ASIA[A-Z2-7]{16}", credentials.access_key_id)
    assert re.fullmatch(r"[A-Za-z0-9+/]{40}", credentials.secret_access_key)
    assert re.fullmatch(r"[A-Za-z0-9+/]{100,}={0,2}", credentials.session_token)
    assert credentials.expiration == 1000.0 + 12 * 3600
    assert credentials.variables() == {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
    }


def test_no_two_are_alike_and_none_shows_its_secrets() -> None:
    many = [MINTER.mint_for_function(ROLE, HELLO, 0.0) for _ in range(50)]
    for name in ("access_key_id", "secret_access_key", "session_token"):
        assert len({getattr(each, name) for each in many}) == 50
    for each in many:
        shown = repr(each) + repr(MINTER.find(each.access_key_id, each.session_token))
        assert each.secret_access_key not in shown
        assert each.session_token not in shown
        plain = base64.b64decode(each.session_token)
        assert each.secret_access_key.encode() not in plain
        assert base64.b64decode(each.secret_access_key) not in plain
        assert b"lambda-ex" not in plain


@pytest.mark.parametrize(
    ("role", "principal"),
    [
        ("arn:aws:iam::111122223333:role/r", "arn:aws:sts::111122223333:assumed-role/r/hello"),
        ("arn:aws:iam::111122223333:role/a/b/r", "arn:aws:sts::111122223333:assumed-role/r/hello"),
    ],
)
def test_the_principal_is_the_role_without_its_path(role: str, principal: str) -> None:
    people = People()
    people.have_role(role, "AROAX")
    fresh = minter(people=people)
    credentials = fresh.mint_for_function(role, HELLO, 0.0)
    key = fresh.find(credentials.access_key_id, credentials.session_token)
    assert key is not None
    who = key.principal
    assert (who.arn, who.account_id, who.role_arn) == (principal, "111122223333", role)
    assert who.unique_id == "AROAX:hello"
    assert key.session is not None
    assert key.session.context == {"lambda:sourcefunctionarn": HELLO}


def test_a_role_that_is_not_there_has_no_credentials() -> None:
    with pytest.raises(RoleMissing, match="cannot be assumed by Lambda"):
        MINTER.mint_for_function(ROLE + "x", HELLO, 0.0)


@pytest.mark.parametrize(
    "case",
    [
        REST_JSON,
        TARGET_JSON,
        QUERY,
        S3,
        ("lambda", SigV4QueryAuth, ()),
        ("s3", S3SigV4QueryAuth, ()),
    ],
)
def test_what_is_signed_with_them_is_accepted(
    verifier: Verifier, clock: StillClock, credentials: SessionCredentials, case: Case
) -> None:
    identity = verifier.verify(signed(clock, as_key(credentials), case))
    assert identity.access_key_id == credentials.access_key_id
    assert (identity.principal_arn, identity.account_id) == (PRINCIPAL, ACCOUNT)
    assert (identity.region, identity.service) == ("us-east-1", case[0])


async def test_a_long_body_is_accepted_too(
    verifier: Verifier, clock: StillClock, credentials: SessionCredentials
) -> None:
    request = sign(clock, key=as_key(credentials), body=b"x" * 1_000_000)
    identities = await asyncio.gather(*(verifier.authenticate(request) for _ in range(4)))
    assert {each.principal_arn for each in identities} == {PRINCIPAL}


def test_another_server_with_the_key_file_knows_them(clock: StillClock) -> None:
    sign(clock)
    credentials = minter(b"a" * 32).mint_for_function(ROLE, HELLO, clock.now)
    request = signed(clock, as_key(credentials))
    for keys in ([b"a" * 32], [b"a" * 32, b"b" * 32]):
        other = Verifier({}.get, clock, find_session=minter(*keys).find)
        assert other.verify(copy(request)).principal_arn == PRINCIPAL
    stranger = Verifier({}.get, clock, find_session=minter(b"b" * 32).find)
    assert refusal(stranger, request)[0] == "UnrecognizedClientException"


INVALID = "The security token included in the request is invalid."
EXPIRED = "The security token included in the request is expired"


@pytest.mark.parametrize(
    ("case", "code", "status", "message"),
    [
        (REST_JSON, "ExpiredTokenException", 403, EXPIRED),
        (TARGET_JSON, "ExpiredTokenException", 400, EXPIRED),
        (QUERY, "ExpiredToken", 403, EXPIRED),
        (S3, "ExpiredToken", 400, "The provided token has expired."),
        (("lambda", SigV4QueryAuth, ()), "ExpiredTokenException", 403, EXPIRED),
    ],
)
def test_they_end_after_twelve_hours(
    verifier: Verifier, clock: StillClock, case: Case, code: str, status: int, message: str
) -> None:
    sign(clock)
    almost = MINTER.mint_for_function(ROLE, HELLO, clock.now - DURATION_S + 100)
    verifier.verify(signed(clock, as_key(almost), case))
    over = MINTER.mint_for_function(ROLE, HELLO, clock.now - DURATION_S)
    for _ in range(2):  # also when it is known already
        request = signed(clock, as_key(over), case)
        clock.now = over.expiration
        assert refusal(verifier, request) == (code, status, message)


@pytest.mark.parametrize(
    ("case", "code", "status", "message"),
    [
        (REST_JSON, "UnrecognizedClientException", 403, INVALID),
        (TARGET_JSON, "UnrecognizedClientException", 400, INVALID),
        (QUERY, "InvalidClientTokenId", 403, INVALID),
        (S3, "InvalidToken", 400, "The provided token is malformed or otherwise invalid."),
    ],
)
@pytest.mark.parametrize("wrong", ["tampered", "foreign", "another's", "nonsense", "not ASCII"])
def test_a_wrong_token_is_refused(
    verifier: Verifier,
    clock: StillClock,
    credentials: SessionCredentials,
    case: Case,
    code: str,
    status: int,
    message: str,
    wrong: str,
) -> None:
    tokens = {
        "tampered": "AAAA" + credentials.session_token[4:],
        "foreign": minter(b"x" * 32).mint_for_function(ROLE, HELLO, clock.now).session_token,
        "another's": MINTER.mint_for_function(ROLE, HELLO, clock.now).session_token,
        "nonsense": "nonsense",
        "not ASCII": "tökén",
    }
    request = signed(clock, as_key(credentials, session_token=tokens[wrong]), case)
    assert refusal(verifier, request) == (code, status, message)


@pytest.mark.parametrize(
    ("case", "code"),
    [
        (REST_JSON, "UnrecognizedClientException"),
        (TARGET_JSON, "UnrecognizedClientException"),
        (QUERY, "InvalidClientTokenId"),
        (S3, "InvalidAccessKeyId"),
    ],
)
def test_a_key_without_its_token_is_refused(
    verifier: Verifier, clock: StillClock, credentials: SessionCredentials, case: Case, code: str
) -> None:
    request = signed(clock, as_key(credentials, session_token=None), case)
    assert refusal(verifier, request)[0] == code


def test_a_token_does_not_go_with_a_lasting_key(
    verifier: Verifier, clock: StillClock, credentials: SessionCredentials
) -> None:
    both = as_key(
        credentials, access_key_id=KEY.access_key_id, secret_access_key=KEY.secret_access_key
    )
    assert refusal(verifier, signed(clock, both))[0] == "UnrecognizedClientException"


def test_a_token_without_the_secret_is_worth_nothing(
    verifier: Verifier, clock: StillClock, credentials: SessionCredentials
) -> None:
    request = signed(clock, as_key(credentials, secret_access_key="guessed"))
    assert refusal(verifier, request)[0] == "InvalidSignatureException"


def test_the_secret_without_the_token_signs_nothing_later_either(
    verifier: Verifier, clock: StillClock, credentials: SessionCredentials
) -> None:
    # What was seen with its token must not be accepted from then on without it.
    verifier.verify(signed(clock, as_key(credentials)))
    request = signed(clock, as_key(credentials, session_token=None))
    assert refusal(verifier, request)[0] == "UnrecognizedClientException"


@pytest.mark.parametrize("part", ["token in the header", "token in the query"])
def test_a_token_that_is_exchanged_after_signing_is_refused(
    verifier: Verifier, clock: StillClock, credentials: SessionCredentials, part: str
) -> None:
    other = MINTER.mint_for_function(ROLE, OTHER, clock.now)
    if part == "token in the header":
        request = signed(clock, as_key(credentials))
        headers = dict(request.headers)
        assert headers["x-amz-security-token"] == credentials.session_token
        request.headers = headers | {"x-amz-security-token": other.session_token}
    else:
        request = signed(clock, as_key(credentials), ("lambda", SigV4QueryAuth, ()))
        changed = re.sub("X-Amz-Security-Token=[^&]*", "X-Amz-Security-Token=AAAA", request.query)
        assert changed != request.query
        request.query = changed
    assert refusal(verifier, request)[0] == "UnrecognizedClientException"


def test_s3_wants_the_token_signed(
    verifier: Verifier, clock: StillClock, credentials: SessionCredentials
) -> None:
    request = signed(clock, as_key(credentials, session_token=None), S3)
    request.headers = dict(request.headers) | {"x-amz-security-token": credentials.session_token}
    assert refusal(verifier, request)[:2] == ("AccessDenied", 403)


@given(st.text(max_size=300))
def test_no_text_at_all_is_taken_for_a_token(text: str) -> None:
    assert MINTER.find("ASIAIOSFODNN7EXAMPLE", text) is None


@given(st.integers(0, len(SOME.session_token.rstrip("=")) - 2), st.sampled_from("ABCxyz059+/=!é "))
def test_a_token_with_any_character_changed_is_not_taken(index: int, other: str) -> None:
    token = SOME.session_token
    changed = token[:index] + other + token[index + 1 :]
    assume(changed != token)
    assert MINTER.find(SOME.access_key_id, changed) is None


def test_guesses_do_not_displace_what_is_in_use() -> None:
    fresh = minter()
    credentials = fresh.mint_for_function(ROLE, HELLO, 0.0)
    known = fresh.find(credentials.access_key_id, credentials.session_token)
    for number in range(10_000):
        assert fresh.find(credentials.access_key_id, f"{number:08}") is None
    assert fresh.find(credentials.access_key_id, credentials.session_token) is known
