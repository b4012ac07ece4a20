"""What commands read of a server's data folder: where it listens and its root key pairs."""

import configparser
from dataclasses import dataclass
from pathlib import Path

from ingle.cli.errors import CommandError
from ingle.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class KeyPair:
    """What an AWS client signs with."""

    access_key_id: str
    secret_access_key: str


def read_endpoint(data_dir: Path) -> Endpoint:
    """Return where the server of a data folder listens.

    Raises:
        CommandError: no server has run on it, or its note cannot be read.
    """
    try:
        return Endpoint.read(data_dir)
    except FileNotFoundError as error:
        raise CommandError(
            f"no Ingle has run on the data folder {data_dir}",
            "start one with `ingle serve`, or name another folder with --data-dir",
        ) from error
    except (OSError, ValueError) as error:
        raise CommandError(
            f"the data folder {data_dir} cannot be read: {error}",
            "start its server again with `ingle serve`",
        ) from error


def read_key_pair(data_dir: Path, account_id: str | None = None) -> KeyPair:
    """Return a root key pair of a data folder.

    Args:
        data_dir: the folder.
        account_id: whose; the server's own account where none is given.

    Raises:
        CommandError: there is none, or it cannot be read.
    """
    file = data_dir / "credentials"
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(file.read_text(encoding="utf-8"))
        if account_id is not None and account_id not in parser:
            raise CommandError(
                f"the data folder {data_dir} has no key pair of the account {account_id}",
                f"make the account with `ingle account create {account_id}`",
            )
        section = parser[account_id or "default"]
        return KeyPair(section["aws_access_key_id"], section["aws_secret_access_key"])
    except FileNotFoundError as error:
        raise CommandError(
            f"the data folder {data_dir} holds no credentials",
            "start its server once with `ingle serve`, or name another folder with --data-dir",
        ) from error
    except OSError as error:
        raise CommandError(
            f"{file} cannot be read: {error.strerror}",
            "only the user who runs the server may read it; set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY instead",
        ) from error
    except (configparser.Error, KeyError, UnicodeDecodeError) as error:
        # The error's own text may quote the file, and with it the secret.
        raise CommandError(
            f"{file} holds no key pair in a section [{account_id or 'default'}]",
            "restore the file from a backup",
        ) from error
