"""What signatures and permissions ask about identities."""

import dataclasses
import json
from pathlib import Path

import pytest

from ingle.auth.keys import AccessKey
from ingle.auth.root import root_user
from ingle.iam.principal import Principal, PrincipalKind
from ingle.services.iam import making
from ingle.services.iam.directory import Directory
from ingle.services.iam.model import OidcProvider, User, UserKey
from ingle.services.iam.store import IamStore
from ingle.services.iam.trust import Trust, UnknownPrincipal
from ingle.storage.database import Database
from ingle.storage.encryption import KeyRing
from tests.services.conftest import ACCOUNT, KEYS, OTHER_ACCOUNT
from tests.services.iam.conftest import ALLOW_ALL, TRUST_LAMBDA, trusting

BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
NOW_MS = 1_700_000_000_000
ROOT_KEY = AccessKey("AKIAROOT", "secret", root_user(ACCOUNT))


@pytest.fixture
async def store(database: Database) -> IamStore:
    opened = await IamStore.open(database, KEYS)
    accounts = (making.new_account(each, "", NOW_MS) for each in (ACCOUNT, OTHER_ACCOUNT))
    await opened.change(put=accounts)
    return opened


@pytest.fixture
def directory(store: IamStore) -> Directory:
    return Directory(store, {ROOT_KEY.access_key_id: ROOT_KEY}.get)


async def add_user(store: IamStore, name: str = "Bob", **fields: object) -> tuple[User, UserKey]:
    user = dataclasses.replace(making.new_user(ACCOUNT, name, NOW_MS, path="/p/"), **fields)
    key = making.new_access_key(ACCOUNT, name, NOW_MS)
    await store.change(put=[user, store.secrets.seal(key)])
    return user, key


async def test_a_key_is_found_with_its_secret_and_its_user(
    store: IamStore, directory: Directory
) -> None:
    user, key = await add_user(store, tags={"team": "red"})
    found = directory.access_key(key.name)
    assert found is not None
    assert found.secret_access_key == key.secret
    assert found.principal == Principal(
        PrincipalKind.USER, user.arn, ACCOUNT, user.unique_id, tags={"team": "red"}
    )
    assert found.principal.tags == {"team": "red"}
    assert directory.access_key(ROOT_KEY.access_key_id) is ROOT_KEY
    assert directory.access_key("AKIANOBODY") is None
    assert directory.key_account(key.name) == ACCOUNT
    assert directory.key_account("AKIANOBODY") is None


async def test_what_is_switched_off_or_deleted_is_gone_at_once(
    store: IamStore, directory: Directory
) -> None:
    user, key = await add_user(store)
    sealed = store.access_keys.identified(key.name)
    assert sealed is not None
    assert directory.access_key(key.name) is not None
    generation = directory.generation
    await store.change(put=[dataclasses.replace(sealed, active=False)])
    assert directory.generation > generation
    assert directory.access_key(key.name) is None
    assert directory.key_account(key.name) == ACCOUNT
    await store.change(put=[sealed])
    assert directory.access_key(key.name) is not None
    await store.change(remove=[user])
    assert directory.access_key(key.name) is None


async def test_policies_are_the_inline_the_attached_and_those_of_groups(
    store: IamStore, directory: Directory
) -> None:
    group = making.new_group(ACCOUNT, "G", NOW_MS)
    policy = making.new_policy(ACCOUNT, "own", ALLOW_ALL, NOW_MS)
    await store.change(put=[policy, dataclasses.replace(group, inline={"of the group": ALLOW_ALL})])
    user, key = await add_user(
        store,
        inline={"of the user": ALLOW_ALL},
        attached=(policy.arn, BASIC),
        groups=("g",),
        boundary=BASIC,
    )
    found = directory.access_key(key.name)
    assert found is not None
    policies = directory.policies(found.principal)
    assert [each.name for each in policies.identity] == [
        "of the user",
        policy.arn,
        BASIC,
        "of the group",
    ]
    assert policies.boundary is not None
    assert policies.boundary.name == BASIC
    assert policies.account is None
    assert directory.policies(found.principal) is policies

    await store.change(put=[dataclasses.replace(user, inline={}, boundary=None)])
    policies = directory.policies(found.principal)
    assert [each.name for each in policies.identity] == [policy.arn, BASIC, "of the group"]
    assert policies.boundary is None


async def test_the_version_that_counts_is_the_one_that_is_compiled(
    store: IamStore, directory: Directory
) -> None:
    policy = making.new_policy(ACCOUNT, "p", ALLOW_ALL, NOW_MS)
    await store.change(put=[policy])
    denying = json.loads(ALLOW_ALL.replace("Allow", "Deny"))
    first = directory.managed_policy(ACCOUNT, policy.arn)
    version = policy.versions[0]._replace(number=2, document=json.dumps(denying))
    await store.change(
        put=[dataclasses.replace(policy, versions=(*policy.versions, version), default=2)]
    )
    second = directory.managed_policy(ACCOUNT, policy.arn)
    assert first is not None
    assert second is not None
    assert (first.document, second.document) == (json.loads(ALLOW_ALL), denying)
    assert directory.managed_policy(OTHER_ACCOUNT, policy.arn) is None
    assert directory.managed_policy(OTHER_ACCOUNT, BASIC) is not None


