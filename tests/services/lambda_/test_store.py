from dataclasses import replace

from ingle.services.lambda_.model import Alias, Function, Package, Policy
from ingle.services.lambda_.policy_documents import HEAD
from ingle.services.lambda_.store import LambdaStore
from ingle.storage.database import Database
from tests.services.cancelling import cancel_within_commit
from tests.services.conftest import ACCOUNT, KEYS, REGION

PACKAGE = Package("0" * 64, 12)
FUNCTION = Function(
    account_id=ACCOUNT,
    region=REGION,
    name="hello",
    revision_id="one",
    content_id="first",
    last_modified_ms=1,
    runtime="python3.11",
    handler="app.handler",
    role="arn:aws:iam::000000000000:role/lambda",
    description="",
    timeout_s=3,
    memory_mb=128,
    ephemeral_mb=512,
    architecture="x86_64",
    environment=None,
    log_group="/aws/lambda/hello",
    tags={"team": "ü"},
    package=PACKAGE,
)
LIVE = Alias(
    key=FUNCTION.key,
    name="live",
    function_version="$LATEST",
    description="é",
    additional={"1": 0.25},
    revision_id="one",
)


async def test_what_is_stored_is_loaded_again(database: Database) -> None:
    store = await LambdaStore.open(database, KEYS)
    await store.add_package(PACKAGE)
    await store.add_package(PACKAGE)
    await store.add(FUNCTION)
    other = replace(FUNCTION, name="other", environment={"A1": "é"})
    await store.add(other)
    await store.replace(replace(other, revision_id="two"))
    loaded = await LambdaStore.open(database, KEYS)
    assert loaded.functions(ACCOUNT, REGION) == [FUNCTION, replace(other, revision_id="two")]
    assert loaded.runtimes() == {"python3.11"}
    await store.remove(FUNCTION.key)
    assert (await LambdaStore.open(database, KEYS)).get(FUNCTION.key) is None
    assert store.get(FUNCTION.key) is None
    assert PACKAGE.sha256 in store.users


async def test_a_write_whose_caller_goes_away_is_in_memory_if_it_is_on_the_disk(
    database: Database,
) -> None:
    store = await LambdaStore.open(database, KEYS)
    await store.add_package(PACKAGE)
    await cancel_within_commit(database, store.add(FUNCTION))
    stored = (await LambdaStore.open(database, KEYS)).get(FUNCTION.key)
    assert stored == FUNCTION
    assert store.get(FUNCTION.key) == stored


async def test_what_belongs_to_a_qualifier_goes_with_it(database: Database) -> None:
    store = await LambdaStore.open(database, KEYS)
    await store.add_package(PACKAGE)
    version = replace(FUNCTION, version="1", tags={}, changed=False)
    await store.add(FUNCTION, version)
    await store.aliases.put(LIVE)
    policies = [
        Policy(key=FUNCTION.key, qualifier=each, statements=({"Sid": "é"},))
        for each in ("", "1", "live")
    ]
    for owner in (FUNCTION, version, LIVE):
        await store.set_policy(replace(owner, revision_id="two"), policies[0].statements, HEAD)
    assert store.get(FUNCTION.key) == replace(FUNCTION, revision_id="two")
    assert store.version(FUNCTION.key, "1") == replace(version, revision_id="two")
    assert store.aliases.get(FUNCTION.key, "live") == replace(LIVE, revision_id="two")
    await store.aliases.put(replace(LIVE, description="changed"))

    loaded = await LambdaStore.open(database, KEYS)
    assert loaded.versions(FUNCTION.key) == store.versions(FUNCTION.key)

    async def kept() -> tuple[list[Alias], list[Policy]]:
        loaded = await LambdaStore.open(database, KEYS)
        found = loaded.aliases.list(FUNCTION.key), loaded.policies.list(FUNCTION.key)
        assert found == (store.aliases.list(FUNCTION.key), store.policies.list(FUNCTION.key))
        return found

    assert await kept() == ([replace(LIVE, description="changed")], policies)
    await store.remove_alias(LIVE)
    assert await kept() == ([], policies[:2])
    await store.remove_version(version)
    assert await kept() == ([], policies[:1])
    await store.aliases.put(LIVE)
    await store.remove(FUNCTION.key)
    assert await kept() == ([], [])
