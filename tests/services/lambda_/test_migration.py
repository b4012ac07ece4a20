import shutil
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.iam.store import IamStore
from ingle.services.lambda_.model import Package
from ingle.services.lambda_.store import LambdaStore
from ingle.storage.database import Database
from ingle.storage.schema import MIGRATIONS
from tests.services.conftest import ACCOUNT, KEYS, REGION


async def test_functions_from_before_there_were_versions_are_kept(tmp_path: Path) -> None:
    first = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, first)
    for path in (first / "versions").glob("*.py"):
        if not path.name.startswith("0001_"):
            path.unlink()
    old = await Database.open(tmp_path, migrations=first)

    async def write(connection: AsyncConnection) -> None:
        await connection.execute(text("INSERT INTO lambda_packages VALUES (:digest, 12)"), DIGEST)
        await connection.execute(
            text(
                "INSERT INTO lambda_functions VALUES (:account, :region, 'hello', 'one', 1, "
                "'python3.11', 'app.handler', 'role', '', 3, 128, 512, 'x86_64', NULL, "
                "'/aws/lambda/hello', '{\"team\": \"x\"}', :digest)"
            ),
            DIGEST | {"account": ACCOUNT, "region": REGION},
        )

    await old.write(write)
    await old.close()
    new = await Database.open(tmp_path)
    try:
        (function,) = (await LambdaStore.open(new, KEYS)).functions(ACCOUNT, REGION)
    finally:
        await new.close()
    assert (function.name, function.tags) == ("hello", {"team": "x"})
    assert function.package == Package("0" * 64, 12)
    assert (function.version, function.layers, function.snap_start) == ("$LATEST", (), "None")
    assert (function.last_version, function.changed) == (0, True)
    assert (function.tracing, function.mounts, function.vpc) == ("PassThrough", (), None)
    assert function.tenant_isolation is None
    assert (function.state, function.image, function.image_update) == ("Active", None, None)
    assert function.revision_id == function.content_id == "one"


DIGEST = {"digest": "0" * 64}


async def test_roles_that_functions_had_before_roles_counted_are_made(tmp_path: Path) -> None:
    before = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, before)
    for each in (before / "versions").glob("*.py"):
        if each.name >= "0014_lambda_permissions.py":
            each.unlink()
    old = await Database.open(tmp_path, migrations=before)
    mine = f"arn:aws:iam::{ACCOUNT}:role/service-role/Hello"

    async def write(connection: AsyncConnection) -> None:
        await connection.execute(text("INSERT INTO lambda_packages VALUES (:digest, 12)"), DIGEST)
        for name, role in (("one", mine), ("two", mine), ("three", "role")):
            await connection.execute(
                text(
                    "INSERT INTO lambda_functions (account_id, region, name, revision_id, "
                    "content_id, last_modified_ms, runtime, handler, role, description, timeout_s, "
                    "memory_mb, ephemeral_mb, architecture, log_group, log_format, snap_start, "
                    "layers, package_sha256, tags, last_version, changed, state, state_reason, "
                    "state_reason_code, tracing, file_systems) VALUES (:account, "
                    ":region, :name, 'r', 'c', 1, 'python3.11', 'a.b', :role, '', 3, 128, 512, "
                    "'x86_64', '/aws/lambda/hello', 'Text', 'None', '[]', :digest, '{}', 0, 1, "
                    "'Active', '', '', 'PassThrough', '[]')"
                ),
                DIGEST | {"account": ACCOUNT, "region": REGION, "name": name, "role": role},
            )
        await connection.execute(
            text(
                "INSERT INTO lambda_policies VALUES (:account, :region, 'one', '', "
                '\'[{"Sid": "a"}]\')'
            ),
            {"account": ACCOUNT, "region": REGION},
        )

    await old.write(write)
    await old.close()
    new = await Database.open(tmp_path)
    try:
        identities = await IamStore.open(new, KEYS)
        store = await LambdaStore.open(new, KEYS)
    finally:
        await new.close()
    (role,) = identities.roles.list(ACCOUNT)
    assert (role.arn, role.name, role.path) == (mine, "Hello", "/service-role/")
    assert role.attached == ("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",)
    assert '"lambda.amazonaws.com"' in role.trust
    policy = store.policies.get((ACCOUNT, REGION, "one"), "")
    assert policy is not None
    assert policy.head == {"Version": "2012-10-17", "Id": "default"}
