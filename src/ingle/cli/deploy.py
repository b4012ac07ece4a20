"""`ingle deploy`: make a function of a folder, a file, a zip or an image, or update it."""

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from ingle.cli.connection import Connection, connect
from ingle.cli.deploy_role import own_role
from ingle.cli.deployables import Image, Package, size
from ingle.cli.errors import USAGE, CommandError
from ingle.cli.options import DataDir, EndpointUrl, Region
from ingle.cli.slowly import progress

_VARIABLE = re.compile(r"(?P<key>[A-Za-z][A-Za-z0-9_]+)=(?P<value>.*)", re.DOTALL)
_SHOWN = ("Runtime", "Handler", "Role", "Timeout", "MemorySize")


def deploy(
    source: Annotated[
        Path | None, typer.Argument(help="A folder, a .py file or a .zip; none with --image.")
    ] = None,
    image: Annotated[
        str | None,
        typer.Option(metavar="REF", help="A container image, for instance oci:/images/app:latest."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(show_default="the source's name", help="The function's name.")
    ] = None,
    runtime: Annotated[
        str | None, typer.Option(show_default="this Python's", help="For instance python3.11.")
    ] = None,
    handler: Annotated[
        str | None, typer.Option(show_default="guessed", help="For instance app.handler.")
    ] = None,
    role: Annotated[
        str | None,
        typer.Option(
            metavar="ARN",
            show_default="one that may write logs, made at first",
            help="The execution role, which says what the function may do.",
        ),
    ] = None,
    timeout: Annotated[
        int | None, typer.Option(show_default="3", help="The longest a run may take, in seconds.")
    ] = None,
    memory: Annotated[
        int | None, typer.Option(show_default="128", help="The memory limit in MB.")
    ] = None,
    env: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="An environment variable; may be repeated."),
    ] = None,
    endpoint_url: EndpointUrl = None,
    data_dir: DataDir = None,
    region: Region = None,
) -> None:
    """Make a function of a folder, a file, a zip or an image; or update it.

    A folder is zipped with all that is in it except version control, caches and virtual
    environments; node_modules stays. Of an existing function only the code changes, and what
    options are given for; --env replaces all its variables.

    A new function that is given no --role gets one that may write logs and nothing else; the first
    time, that role is made.

    \b
    Examples:
      ingle deploy hello.py
      ingle deploy ./thumbnails --memory 512 --timeout 30 --env BUCKET=pics
      ingle deploy app.zip --runtime python3.12 --handler app.handler
      ingle deploy --image oci:/srv/images/app:latest
    """
    if (source is None) == (image is None):
        raise CommandError(
            "what to deploy is not clear",
            "name a folder, a .py file or a .zip; or a container image with --image, and no other",
            USAGE,
        )
    given: dict[str, Any] = {
        "Runtime": runtime,
        "Handler": handler,
        "Role": role,
        "Timeout": timeout,
        "MemorySize": memory,
        "Environment": None if env is None else {"Variables": _variables(env)},
    }
    given = {key: value for key, value in given.items() if value is not None}
    code = Package(source) if source is not None else Image(image or "", given)
    function = name or code.name()
    connection = connect(endpoint_url, data_dir, region)
    with connection.errors():
        client = connection.client("lambda")
        try:
            current = client.get_function_configuration(FunctionName=function)
        except client.exceptions.ResourceNotFoundException:
            _create(client, connection, function, code, given)
        else:
            _update(client, function, code, current, given)


def _create(
    client: Any,
    connection: Connection,
    function: str,
    code: Package | Image,
    given: dict[str, Any],
) -> None:
    settings = dict(given)
    if "Role" not in settings:
        settings["Role"], is_new = own_role(connection)
        if is_new:
            typer.echo(f"made the role {settings['Role']}, which may write logs and nothing else")
    settings |= code.defaults(given)
    with progress(code.doing):
        made = client.create_function(FunctionName=function, Code=code.code(), **settings)
        _wait(client, "function_active_v2", function)
    if made["PackageType"] == "Image":
        typer.echo(f"created {function}: image, sha256 {made['CodeSha256'][:10]}…")
    else:
        measured = size(made["CodeSize"])
        typer.echo(f"created {function}: {made['Runtime']}, {made['Handler']}, {measured}")
    typer.echo(f"role: {made['Role']}")
    typer.echo(f"run it with: ingle invoke {function} --event '{{}}'")


def _update(
    client: Any,
    function: str,
    code: Package | Image,
    current: dict[str, Any],
    given: dict[str, Any],
) -> None:
    changes = []
    if not code.is_there(current):
        with progress(code.doing):
            client.update_function_code(FunctionName=function, **code.code())
            _wait(client, "function_updated_v2", function)
        now = client.get_function_configuration(FunctionName=function)
        sizes = f"{size(current['CodeSize'])} → {size(now['CodeSize'])}, "
        what = "image: " if now["PackageType"] == "Image" else f"code: {sizes}"
        if now["CodeSha256"] != current["CodeSha256"]:
            changes.append(f"{what}sha256 {now['CodeSha256'][:10]}…")
    settings = {key: value for key, value in given.items() if value != current.get(key)}
    if settings:
        client.update_function_configuration(FunctionName=function, **settings)
        _wait(client, "function_updated_v2", function)
        changes += [
            f"{key}: {current.get(key)} → {settings[key]}" for key in _SHOWN if key in settings
        ]
        if "Environment" in settings:
            # Names only: values are often secrets, and terminals are recorded.
            names = ", ".join(sorted(settings["Environment"]["Variables"])) or "none"
            changes.append(f"Environment: {names}")
    typer.echo(f"updated {function}" if changes else f"{function} is as it should be already")
    for change in changes:
        typer.echo(f"  {change}")


def _wait(client: Any, waiter: str, function: str) -> None:
    """Wait until a function can be invoked as it was asked for; say why it never will."""
    from botocore.exceptions import WaiterError

    try:
        client.get_waiter(waiter).wait(FunctionName=function)
    except WaiterError as error:
        now = client.get_function_configuration(FunctionName=function)
        reason = now.get("StateReason") or now.get("LastUpdateStatusReason") or str(error)
        raise CommandError(f"{function} cannot be run: {reason}") from error


def _variables(pairs: list[str]) -> dict[str, str]:
    variables = {}
    for pair in pairs:
        match = _VARIABLE.fullmatch(pair)
        if match is None:
            key = pair.split("=", 1)[0]
            raise CommandError(
                f"--env {key!r} names no variable",
                "give it like --env KEY=VALUE, the key of at least two letters, digits or _",
                USAGE,
            )
        variables[match["key"]] = match["value"]
    return variables
