import shutil
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

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
