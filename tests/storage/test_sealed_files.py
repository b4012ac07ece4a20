"""Encrypted files that are read from any place."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingle.storage.sealed_files import (
    CHUNK_BYTES,
    TAG_BYTES,
    ContentDamaged,
    SealedReader,
    SealedWriter,
    new_key,
)

SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 200_000]


def body(size: int) -> bytes:
    return bytes(number * 31 % 251 for number in range(size))


def write(path: Path, plain: bytes, pieces: list[int]) -> bytes:
    key = new_key()
    with path.open("wb") as file:
        writer = SealedWriter(file, key)
        position = 0
        for size in pieces:
            writer.write(plain[position : position + size])
            position += size
        writer.write(plain[position:])
        writer.finish()
    return key


@settings(max_examples=60, deadline=None)
@given(
    size=st.sampled_from(SIZES),
    pieces=st.lists(st.integers(0, 100_000), max_size=5),
    bounds=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_every_part_of_what_was_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    size: int,
    pieces: list[int],
    bounds: tuple[float, float],
) -> None:
    path = tmp_path_factory.mktemp("sealed") / "file"
    plain = body(size)
    key = write(path, plain, pieces)
    start, end = sorted(int(each * size) for each in bounds)
    with path.open("rb") as file:
        reader = SealedReader(file, key, size)
        assert reader.read(start, end) == plain[start:end]
        assert reader.read(0, size) == plain


def test_the_plain_text_is_not_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(path, b"secret" * 50_000, [])
    assert b"secret" not in path.read_bytes()


@pytest.mark.parametrize("change", ["bit", "cut", "swap", "append"])
def test_a_file_that_was_changed_does_not_open(tmp_path: Path, change: str) -> None:
    path = tmp_path / "file"
    size = 3 * CHUNK_BYTES
    key = write(path, body(size), [])
    stored = path.read_bytes()
    sealed = CHUNK_BYTES + TAG_BYTES
    if change == "bit":
        stored = bytes([stored[0] ^ 1]) + stored[1:]
    elif change == "cut":
        stored, size = stored[: 2 * sealed], 2 * CHUNK_BYTES
    elif change == "swap":
        stored = stored[sealed : 2 * sealed] + stored[:sealed] + stored[2 * sealed :]
    else:
        size += CHUNK_BYTES
    path.write_bytes(stored)
    with path.open("rb") as file, pytest.raises(ContentDamaged):
        SealedReader(file, key, size).read(0, size)
