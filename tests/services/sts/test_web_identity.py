"""AssumeRoleWithWebIdentity, with tokens of a real issuer."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from ingle.auth.keys import Identity, SessionKind
from ingle.iam.principal import ANONYMOUS
from ingle.services.iam.model import OidcProvider, Role
from ingle.services.sts import issuers
from tests.issuers import DISCOVERY, KEYS, Issuer, serving
from tests.services.conftest import ACCOUNT, OTHER_ACCOUNT, REGION
from tests.services.sts.conftest import World, allow, policy, trust

WITH = "sts:AssumeRoleWithWebIdentity"
NOBODY = Identity("", ANONYMOUS, REGION, "sts")
DENIED = ("AccessDenied", f"Not authorized to perform {WITH}")
NO_JWT = (
    "InvalidIdentityToken",
    "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access "
    "Token)",
)
NO_KEY = (
    "InvalidIdentityToken",
    "Couldn't retrieve verification key from your identity provider,  please reference "
    "AssumeRoleWithWebIdentity documentation for requirements",
)


@pytest.fixture(scope="module")
def _issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    with serving(tmp_path_factory.mktemp("issuer")) as issuer:
        yield issuer


@pytest.fixture
def issuer(_issuer: Issuer) -> Iterator[Issuer]:
    documents = dict(_issuer.documents)
    _issuer.asked.clear()
    yield _issuer
    _issuer.documents = documents


@pytest.fixture
async def provider(world: World, issuer: Issuer) -> OidcProvider:
    """The issuer as an account trusts it."""
    made = OidcProvider(
        account_id=ACCOUNT,
        name=issuer.name,
        client_ids=("my-app",),
        thumbprints=(issuer.thumbprint,),
        created_ms=0,
    )
    await world.have(made)
    return made


@pytest.fixture
async def role(world: World, provider: OidcProvider) -> Role:
    """A role for one subject of it."""
    condition = {
        "StringEquals": {f"{provider.name}:aud": "my-app", f"{provider.name}:sub": "me@example"}
    }
    return await world.role(
        "web", trust({"Federated": provider.arn}, [WITH, "sts:TagSession"], Condition=condition)
    )


def claims(world: World, issuer: Issuer, **changes: Any) -> dict[str, Any]:
    """The claims of a token that is right."""
    now = int(world.clock.time())
    own = {"iss": issuer.url, "sub": "me@example", "aud": "my-app", "iat": now, "exp": now + 600}
    return {name: value for name, value in {**own, **changes}.items() if value is not None}


def members(role: Role, token: str) -> dict[str, str]:
    return {"RoleArn": role.arn, "RoleSessionName": "web", "WebIdentityToken": token}


async def assume(world: World, role: Role, token: str, **more: Any) -> Any:
    return await world.call(NOBODY, "AssumeRoleWithWebIdentity", **members(role, token), **more)


async def refused(world: World, role: Role, token: str, **more: Any) -> tuple[str, str]:
    return await world.refused(NOBODY, "AssumeRoleWithWebIdentity", **members(role, token), **more)


@pytest.mark.parametrize("key_id", ["rsa", "ec"])
async def test_a_token_of_the_issuer_is_a_role_s_session(
    world: World, issuer: Issuer, provider: OidcProvider, role: Role, key_id: str
) -> None:
    answer = await assume(world, role, issuer.sign(claims(world, issuer), key_id))
    assert answer["SubjectFromWebIdentityToken"] == "me@example"
    assert (answer["Audience"], answer["Provider"]) == ("my-app", provider.arn)
    assert answer["AssumedRoleUser"]["AssumedRoleId"] == f"{role.unique_id}:web"
    session = world.signed_with(answer).session
    assert session is not None
    assert session.kind is SessionKind.WEB_IDENTITY
    assert session.federated_provider == provider.arn
    assert dict(session.context) == {
        f"{issuer.name}:aud": "my-app",
        f"{issuer.name}:sub": "me@example",
    }


async def test_keys_are_fetched_once_and_again_for_one_that_is_new(
    world: World, issuer: Issuer, role: Role
) -> None:
    issuer.publish("rsa")
    token = issuer.sign(claims(world, issuer))
    for _ in range(3):
        await assume(world, role, token)
    assert issuer.asked == [DISCOVERY, KEYS]
    issuer.publish("rsa", "ec")
    other = issuer.sign(claims(world, issuer), "ec")
    # Not at once, so that made-up keys do not have an issuer asked again and again.
    assert await refused(world, role, other) == NO_KEY
    assert len(issuer.asked) == 2
    await world.clock.advance(issuers.AGAIN_S)
    await assume(world, role, other)
    assert len(issuer.asked) == 4


async def test_keys_that_are_known_count_on_while_the_issuer_is_away(
    world: World, issuer: Issuer, role: Role
) -> None:
    issuer.publish("rsa")
    token = issuer.sign(claims(world, issuer))
    await assume(world, role, token)
    issuer.documents[KEYS] = (503, b"")
    await world.clock.advance(issuers.AGAIN_S)
    other = issuer.sign(claims(world, issuer), "ec")
    for _ in range(2):
        assert await refused(world, role, other) == NO_KEY
        await assume(world, role, token)
    assert len(issuer.asked) == 4
    issuer.publish("rsa", "ec")
    await world.clock.advance(issuers.AGAIN_S)
    await assume(world, role, other)


async def test_keys_that_an_issuer_withdrew_are_forgotten_within_the_hour(
    world: World, issuer: Issuer, role: Role
) -> None:
    token = issuer.sign(claims(world, issuer, exp=int(world.clock.time()) + 9000))
    await assume(world, role, token)
    issuer.publish("ec")
    await world.clock.advance(issuers.KEPT_S)
    assert await refused(world, role, token) == NO_KEY


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"sub": "somebody else"}, DENIED),
        ({"aud": "another-app"}, ("InvalidIdentityToken", "Incorrect token audience")),
        ({"aud": None}, ("InvalidIdentityToken", "Incorrect token audience")),
        ({"aud": 7}, ("InvalidIdentityToken", "Incorrect token audience")),
        ({"azp": "another-app"}, ("InvalidIdentityToken", "Incorrect token audience")),
        ({"sub": None}, ("InvalidIdentityToken", "Missing a required claim: sub")),
        ({"exp": None}, ("InvalidIdentityToken", "Missing a required claim: exp")),
        ({"exp": True}, ("InvalidIdentityToken", "Missing a required claim: exp")),
        ({"iat": None}, ("InvalidIdentityToken", "Missing a required claim: iat")),
        ({"iss": None}, NO_JWT),
        ({"iat": 1_767_226_000}, ("IDPRejectedClaim", "The iat claim of the token is in the fu")),
        ({"nbf": 1_767_226_000}, ("IDPRejectedClaim", "The nbf claim of the token is in the fu")),
        ({"sub": "x" * 256}, ("IDPRejectedClaim", "The sub claim of the token is empty or too")),
        ({"https://aws.amazon.com/tags": 7}, ("IDPRejectedClaim", "The https://aws.amazon.com/t")),
        (
            {"https://aws.amazon.com/source_identity": "a b"},
            ("IDPRejectedClaim", "The source identity of the token is not valid."),
        ),
        (
            {"exp": 1_767_225_600},
            (
                "ExpiredTokenException",
                "Token expired: current date/time 1767225600 must be before the expiration "
                "date/time 1767225600",
            ),
        ),
    ],
)
async def test_a_token_whose_claims_are_not_right_is_refused(
    world: World, issuer: Issuer, role: Role, changes: dict[str, Any], told: tuple[str, str]
) -> None:
    code, text = await refused(world, role, issuer.sign(claims(world, issuer, **changes)))
    assert code == told[0]
    assert text.startswith(told[1])


@pytest.mark.parametrize("url", ["https://other.example", "http://127.0.0.1", "127.0.0.1", ""])
async def test_an_issuer_that_the_account_does_not_know_is_refused(
    world: World, issuer: Issuer, role: Role, url: str
) -> None:
    assert await refused(world, role, issuer.sign(claims(world, issuer, iss=url))) == (
        "InvalidIdentityToken",
        f"No OpenIDConnect provider found in your account for {url}",
    )
    assert issuer.asked == []


async def test_what_is_not_signed_by_the_issuer_is_refused(
    world: World, issuer: Issuer, role: Role
) -> None:
    own = claims(world, issuer)
    right = issuer.sign(own)
    head, body, signature = right.split(".")
    another = issuer.sign(claims(world, issuer, sub="me")).split(".")[1]
    not_validated = (
        "InvalidIdentityToken",
        "The web identity token that was passed could not be validated.",
    )
    forger = rsa.generate_private_key(65537, 2048)
    for token in (
        f"{head}.{another}.{signature}",
        issuer.sign(own, key=forger),
        issuer.sign(own, "ec", algorithm="RS256", key=issuer.keys["rsa"]),
        f"{head}.{body}.",
    ):
        assert await refused(world, role, token) == not_validated
    await assume(world, role, right)


async def test_what_is_no_token_is_refused(world: World, issuer: Issuer, role: Role) -> None:
    own = claims(world, issuer)
    head, body, signature = issuer.sign(own).split(".")
    unsigned = jwt.encode(own, None, algorithm="none")
    # The public key as a shared secret, and a secret of one's own.
    shared = jwt.encode(own, "secret" * 10, algorithm="HS256", headers={"kid": "rsa"})
    listed = jwt.PyJWS().encode(b"[]", issuer.keys["rsa"], algorithm="RS256")
    for token in (
        "nonsense",
        f"{head}.{body}",
        f"{head}.AAAA.{signature}",
        f"!.{body}.{signature}",
        unsigned,
        shared,
        listed,
        "tökén.tökén.tökén",
    ):
        assert await refused(world, role, token) == NO_JWT


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        (DISCOVERY, 404, b""),
        (DISCOVERY, 302, b"/elsewhere"),
        (DISCOVERY, 200, b"not JSON"),
        (DISCOVERY, 200, b"[]"),
        (DISCOVERY, 200, b"{}"),
        (DISCOVERY, 200, b'{"issuer": 7}'),
        (DISCOVERY, 200, b'{"issuer": "https://another.example", "jwks_uri": "https://x.example"}'),
        (KEYS, 500, b""),
        (KEYS, 200, b"{}"),
        (KEYS, 200, b'{"keys": []}'),
        (KEYS, 200, b'{"keys": [{"kty": "RSA"}]}'),
        (KEYS, 200, b'{"keys": 7}'),
        (KEYS, 200, b" " * (issuers.MAX_BYTES + 1)),
    ],
)
async def test_an_issuer_whose_documents_are_wrong_has_no_key(
    world: World, issuer: Issuer, role: Role, path: str, status: int, body: bytes
) -> None:
    issuer.documents[path] = (status, body)
    assert await refused(world, role, issuer.sign(claims(world, issuer))) == NO_KEY


@pytest.mark.parametrize("uri", ["http://127.0.0.1/keys", "file:///etc/passwd", "https://a:b:c", 7])
async def test_keys_are_fetched_over_tls_only(
    world: World, issuer: Issuer, role: Role, uri: Any
) -> None:
    document = {"issuer": issuer.url, "jwks_uri": uri}
    issuer.documents[DISCOVERY] = (200, json.dumps(document).encode())
    assert await refused(world, role, issuer.sign(claims(world, issuer))) == NO_KEY


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    world: World, issuer: Issuer, provider: OidcProvider, role: Role
) -> None:
    token = issuer.sign(claims(world, issuer))
    for thumbprints, code in ((("0" * 40,), NO_KEY[0]), ((), "IDPCommunicationError")):
        await world.have(
            OidcProvider(
                account_id=ACCOUNT,
                name=provider.name,
                client_ids=provider.client_ids,
                thumbprints=thumbprints,
                created_ms=0,
            )
        )
        assert (await refused(world, role, token))[0] == code
    assert issuer.asked == [] or set(issuer.asked) == {DISCOVERY}


async def test_an_issuer_that_takes_too_long_is_not_waited_for(
    world: World, issuer: Issuer, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuers, "FETCH_S", 0.05)
    token = issuer.sign(claims(world, issuer))
    with issuer.stalled():
        assert (await refused(world, role, token))[0] == "IDPCommunicationError"
        # Nor is it asked again at once: anybody may send tokens.
        monkeypatch.setattr(issuers, "FETCH_S", 600)
        assert (await refused(world, role, token))[0] == "IDPCommunicationError"
    await world.clock.advance(issuers.AGAIN_S)
    await assume(world, role, token)


async def test_an_issuer_that_does_not_answer_is_told_so(
    world: World, tmp_path: Path, role: Role
) -> None:
    with serving(tmp_path) as gone:
        pass
    await world.have(
        OidcProvider(
            account_id=ACCOUNT,
            name=gone.name,
            client_ids=("my-app",),
            thumbprints=(gone.thumbprint,),
            created_ms=0,
        )
    )
    told = await refused(world, role, gone.sign(claims(world, gone)))
    assert told[0] == "IDPCommunicationError"
    assert gone.url in told[1]


async def test_only_a_role_that_trusts_the_issuer_is_given(
    world: World, issuer: Issuer, provider: OidcProvider, role: Role
) -> None:
    token = issuer.sign(claims(world, issuer))
    others = [
        await world.role("account", trust({"AWS": ACCOUNT}, "sts:*")),
        await world.role("service", trust({"Service": "lambda.amazonaws.com"}, "sts:*")),
        await world.role("action", trust({"Federated": provider.arn}, "sts:AssumeRole")),
    ]
    for other in others:
        assert await refused(world, other, token) == DENIED
    await world.lose(role)
    assert await refused(world, role, token) == DENIED
    foreign = await world.role(
        "web", trust({"Federated": provider.arn}, WITH), account_id=OTHER_ACCOUNT
    )
    assert await refused(world, foreign, token) == (
        "InvalidIdentityToken",
        f"No OpenIDConnect provider found in your account for {issuer.url}",
    )


@pytest.mark.parametrize("nested", [True, False])
async def test_an_issuer_may_tag_sessions(
    world: World, issuer: Issuer, role: Role, nested: bool
) -> None:
    prefix = "https://aws.amazon.com/tags"
    tags: dict[str, Any] = {
        prefix: {
            "principal_tags": {"Project": ["Automation"], "stage": ["dev"]},
            "transitive_tag_keys": ["Project"],
        }
    }
    if not nested:
        tags = {
            f"{prefix}/principal_tags/Project": "Automation",
            f"{prefix}/principal_tags/stage": "dev",
            f"{prefix}/transitive_tag_keys": ["Project"],
        }
    answer = await assume(world, role, issuer.sign(claims(world, issuer, **tags)))
    known = world.signed_with(answer)
    assert known.session is not None
    assert dict(known.principal.tags) == {"Project": "Automation", "stage": "dev"}
    assert known.session.transitive_tags == {"Project"}


async def test_a_source_identity_takes_a_permission(
    world: World, issuer: Issuer, provider: OidcProvider, role: Role
) -> None:
    token = issuer.sign(claims(world, issuer, **{"https://aws.amazon.com/source_identity": "me"}))
    assert await refused(world, role, token) == DENIED
    open_role = await world.role(
        "open", trust({"Federated": provider.arn}, [WITH, "sts:SetSourceIdentity"])
    )
    assert (await assume(world, open_role, token))["SourceIdentity"] == "me"


async def test_the_party_that_a_token_was_issued_to_is_its_audience(
    world: World, issuer: Issuer, role: Role
) -> None:
    token = issuer.sign(claims(world, issuer, aud=["x", "y"], azp="my-app"))
    answer = await assume(world, role, token)
    session = world.signed_with(answer).session
    assert session is not None
    assert session.context[f"{issuer.name}:oaud"] == "x"
    listed = issuer.sign(claims(world, issuer, aud=["x", "my-app"]))
    assert (await assume(world, role, listed))["Audience"] == "my-app"


async def test_the_bounds_of_a_session_are_those_of_every_role(
    world: World, issuer: Issuer, role: Role
) -> None:
    token = issuer.sign(claims(world, issuer))
    assert (await refused(world, role, token, DurationSeconds=3601))[0] == "ValidationError"
    assert (await refused(world, role, token, Policy="{"))[0] == "MalformedPolicyDocument"
    told = await refused(world, role, token, ProviderId="www.amazon.com")
    assert told[0] == "ValidationError"
    assert told[1].startswith("ProviderId is not supported by this version of Ingle: ")
    answer = await assume(world, role, token, Policy=policy(allow("s3:*")), DurationSeconds=900)
    assert answer["Credentials"]["Expiration"] == world.clock.time() + 900
    assert answer["PackedPolicySize"] > 0
