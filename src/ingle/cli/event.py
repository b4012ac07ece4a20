"""`ingle event`: events as AWS's services send them, to try functions with."""

import inspect
import json
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ingle.cli import event_templates
from ingle.cli.errors import USAGE, CommandError
from ingle.cli.event_templates import BadValue, Option, Template
from ingle.cli.options import Format, TableFormat

app = typer.Typer(
    no_args_is_help=True,
    help=inspect.cleandoc(
        """
        Make events as AWS's services send them, to try functions with.

        \b
        Examples:
          ingle event list
          ingle event generate s3 put --bucket photos --key 'summer 2026/sea.jpg'
          ingle event generate sqs receive-message --body '{"a": 7}' | ingle invoke hello --event -
          ingle event generate s3 put --help
        """
    ),
)


class _Sources(TyperGroup):
    """A group for each source of events; made when it is asked for, which few calls of Ingle do."""

    def list_commands(self, ctx: Any) -> list[str]:
        return event_templates.sources()

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        kinds = event_templates.kinds(cmd_name)
        if not kinds:
            return None
        name = cmd_name

        class Kinds(_Kinds):
            source = name

        shown = ", ".join(kinds[:4]) + (", …" if len(kinds) > 4 else "")
        group = typer.Typer(cls=Kinds, no_args_is_help=True, help=f"Events of {name}: {shown}")
        # A group that typer makes has a function, or commands, of its own.
        group.callback()(lambda: None)
        made = typer.main.get_group(group)
        made.name = name
        return made


class _Kinds(TyperGroup):
    """A command for each kind of event of a source."""

    source = ""

    def list_commands(self, ctx: Any) -> list[str]:
        return event_templates.kinds(self.source)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in event_templates.kinds(self.source):
            return None
        template = event_templates.template(self.source, cmd_name)
        single = typer.Typer(add_completion=False, rich_markup_mode="rich")
        single.command(cmd_name, help=_help(template))(_command(template))
        made = typer.main.get_command(single)
        made.name = cmd_name
        return made


generate = typer.Typer(
    cls=_Sources,
    no_args_is_help=True,
    help="Make an event, and print it as JSON.",
)
generate.callback()(lambda: None)
app.add_typer(generate, name="generate")


@app.command(name="list")
def list_events(
    source: Annotated[str | None, typer.Argument(help="Only the events of this source.")] = None,
    format: TableFormat = Format.TABLE,
) -> None:
    """List the events that can be made, and what each is about."""
    known = event_templates.sources()
    if source is not None and source not in known:
        raise CommandError(f"there is no source {source}", f"there are {', '.join(known)}", USAGE)
    found = [
        event_templates.template(each, kind)
        for each in (known if source is None else [source])
        for kind in event_templates.kinds(each)
    ]
    if format is Format.JSON:
        typer.echo(json.dumps([_described(each) for each in found], indent=2))
        return
    width = max(len(f"{each.source} {each.kind}") for each in found)
    for each in found:
        typer.echo(f"{each.source + ' ' + each.kind:{width}}  {each.about}")


def _described(template: Template) -> dict[str, Any]:
    return {
        "source": template.source,
        "kind": template.kind,
        "about": template.about,
        "documented": template.documented,
        "options": {each.name: each.default for each in template.options},
    }


def _help(template: Template) -> str:
    example = f"ingle event generate {template.source} {template.kind}"
    return (
        f"{template.about}\n\nAWS shows this event at {template.documented}\n\n\b\nExamples:\n"
        f"  {example}\n  {example} | ingle invoke hello --event -"
    )


def _command(template: Template) -> Callable[..., None]:
    """Make the function of a command, whose parameters are the template's options."""

    def run(**given: str) -> None:
        names = {_parameter(each): each.name for each in template.options}
        try:
            event = template.filled_in({names[key]: value for key, value in given.items()})
        except BadValue as error:
            raise CommandError(
                str(error),
                f"see `ingle event generate {template.source} {template.kind} --help`",
                USAGE,
            ) from error
        typer.echo(json.dumps(event, indent=2, ensure_ascii=False))

    parameters = []
    for each in template.options:
        choices = f" One of {', '.join(each.choices)}." if each.choices else ""
        option = typer.Option(f"--{each.name}", metavar="TEXT", help=each.help + choices)
        parameters.append(
            inspect.Parameter(
                _parameter(each),
                inspect.Parameter.KEYWORD_ONLY,
                default=each.default,
                annotation=Annotated[str, option],
            )
        )
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def _parameter(option: Option) -> str:
    """Name the parameter of an option; an option may be called as a word of Python's."""
    return option.name.replace("-", "_") + "_"
