"""`ingle deploy`: make a function of a folder, a file or a zip, or update it."""

import base64
import hashlib
import re
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any

import typer

from ingle.cli.connection import Connection, connect
from ingle.cli.deploy_role import own_role
from ingle.cli.errors import USAGE, CommandError
from ingle.cli.handlers import FUNCTIONS, MODULES, guess_handler
from ingle.cli.options import DataDir, EndpointUrl, Region
from ingle.cli.package import ZIPPED_LIMIT, build, collect
from ingle.cli.slowly import progress

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_VARIABLE = re.compile(r"(?P<key>[A-Za-z][A-Za-z0-9_]+)=(?P<value>.*)", re.DOTALL)
_SHOWN = ("Runtime", "Handler", "Role", "Timeout", "MemorySize")


def deploy(
    source: Annotated[Path, typer.Argument(help="A folder, a .py file or a .zip.")],
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
    """Make a function of a folder, a file or a zip; or update it if it is there.

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
    """
    given: dict[str, Any] = {
        "Runtime": runtime,
        "Handler": handler,
        "Role": role,
        "Timeout": timeout,
        "MemorySize": memory,
        "Environment": None if env is None else {"Variables": _variables(env)},
    }
    given = {key: value for key, value in given.items() if value is not None}
    package = _package(source)
    function = name or _name_of(source)
    connection = connect(endpoint_url, data_dir, region)
    with connection.errors():
        client = connection.client("lambda")
        try:
            current = client.get_function_configuration(FunctionName=function)
        except client.exceptions.ResourceNotFoundException:
            _create(client, connection, function, package, source, given)
        else:
            _update(client, function, package, current, given)


def _create(
    client: Any,
    connection: Connection,
    function: str,
    package: bytes,
    source: Path,
    given: dict[str, Any],
) -> None:
    settings = dict(given)
    if "Runtime" not in settings:
        settings["Runtime"] = _default_runtime()
    if "Handler" not in settings:
        settings["Handler"] = _guessed_handler(source, package)
    if "Role" not in settings:
        settings["Role"], is_new = own_role(connection)
        if is_new:
            typer.echo(f"made the role {settings['Role']}, which may write logs and nothing else")
    with progress("Uploading"):
        made = client.create_function(FunctionName=function, Code={"ZipFile": package}, **settings)
        client.get_waiter("function_active_v2").wait(FunctionName=function)
    typer.echo(
        f"created {function}: {made['Runtime']}, {made['Handler']}, {_size(made['CodeSize'])}"
    )
    typer.echo(f"role: {made['Role']}")
    typer.echo(f"run it with: ingle invoke {function} --event '{{}}'")


def _update(
    client: Any, function: str, package: bytes, current: dict[str, Any], given: dict[str, Any]
) -> None:
    changes = []
    sha256 = base64.b64encode(hashlib.sha256(package).digest()).decode()
    if sha256 != current["CodeSha256"]:
        with progress("Uploading"):
            client.update_function_code(FunctionName=function, ZipFile=package)
            client.get_waiter("function_updated_v2").wait(FunctionName=function)
        before = _size(current["CodeSize"])
        changes.append(f"code: {before} → {_size(len(package))}, sha256 {sha256[:10]}…")
    settings = {key: value for key, value in given.items() if value != current.get(key)}
    if settings:
        client.update_function_configuration(FunctionName=function, **settings)
        client.get_waiter("function_updated_v2").wait(FunctionName=function)
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


def _package(source: Path) -> bytes:
    if not source.exists():
        raise CommandError(f"{source} does not exist", "name a folder, a .py file or a .zip", USAGE)
    if source.suffix == ".zip" and source.is_file():
        try:
            return _checked(source, source.read_bytes())
        except OSError as error:
            raise CommandError(f"{source} cannot be read: {error.strerror}") from error
    if source.is_file() and source.suffix != ".py":
        raise CommandError(
            f"{source} is not something to deploy", "name a folder, a .py file or a .zip", USAGE
        )
    files = collect(source)
    with progress("Zipping", sum(path.stat().st_size for _name, path in files)) as advance:
        return _checked(source, build(files, advance))


def _checked(source: Path, package: bytes) -> bytes:
    if len(package) > ZIPPED_LIMIT:
        raise CommandError(
            f"{source} makes a package of {_size(len(package))}; a function's is limited to 50 MB",
            "leave out what the function does not need",
        )
    return package


def _name_of(source: Path) -> str:
    path = source.resolve()
    stem = path.stem if path.is_file() else path.name
    name = _NOT_IN_A_NAME.sub("-", stem).strip("-")
    if not name:
        raise CommandError(f"no function name can be made of {source}", "give one with --name")
    return name


def _default_runtime() -> str:
    """Return the runtime of the Python that runs this, for its packages are those at hand."""
    from ingle.runtimes.catalogue import served_runtimes
    from ingle.runtimes.discovery import discover

    own = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if own in served_runtimes():
        return own
    found = [each for each in discover() if each.runtime.startswith("python3")]
    if not found:
        raise CommandError(
            "this machine has no Python that serves a runtime",
            "see `ingle runtimes`, or choose one with --runtime",
        )
    return found[-1].runtime


def _guessed_handler(source: Path, package: bytes) -> str:
    try:
        with zipfile.ZipFile(BytesIO(package)) as archive:
            sources = {
                name: archive.read(name)
                for name in archive.namelist()
                if name.endswith(".py") and "/" not in name
            }
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise CommandError(f"{source} is not a zip that can be read: {error}") from error
    handler = guess_handler(sources)
    if handler is None:
        raise CommandError(
            f"no handler was found in {source}: looked for {' or '.join(FUNCTIONS)} in "
            + ", ".join(f"{module}.py" for module in MODULES),
            "name it with --handler FILE.FUNCTION",
        )
    return handler


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


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    if count < 1_000_000:
        return f"{count / 1000:.1f} kB"
    return f"{count / 1_000_000:.1f} MB"
