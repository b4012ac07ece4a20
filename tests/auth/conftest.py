"""A key, a clock that stands still, and the verifier that knows both."""

import pytest

from ingle.auth.sigv4 import AccessKey, Verifier

from .signing import KEY, StillClock

DEV = AccessKey("test", "test", "000000000000", "arn:aws:iam::000000000000:root", True)
TEMPORARY = AccessKey(
    "ASIAIOSFODNN7EXAMPLE",
    "temporary-secret",
    "000000000000",
    "arn:aws:sts::000000000000:assumed-role/r/s",
    session_token="the-token",
)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def verifier(clock: StillClock) -> Verifier:
    keys = {key.access_key_id: key for key in (KEY, DEV, TEMPORARY)}
    return Verifier(keys.get, clock)
