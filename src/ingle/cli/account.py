"""`ingle account`: the AWS accounts of a server."""

import inspect
import json
from typing import Annotated

import typer

from ingle.cli.connection import connect
from ingle.cli.options import DataDir, EndpointUrl, Format, Region, TableFormat

_ROUTE = "/_ingle/accounts"

app = typer.Typer(
    no_args_is_help=True,
    help=inspect.cleandoc(
        """
        Make and list the AWS accounts of the server.

        An account has resources and identities of its own, and its own root user.

        \b
        Examples:
          ingle account create 111111111111 --name partner
          eval "$(ingle env --account 111111111111)"
          ingle account list
        """
    ),
)


@app.command()
def create(
    account_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Twelve digits; any where none are given.")
    ] = None,
    name: Annotated[str, typer.Option(help="What to call it.")] = "",
    endpoint_url: EndpointUrl = None,
    data_dir: DataDir = None,
    region: Region = None,
) -> None:
    """Make an account, and a root key pair for it in the server's data folder."""
    connection = connect(endpoint_url, data_dir, region)
    with connection.errors():
        made = connection.call("POST", _ROUTE, {"AccountId": account_id, "Name": name})
        number = made["AccountId"]
    typer.echo(f"created account {number}" + (f" ({name})" if name else ""))
    typer.echo(f'use it with: eval "$(ingle env --account {number})"')


@app.command(name="list")
def list_accounts(
    format: TableFormat = Format.TABLE,
    endpoint_url: EndpointUrl = None,
    data_dir: DataDir = None,
    region: Region = None,
) -> None:
    """List the accounts; the first one is the server's own."""
    connection = connect(endpoint_url, data_dir, region)
    with connection.errors():
        accounts = connection.call("GET", _ROUTE)["Accounts"]
    if format is Format.JSON:
        typer.echo(json.dumps(accounts, indent=2))
        return
    for each in accounts:
        typer.echo(f"{each['AccountId']}  {each['Name']}".rstrip())