async def test_a_session_of_a_role_that_was_made_anew_has_no_policies(
    store: IamStore, directory: Directory
) -> None:
    trust = json.dumps(TRUST_LAMBDA)
    role = making.new_role(ACCOUNT, "r", trust, NOW_MS, path="/a/", attached=(BASIC,))
    await store.change(put=[role])
    session = Principal(
        PrincipalKind.ROLE_SESSION,
        f"arn:aws:sts::{ACCOUNT}:assumed-role/r/session",
        ACCOUNT,
        f"{role.unique_id}:session",
        role.arn,
    )
    assert len(directory.policies(session).identity) == 1
    facts = directory.role(role.arn)
    assert facts is not None
    assert (facts.unique_id, facts.path) == (role.unique_id, "/a/")
    assert facts.trust.document == TRUST_LAMBDA
    assert directory.role(role.arn.replace("/a/", "/")) is None
    again = making.new_role(ACCOUNT, "r", trust, NOW_MS, path="/a/", attached=(BASIC,))
    await store.change(remove=[role], put=[again])
    assert directory.policies(session).identity == ()
    facts = directory.role(role.arn)
    assert facts is not None
    assert facts.unique_id == again.unique_id


async def test_a_deleted_user_is_trusted_no_longer_nor_is_its_namesake(
    store: IamStore, directory: Directory
) -> None:
    user, _ = await add_user(store)
    trust = Trust(store)
    role = making.new_role(ACCOUNT, "r", trust.kept(trusting(user.arn)), NOW_MS)
    await store.change(put=[role])

    def trusted() -> object:
        facts = directory.role(role.arn)
        assert facts is not None
        return facts.trust.document["Statement"][0]["Principal"]["AWS"]

    assert trusted() == user.arn
    await store.change(remove=[user])
    assert trusted() == user.unique_id
    with pytest.raises(UnknownPrincipal):
        trust.kept(trusting(user.arn))
    await add_user(store)
    assert trusted() == user.unique_id


async def test_uses_are_noted_in_memory_and_written(
    store: IamStore, directory: Directory, database: Database
) -> None:
    user, key = await add_user(store)
    generation = directory.generation
    directory.used(key.name, "lambda", "us-east-1", 1.5)
    directory.used("AKIANOBODY", "lambda", "us-east-1", 1.5)
    use = store.uses.get(key.name)
    assert use is not None
    assert (use.at_ms, use.service, use.region) == (1500, "lambda", "us-east-1")
    assert store.uses.get("AKIANOBODY") is None
    assert directory.generation == generation
    await store.uses.write()
    again = await IamStore.open(database, KEYS)
    assert again.uses.get(key.name) == use
    sealed = store.access_keys.identified(key.name)
    assert sealed is not None
    await store.change(remove=[sealed])
    await store.uses.write()
    again = await IamStore.open(database, KEYS)
    assert again.uses.get(key.name) is None
    assert again.users.get(ACCOUNT, user.name) == user


async def test_secrets_are_sealed_anew_with_a_new_key(store: IamStore, database: Database) -> None:
    _, key = await add_user(store)
    before = store.access_keys.identified(key.name)
    assert before is not None
    newer = bytes([1]) * 32
    again = await IamStore.open(database, KeyRing([bytes(32), newer], Path("secret.key")))
    after = again.access_keys.identified(key.name)
    assert after is not None
    assert after.secret != before.secret
    assert again.secrets.open(after) == key.secret
    only_new = await IamStore.open(database, KeyRing([newer], Path("secret.key")))
    assert only_new.secrets.open(after) == key.secret


async def test_issuers_are_found_by_their_exact_name(store: IamStore, directory: Directory) -> None:
    provider = OidcProvider(
        account_id=ACCOUNT,
        name="issuer.example.com/Path",
        client_ids=("c",),
        thumbprints=(),
        created_ms=NOW_MS,
    )
    await store.change(put=[provider])
    found = directory.oidc_provider(ACCOUNT, "issuer.example.com/Path")
    assert found is not None
    assert (found.url, found.client_ids) == ("https://issuer.example.com/Path", ("c",))
    assert directory.oidc_provider(ACCOUNT, "issuer.example.com/path") is None
    assert directory.oidc_provider(OTHER_ACCOUNT, "issuer.example.com/Path") is None


async def test_accounts_are_those_that_were_made(directory: Directory) -> None:
    assert directory.account_exists(ACCOUNT)
    assert not directory.account_exists("222222222222")
