"""Options that several commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_DATA_DIR = Path(".ingle")

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        envvar="INGLE_DATA_DIR",
        show_default=str(DEFAULT_DATA_DIR),
        help="The data folder of the server.",
    ),
]

EndpointUrl = Annotated[
    str | None,
    typer.Option(
        "--endpoint-url",
        metavar="URL",
        help="The server's address. Without it, AWS_ENDPOINT_URL_LAMBDA or AWS_ENDPOINT_URL, "
        "and then the data folder, tell where the server is.",
    ),
]

Region = Annotated[
    str | None,
    typer.Option("--region", metavar="REGION", help="The AWS region, if not the server's own."),
]

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="INGLE_CONFIG",
        help="A TOML file of settings, named as in docs/configuration.md.",
    ),
]

Substitutes = Annotated[
    str | None,
    typer.Option(
        "--substitutes",
        metavar="RUNTIMES",
        show_default="none",
        help="Runtimes that a newer version may serve where their own is missing: true for all, "
        "or like nodejs18.x,python3.8.",
    ),
]

Search = Annotated[
    str | None,
    typer.Option(
        "--search",
        metavar="FOLDERS",
        show_default="none",
        help="Folders to look into for interpreters before the usual ones, separated by colons.",
    ),
]


Images = Annotated[
    str | None,
    typer.Option(
        "--images",
        metavar="FOLDERS",
        show_default="none",
        help="Folders that container images may be read from, separated by colons.",
    ),
]


class Format(StrEnum):
    """How a command prints what it found."""

    TABLE = "table"
    JSON = "json"


TableFormat = Annotated[Format, typer.Option("--format", help="How to print it.")]
