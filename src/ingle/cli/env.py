"""`ingle env`: what an AWS client needs to know to use the server."""

import json
import os
import shlex
from enum import StrEnum
from typing import Annotated

import typer

from ingle.cli.datafolder import read_endpoint, read_key_pair
from ingle.cli.options import DEFAULT_DATA_DIR, DataDir

_IN_THE_WAY = ("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")


class EnvFormat(StrEnum):
    """What the output is for."""

    SH = "sh"
    JSON = "json"


def env(
    data_dir: DataDir = None,
    format: Annotated[EnvFormat, typer.Option(help="For a shell, or as JSON.")] = EnvFormat.SH,
    account: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Of another account, made with `ingle account create`."),
    ] = None,
) -> None:
    """Print the settings that point AWS's own tools at the server.

    They hold the account's root key: treat them as a password.

    \b
    Examples:
      eval "$(ingle env)"                      for this shell
      eval "$(ingle env --data-dir /srv/ingle)"
      ingle env --format json                  for a program
      ingle env --account 111111111111         as the root user of another account
    """
    folder = data_dir or DEFAULT_DATA_DIR
    endpoint = read_endpoint(folder)
    keys = read_key_pair(folder, None if account == endpoint.account_id else account)
    variables = {
        "AWS_ENDPOINT_URL": endpoint.endpoint,
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
        "AWS_DEFAULT_REGION": endpoint.region,
        "AWS_REGION": endpoint.region,
    }
    if format is EnvFormat.JSON:
        typer.echo(json.dumps(variables, indent=2))
        return
    for name, value in variables.items():
        typer.echo(f"export {name}={shlex.quote(value)}")
    # A session token or a profile of another account would be used along with the key pair.
    present = [name for name in _IN_THE_WAY if name in os.environ]
    if present:
        typer.echo(f"unset {' '.join(present)}")
