from dataclasses import replace

from ingle.services.lambda_.model import Function, Package
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
