"""The key file, and what is sealed with its keys."""

import base64
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.storage.encryption import (
    KEY_BYTES,
    KeyFileUnusable,
    KeyRing,
    KeyUnknown,
    ValueAltered,
    create_key_file,
)

OLD, NEW = b"o" * KEY_BYTES, b"n" * KEY_BYTES
PATH = Path("secret.key")
BOX = KeyRing([OLD], PATH).box("a purpose")


def line(key: bytes) -> str:
    return base64.b64encode(key).decode() + "\n"


@given(st.binary(max_size=5000), st.text(max_size=50))
def test_what_is_sealed_opens_again_and_cannot_be_read_otherwise(plain: bytes, what: str) -> None:
    sealed = BOX.seal(plain, what)
    assert BOX.open(sealed, what) == plain
    assert len(plain) < 4 or plain not in sealed
    assert len(sealed) == len(plain) + 37


@given(st.binary(max_size=50), st.data())
def test_a_value_with_any_bit_changed_does_not_open(plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(BOX.seal(plain, "it"))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises((ValueAltered, KeyUnknown)):
        BOX.open(bytes(sealed), "it")


@given(st.binary(max_size=80))
def test_what_was_never_sealed_does_not_open(anything: bytes) -> None:
    with pytest.raises((ValueAltered, KeyUnknown)):
        BOX.open(anything, "it")


@given(st.integers(0, 36))
def test_a_value_that_is_cut_off_does_not_open(length: int) -> None:
    with pytest.raises(ValueAltered):
        BOX.open(BOX.seal(b"plain", "it")[:length], "it")


def test_a_value_opens_only_for_what_it_is_bound_to() -> None:
    sealed = BOX.seal(b"plain", "environment of one")
    with pytest.raises(ValueAltered, match="The environment of two cannot be decrypted"):
        BOX.open(sealed, "environment of two")


def test_a_value_opens_only_for_the_purpose_for_which_it_was_sealed() -> None:
    with pytest.raises(ValueAltered):
        KeyRing([OLD], PATH).box("another purpose").open(BOX.seal(b"plain", "it"), "it")


def test_the_same_value_is_never_sealed_twice_in_the_same_way() -> None:
    assert len({BOX.seal(b"plain", "it") for _ in range(100)}) == 100


def test_the_newest_key_seals_and_all_of_them_open() -> None:
    both = KeyRing([OLD, NEW], PATH).box("a purpose")
    only_new = KeyRing([NEW], PATH).box("a purpose")
    old, new = BOX.seal(b"1", "it"), both.seal(b"2", "it")
    assert (both.open(old, "it"), both.open(new, "it")) == (b"1", b"2")
    assert only_new.open(new, "it") == b"2"
    assert (both.is_newest(old), both.is_newest(new)) == (False, True)


def test_a_value_of_a_key_that_is_gone_says_which_and_what_to_do() -> None:
    sealed = BOX.seal(b"plain", "environment of one")
    with pytest.raises(KeyUnknown) as refused:
        KeyRing([NEW], Path("/data/secret.key")).box("a purpose").open(sealed, "environment of one")
    assert refused.value.key_id == sealed[1:9].hex()
    for part in ("environment of one", refused.value.key_id, "/data/secret.key", "from the backup"):
        assert part in str(refused.value)
    assert OLD.hex() not in str(refused.value)


def test_the_envelope_stays_readable_by_later_versions() -> None:
    sealed = bytes.fromhex(
        "01"  # version
        "569a9679b6130869"  # key
        "6e6e6e6e6e6e6e6e6e6e6e6e"  # nonce
        "71afd0cf22b08ad1241268c8e3ac78ec0ef83332"
    )
    assert BOX.open(sealed, "it") == b"kept"


def test_a_new_key_file_is_for_its_owner_only_and_unlike_any_other(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        for name in ("one", "two"):
            create_key_file(tmp_path / name)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o600
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["one", "two"]
    sealed = KeyRing.load(tmp_path / "one").box("a purpose").seal(b"plain", "it")
    assert KeyRing.load(tmp_path / "one").box("a purpose").open(sealed, "it") == b"plain"
    with pytest.raises(KeyUnknown):
        KeyRing.load(tmp_path / "two").box("a purpose").open(sealed, "it")


def test_a_key_file_that_exists_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.write_text(line(OLD))
    create_key_file(path)
    assert path.read_text() == line(OLD)


def test_a_key_is_changed_as_the_file_itself_says(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    create_key_file(path)
    assert "add a line at the end" in path.read_text().replace("\n# ", " ")
    before = KeyRing.load(path).box("a purpose").seal(b"plain", "it")
    with path.open("a") as file:
        file.write(line(NEW))
    after = KeyRing.load(path).box("a purpose")
    assert after.open(before, "it") == b"plain"
    assert not after.is_newest(before)
    assert KeyRing([NEW], path).box("a purpose").open(after.seal(b"p", "it"), "it") == b"p"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "# only words\n",
        line(OLD)[:-6],
        line(OLD + b"!"),
        line(OLD) + "no key\n",
        "ö\n",
        line(OLD).replace("=", "-"),
    ],
)
def test_a_damaged_key_file_is_refused_without_showing_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "secret.key"
    path.write_text(content)
    with pytest.raises(
        KeyFileUnusable, match=r"is damaged: .*Restore it from the backup"
    ) as refused:
        KeyRing.load(path)
    assert str(path) in str(refused.value)
    assert not content or content.strip() not in str(refused.value)


def test_a_missing_key_file_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KeyFileUnusable, match=r"is missing.*Restore it from the backup"):
        KeyRing.load(tmp_path / "secret.key")


def test_something_else_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.key").mkdir()
    with pytest.raises(KeyFileUnusable, match="cannot be read: Is a directory"):
        KeyRing.load(tmp_path / "secret.key")


def test_a_key_file_that_others_can_read_is_tightened_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "secret.key"
    path.write_text(line(OLD))
    path.chmod(0o644)
    KeyRing.load(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "had mode 644" in caplog.text
    assert line(OLD).strip() not in caplog.text
