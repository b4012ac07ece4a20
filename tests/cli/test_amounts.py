import contextlib
from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.cli.amounts import count, moment_ms, size_mb, span_ms
from ingle.cli.errors import CommandError


@pytest.mark.parametrize(
    ("text", "ms"),
    [("100ms", 100), ("1.5s", 1500), ("10m", 600_000), ("2h", 7_200_000), ("1w", 604_800_000)],
)
def test_spans_of_time_are_read(text: str, ms: int) -> None:
    assert span_ms("--since", text) == ms


@pytest.mark.parametrize(("text", "mb"), [("512", 512), ("512MB", 512), ("1.5 gb", 1536)])
def test_sizes_are_read(text: str, mb: int) -> None:
    assert size_mb("--memory", text) == mb


@pytest.mark.parametrize(
    ("text", "number"),
    [("3000000", 3_000_000), ("3,000,000", 3_000_000), ("3M", 3_000_000), ("1.5B", 1_500_000_000)],
)
def test_numbers_are_read(text: str, number: int) -> None:
    assert count("--requests", text) == number


def test_moments_are_read() -> None:
    assert moment_ms("--since", "10s", 60_000) == 50_000
    assert moment_ms("--since", "1970-01-01T00:01:00Z", 0) == 60_000
    local = datetime(2026, 11, 21, 14, 30).timestamp()
    assert moment_ms("--since", "2026-11-21T14:30", 0) == round(local * 1000)


@given(st.text(max_size=30))
def test_whatever_else_is_given_is_refused_and_nothing_worse(text: str) -> None:
    for read in (span_ms, size_mb, count, lambda option, text: moment_ms(option, text, 0)):
        with contextlib.suppress(CommandError):
            assert isinstance(read("--it", text), int)


@pytest.mark.parametrize("read", [span_ms, size_mb, count])
def test_what_is_refused_is_named(read: Callable[[str, str], int]) -> None:
    with pytest.raises(CommandError, match="--it 'x' is not a") as caught:
        read("--it", "x")
    assert caught.value.status == 2
