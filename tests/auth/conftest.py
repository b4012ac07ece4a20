"""A key, a clock that stands still, and the verifier that knows both."""

import pytest

from ingle.auth.root import root_user
from ingle.auth.sigv4 import AccessKey, Verifier
from ingle.iam.principal import Principal, PrincipalKind

from .signing import KEY, StillClock
from .worlds import world

__all__ = ["world"]

DEV = AccessKey("test", "test", root_user("000000000000"), loopback_only=True)
TEMPORARY = AccessKey(
    "ASIAIOSFODNN7EXAMPLE",
    "temporary-secret",
    Principal(
        PrincipalKind.ROLE_SESSION,
        "arn:aws:sts::000000000000:assumed-role/r/s",
        "000000000000",
        "AROAEXAMPLE:s",
        "arn:aws:iam::000000000000:role/r",
    ),
    session_token="the-token",
)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def verifier(clock: StillClock) -> Verifier:
    keys = {key.access_key_id: key for key in (KEY, DEV, TEMPORARY)}
    return Verifier(keys.get, clock)
