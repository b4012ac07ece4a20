"""What commands read of a server's data folder: where it listens and its root key pair."""

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


def read_key_pair(data_dir: Path) -> KeyPair:
    """Return the root key pair of a data folder.

    Raises:
        CommandError: there is none, or it cannot be read.
    """
    file = data_dir / "credentials"
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(file.read_text(encoding="utf-8"))
        section = parser["default"]
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
            f"{file} holds no key pair in a section [default]",
            "restore the file from a backup",
        ) from error
