"""`ingle iam`: who may do what, and why."""

import inspect
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from ingle.cli.connection import connect
from ingle.cli.errors import USAGE, CommandError
from ingle.cli.options import DataDir, EndpointUrl, Format, Region, TableFormat

_MOST = 100

app = typer.Typer(
    no_args_is_help=True,
    help=inspect.cleandoc(
        """
        Find out who may do what, and why.

        \b
        Examples:
          ingle iam explain
          ingle iam explain 5c1b6c0e-6a3e-4d3b-9d9e-2f7f6b8f0c11
          ingle iam explain --principal arn:aws:iam::000000000000:user/anna \\
              --action lambda:InvokeFunction --resource '*'
        """
    ),
)


@app.callback()
def _iam() -> None:
    """Keep `explain` a command of its own, as long as it is the only one."""


@app.command()
def explain(
    request_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[REQUEST]",
            help="The id of a call, as errors and `aws --debug` show it. Without one, the latest "
            "calls that were denied are explained.",
        ),
    ] = None,
    last: Annotated[
        int, typer.Option(min=1, max=_MOST, help="How many denied calls to explain.")
    ] = 1,
    principal: Annotated[
        str | None,
        typer.Option(metavar="ARN", help="Who would call: a user, a role, a session, a service."),
    ] = None,
    action: Annotated[
        str | None, typer.Option(metavar="ACTION", help="What for, like lambda:InvokeFunction.")
    ] = None,
    resource: Annotated[
        str, typer.Option(metavar="ARN", help="What the call would be about.")
    ] = "*",
    context: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="A condition key, like aws:SourceIp=10.0.0.1; several values with commas.",
        ),
    ] = None,
    format: TableFormat = Format.TABLE,
    endpoint_url: EndpointUrl = None,
    data_dir: DataDir = None,
    region: Region = None,
) -> None:
    """Tell why a call was allowed or denied, or would be, and what would allow it.

    \b
    Examples:
      ingle iam explain                 the call that was denied last
      ingle iam explain --last 5
      ingle iam explain REQUEST-ID      a certain call
    """
    path = _path(request_id, last, principal, action, resource, context or [])
    connection = connect(endpoint_url, data_dir, region)
    with connection.errors():
        answer = connection.call("GET", path)
    if format is Format.JSON:
        typer.echo(json.dumps(answer, indent=2))
        return
    if not answer.get("Calls", True):
        typer.echo("no call was denied lately")
        return
    _print(answer)


def _path(
    request_id: str | None,
    last: int,
    principal: str | None,
    action: str | None,
    resource: str,
    context: list[str],
) -> str:
    """Say where the server answers what was asked."""
    if principal is None and action is None:
        query = {"denied": str(last)} if request_id is None else {"request": request_id}
        return f"/_ingle/decisions?{urlencode(query, quote_via=quote)}"
    if principal is None or action is None or request_id is not None:
        raise CommandError(
            "what would be takes both --principal and --action, and no request",
            "see `ingle iam explain --help`",
            USAGE,
        )
    query = {"principal": principal, "action": action, "resource": resource}
    for each in context:
        key, equals, value = each.partition("=")
        if not (key and equals):
            raise CommandError(f"{each!r} is not like KEY=VALUE", "give --context so", USAGE)
        query[f"context.{key}"] = value
    return f"/_ingle/explain?{urlencode(query, quote_via=quote)}"


def _print(answer: Mapping[str, Any]) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for number, call in enumerate(answer.get("Calls", [answer])):
        if number:
            console.print()
        for line in _lines(call):
            console.print(line)


def _lines(call: Mapping[str, Any]) -> Iterator[str]:
    """Explain one call, in rich's markup."""
    from rich.markup import escape

    if "RequestId" in call:
        state = "[green]allowed[/]" if call["Allowed"] else "[red]denied[/]"
        if not (call["Allowed"] or call["Enforced"]):
            state = "[yellow]let pass[/] (iam = audit)"
        yield f"[bold]{escape(call['Operation'])}[/]  {state}  {call['Time']}  {call['RequestId']}"
    for decision in call["Decisions"]:
        mark = "[green]✓[/]" if decision["Decision"] == "allowed" else "[red]✗[/]"
        yield (
            f"{mark} [bold]{escape(decision['Action'])}[/] on {escape(decision['Resource'])} "
            f"by {escape(decision['Principal'])}"
        )
        yield f"  {escape(decision['Reason'])}"
        yield from _statements(decision)
        yield from _changes(decision)


def _statements(decision: Mapping[str, Any]) -> Iterator[str]:
    from rich.markup import escape

    implicit = decision["Decision"] == "implicitDeny"
    for each in decision["Statements"]:
        # Where nothing denies, these allow, but something else that is needed does not.
        yield (
            f"  not enough alone: {_place(each)}:" if implicit else f"  decided by {_place(each)}:"
        )
        yield from _indented(each["Statement"])
    for each in decision["NearMisses"]:
        what = each["Mismatch"]
        if "Condition" in each:
            what = f"condition on {each['Condition']}"
        yield f"  does not apply, because its {escape(what)} does not match: {_place(each)}"
    if decision["Context"]:
        known = (f"{name} = {', '.join(each)}" for name, each in decision["Context"].items())
        yield f"  looked at: {escape('; '.join(known))}"


def _changes(decision: Mapping[str, Any]) -> Iterator[str]:
    from rich.markup import escape

    for each in decision["Remove"]:
        yield f"  [bold]to allow it[/], change {_place(each)}"
    for each in decision["Add"]:
        article = "an" if each["Kind"][0] in "aeiou" else "a"
        yield f"  [bold]to allow it[/], add to {article} {escape(each['Kind'])}:"
        yield from _indented(each["Statement"])


def _place(statement: Mapping[str, Any]) -> str:
    from rich.markup import escape

    name = f" {statement['Policy']}" if statement["Policy"] else ""
    sid = statement["Statement"].get("Sid")
    number = f"statement {statement['Number']}" + (f" ({sid})" if sid else "")
    return escape(f"{number} of the {statement['Kind']}{name}")


def _indented(statement: Mapping[str, Any]) -> Iterator[str]:
    from rich.markup import escape

    for line in json.dumps(statement, indent=2).splitlines():
        yield f"    {escape(line)}"
