"""The root key pair."""

import configparser
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ingle.auth.root import (
    CredentialsUnusable,
    add_root_key,
    load_or_create_root_key,
    load_root_keys,
)

ACCOUNT = "000000000000"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_start_makes_a_key_for_its_owner_only(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        key = load_or_create_root_key(tmp_path / "credentials", ACCOUNT)
    finally:
        os.umask(old)
    assert mode(tmp_path / "credentials") == 0o600
    assert key.access_key_id.startswith("AKIA")
    assert len(key.access_key_id) == 20
    assert len(key.secret_access_key) == 40
    assert key.principal_arn == "arn:aws:iam::000000000000:root"
    assert not key.loopback_only
    assert [entry.name for entry in tmp_path.iterdir()] == ["credentials"]


def test_later_starts_find_the_same_key(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    first = load_or_create_root_key(path, ACCOUNT)
    assert load_or_create_root_key(path, ACCOUNT) == first
    assert load_or_create_root_key(tmp_path / "other", ACCOUNT) != first


def test_awss_own_tools_can_read_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import botocore.session

    path = tmp_path / "credentials"
    key = load_or_create_root_key(path, ACCOUNT)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    found = botocore.session.Session().get_credentials()
    assert (found.access_key, found.secret_key) == (key.access_key_id, key.secret_access_key)


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = set(
            threads.map(
                lambda _n: load_or_create_root_key(tmp_path / "credentials", ACCOUNT), range(16)
            )
        )
    assert len(keys) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["credentials"]


def test_a_file_that_others_can_read_is_tightened_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "credentials"
    key = load_or_create_root_key(path, ACCOUNT)
    path.chmod(0o644)
    assert load_or_create_root_key(path, ACCOUNT) == key
    assert mode(path) == 0o600
    assert "had mode 644" in caplog.text
    assert key.secret_access_key not in caplog.text


SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[default]\n",
        f"[default]\naws_secret_access_key = {SECRET}\n",
        f"[default]\naws_access_key_id =\naws_secret_access_key = {SECRET}\n",
        f"[default]\naws_access_key_id = a/b\naws_secret_access_key = {SECRET}\n",
        f"[other]\naws_access_key_id = AKIA\naws_secret_access_key = {SECRET}\n",
        f"{SECRET}\n",
        f"[default]\n{SECRET}\n",
        f"[default]\naws_secret_access_key = {SECRET}\naws_secret_access_key = {SECRET}\n",
        b"\xff\xfe\x00",
    ],
)
def test_a_damaged_file_is_refused_with_what_to_do(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "credentials"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(0o600)
    with pytest.raises(CredentialsUnusable) as refused:
        load_or_create_root_key(path, ACCOUNT)
    assert str(path) in str(refused.value)
    assert "Restore it, or move it away" in str(refused.value)
    assert SECRET not in str(refused.value)


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "credentials").mkdir()
    with pytest.raises(CredentialsUnusable):
        load_or_create_root_key(tmp_path / "credentials", ACCOUNT)


def test_secrets_with_any_character_survive(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    parser = configparser.RawConfigParser()
    parser["default"] = {"aws_access_key_id": "AKIA", "aws_secret_access_key": "a%(b)s=/+c"}
    with path.open("w") as file:
        parser.write(file)
    assert load_or_create_root_key(path, ACCOUNT).secret_access_key == "a%(b)s=/+c"


def test_further_accounts_have_keys_in_the_same_file(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    own = load_or_create_root_key(file, ACCOUNT)
    other = add_root_key(file, "111111111111")
    assert add_root_key(file, "111111111111") == other
    assert load_root_keys(file) == [other]
    assert other.principal_arn == "arn:aws:iam::111111111111:root"
    assert load_or_create_root_key(file, ACCOUNT) == own
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_damaged_key_of_a_further_account_is_told_without_its_secret(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    load_or_create_root_key(file, ACCOUNT)
    with file.open("a") as more:
        more.write("[111111111111]\naws_secret_access_key = verysecret\n")
    with pytest.raises(CredentialsUnusable) as refused:
        load_root_keys(file)
    assert "verysecret" not in str(refused.value)
