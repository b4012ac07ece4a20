"""The root key pairs, kept in the data folder: the server's own, made at the first start, and those
of the accounts that were made since."""

import base64
import configparser
import io
import logging
import re
import secrets
from pathlib import Path

from ingle.auth.keys import AccessKey
from ingle.iam.principal import Principal, PrincipalKind, root_arn
from ingle.storage.errors import StorageError
from ingle.storage.files import read_private, write_atomically

logger = logging.getLogger(__name__)

_PROFILE = "default"
_ID = "aws_access_key_id"
_SECRET = "aws_secret_access_key"  # noqa: S105
_ACCOUNT = re.compile(r"\d{12}")


class CredentialsUnusable(StorageError):
    """The credentials file cannot be read, or holds no key pair; its text says what to do."""


def load_or_create_root_key(path: Path, account_id: str) -> AccessKey:
    """Read the root key pair, or make one if the file does not exist; blocks.

    The file is in the AWS shared-credentials format, profile `default`, so that AWS's tools can use
    it through AWS_SHARED_CREDENTIALS_FILE. It is only ever readable for its owner: a file that
    others can read is tightened to mode 0600 with a warning, and so stays usable after a copy or
    a restored backup.

    Args:
        path: the file.
        account_id: the account whose root user the key is, twelve digits.

    Raises:
        CredentialsUnusable: the file is damaged, or somebody else's.
    """
    try:
        return _load(path, account_id)
    except FileNotFoundError:
        pass
    content = f"[{_PROFILE}]\n{_ID} = {_new_id()}\n{_SECRET} = {_new_secret()}\n"
    try:
        write_atomically(path, content.encode(), replace=False)
    except FileExistsError:
        # Somebody else was faster; theirs is the key.
        logger.info("The credentials file %s was made by another process.", path)
    return _load(path, account_id)


def load_root_keys(path: Path) -> list[AccessKey]:
    """Read the root key pairs of further accounts; blocks.

    They are in the same file, each in a profile that is named by its account.

    Raises:
        CredentialsUnusable: the file is damaged, or somebody else's.
    """
    parser = _read(path)
    return [
        _key_pair(path, parser, section, section)
        for section in parser.sections()
        if _ACCOUNT.fullmatch(section)
    ]


def add_root_key(path: Path, account_id: str) -> AccessKey:
    """Make a root key pair for a further account, unless the file has one; blocks.

    Args:
        path: the file, which exists and which nobody else changes meanwhile.
        account_id: the account, twelve digits.

    Raises:
        CredentialsUnusable: the file is damaged, or somebody else's.
    """
    parser = _read(path)
    if not parser.has_section(account_id):
        parser.add_section(account_id)
        parser.set(account_id, _ID, _new_id())
        parser.set(account_id, _SECRET, _new_secret())
        text = io.StringIO()
        parser.write(text)
        write_atomically(path, text.getvalue().encode())
    return _key_pair(path, parser, account_id, account_id)


def _load(path: Path, account_id: str) -> AccessKey:
    return _key_pair(path, _read(path), _PROFILE, account_id)


def _read(path: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(read_private(path).decode())
    except FileNotFoundError:
        raise
    except UnicodeDecodeError as error:
        raise _damaged(path, "it is not text") from error
    except IsADirectoryError as error:
        raise _damaged(path, "it is a folder") from error
    except OSError as error:
        raise CredentialsUnusable(
            f"The credentials file {path} cannot be read: {error.strerror}. "
            "Start Ingle as the user who owns it."
        ) from error
    except configparser.Error as error:
        # Only the kind of error: its text may quote the line with the secret.
        raise _damaged(path, f"{type(error).__name__} while reading it") from None
    return parser


def _key_pair(
    path: Path, parser: configparser.RawConfigParser, profile: str, account_id: str
) -> AccessKey:
    try:
        access_key_id = parser.get(profile, _ID).strip()
        secret = parser.get(profile, _SECRET).strip()
    except configparser.Error as error:
        raise _damaged(path, f"{type(error).__name__} while reading it") from None
    if not access_key_id or not secret or set(access_key_id) & set("/, \t="):
        raise _damaged(path, f"{_ID} or {_SECRET} is empty or malformed")
    return AccessKey(access_key_id, secret, root_user(account_id))


def root_user(account_id: str) -> Principal:
    """The root user of an account."""
    return Principal(PrincipalKind.ROOT, root_arn(account_id), account_id, account_id)


def _damaged(path: Path, reason: str) -> CredentialsUnusable:
    return CredentialsUnusable(
        f"The credentials file {path} is damaged: {reason}. It should hold a section [{_PROFILE}] "
        f"with {_ID} and {_SECRET}. Restore it, or move it away to get a new key pair."
    )


def _new_id() -> str:
    # AWS's lasting access keys begin with AKIA and go on with 16 characters of base 32.
    return "AKIA" + base64.b32encode(secrets.token_bytes(10)).decode()


def _new_secret() -> str:
    return base64.b64encode(secrets.token_bytes(30)).decode()
