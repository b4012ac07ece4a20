"""What the tests of all services need: a database of its own for each test, and a clock."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingle.auth.keys import Identity
from ingle.iam.principal import Principal, PrincipalKind
from ingle.storage.database import Database
from ingle.storage.encryption import KeyRing
from ingle.wire.http import Request
from ingle.wire.service import CallContext
from tests.services.clocks import ManualClock

ACCOUNT = "000000000000"
OTHER_ACCOUNT = "111111111111"
REGION = "us-east-1"
KEYS = KeyRing([bytes(32)], Path("secret.key"))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path)
    yield opened
    await opened.close()


def context(account_id: str = ACCOUNT, region: str = REGION) -> CallContext:
    """Make the context of a call by an account's root user."""
    arn = f"arn:aws:iam::{account_id}:root"
    root = Principal(PrincipalKind.ROOT, arn, account_id, account_id)
    return CallContext(
        request_id="3f0e7ea8-1d2c-4e0e-9d38-5d3d6d1d9c1a",
        account_id=account_id,
        region=region,
        principal_arn=arn,
        request=Request("POST", "/"),
        endpoint="http://127.0.0.1:4566",
        identity=Identity("AKIAEXAMPLE", root, region, ""),
    )
