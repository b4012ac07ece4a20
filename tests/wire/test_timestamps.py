"""Points in time on the wire."""

from datetime import UTC, datetime

import pytest
from botocore.utils import parse_timestamp as botocores
from hypothesis import given
from hypothesis import strategies as st

from ingle.wire.timestamps import (
    ISO8601,
    RFC822,
    UNIX,
    format_timestamp,
    parse_timestamp,
    unix_number,
)

_MAY = datetime(2024, 5, 1, 12, tzinfo=UTC).timestamp()
_MILLISECONDS = st.integers(-62_000_000_000_000, 250_000_000_000_000)


@pytest.mark.parametrize("expected", [ISO8601, RFC822, UNIX])
@pytest.mark.parametrize(
    "text",
    [
        "2024-05-01T12:00:00Z",
        "2024-05-01T12:00:00.000Z",
        "2024-05-01T14:00:00+02:00",
        "2024-05-01T12:00:00",
        "Wed, 01 May 2024 12:00:00 GMT",
        "1714564800",
        "1714564800.0",
        "1.7145648E9",
    ],
)
def test_every_format_is_read_whichever_is_expected(text: str, expected: str) -> None:
    assert parse_timestamp(text, expected) == _MAY


@pytest.mark.parametrize("text", ["", "yesterday", "nan", "inf", "2024-13-01T00:00:00Z"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a timestamp"):
        parse_timestamp(text)


def test_numbers_are_seconds() -> None:
    assert parse_timestamp(1) == 1.0
    assert parse_timestamp(1.25) == 1.25


@given(_MILLISECONDS, st.sampled_from([ISO8601, UNIX]))
def test_milliseconds_survive(milliseconds: int, wanted: str) -> None:
    seconds = milliseconds / 1000
    assert round(parse_timestamp(format_timestamp(seconds, wanted), wanted), 3) == seconds


@given(st.integers(0, 4_000_000_000), st.sampled_from([ISO8601, UNIX, RFC822]))
def test_botocore_reads_what_is_written(seconds: int, wanted: str) -> None:
    assert botocores(format_timestamp(seconds, wanted)).timestamp() == seconds


def test_what_is_written() -> None:
    assert format_timestamp(_MAY, ISO8601) == "2024-05-01T12:00:00Z"
    assert format_timestamp(_MAY + 0.25, ISO8601) == "2024-05-01T12:00:00.250Z"
    assert format_timestamp(_MAY, RFC822) == "Wed, 01 May 2024 12:00:00 GMT"
    assert format_timestamp(_MAY, UNIX) == "1714564800"
    assert unix_number(_MAY + 0.0004) == 1714564800
    assert unix_number(_MAY + 0.25) == 1714564800.25
