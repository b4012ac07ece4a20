"""The entry point: assembles the commands, and turns what they raise into one line."""

import inspect
import sys
import traceback
from collections.abc import Callable
from typing import Annotated

import typer

from ingle.cli.account import app as account
from ingle.cli.alexa import app as alexa
from ingle.cli.cost import app as cost
from ingle.cli.deploy import deploy
from ingle.cli.doctor import doctor
from ingle.cli.env import env
from ingle.cli.errors import FAILURE, CommandError
from ingle.cli.event import app as event
from ingle.cli.iam import app as iam
from ingle.cli.invoke import invoke
from ingle.cli.logs import logs
from ingle.cli.runtimes import runtimes
from ingle.cli.serve import serve
from ingle.cli.stats import stats
from ingle.cli.top import top

_INTERRUPTED = 130

app = typer.Typer(
    name="ingle",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _help_of(command: Callable[..., None]) -> str:
    """Return a command's docstring with each paragraph on one line, for any terminal's width.

    What begins with a backspace, as click has it, keeps its lines.
    """
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    return "\n\n".join(p if p.startswith("\b") else p.replace("\n", " ") for p in paragraphs)


for _command in (serve, env, deploy, invoke, logs, top, stats, runtimes, doctor):
    app.command(help=_help_of(_command))(_command)
app.add_typer(cost, name="cost")
app.add_typer(account, name="account")
app.add_typer(alexa, name="alexa")
app.add_typer(iam, name="iam")
app.add_typer(event, name="event")


def _print_version(wanted: bool) -> None:
    if wanted:
        from ingle import __version__

        typer.echo(f"ingle {__version__}")
        raise typer.Exit


@app.callback()
def _ingle(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
    with_traceback: Annotated[
        bool, typer.Option("--traceback", help="Print where in Ingle an error came from.")
    ] = False,
) -> None:
    """AWS Lambda that you run yourself.

    \b
    Start with:
      ingle serve                   run the server, in one terminal
      eval "$(ingle env)"           point AWS's tools at it, in another
      ingle deploy hello.py         make a function of a file or a folder
      ingle invoke hello            run it
    """


def run() -> None:
    """Run the command that `sys.argv` names, and exit with its status."""
    try:
        app()
    except Exception as error:
        # Read by hand, because the error may have come before the options were parsed.
        if "--traceback" in sys.argv:
            traceback.print_exc()
        typer.secho("error: ", fg="red", bold=True, nl=False, err=True)
        if isinstance(error, CommandError):
            typer.echo(str(error), err=True)
            sys.exit(error.status)
        what = str(error).partition("\n")[0]
        typer.echo(
            f"unexpected {type(error).__name__}: {what} — this is a bug in Ingle; "
            "please report what `ingle --traceback …` prints",
            err=True,
        )
        sys.exit(FAILURE)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
