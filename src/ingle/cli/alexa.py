"""`ingle alexa`: talk to the function of an Alexa skill."""

import html
import inspect
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from ingle.cli.connection import Connection, connect
from ingle.cli.errors import USAGE, CommandError
from ingle.cli.interaction_model import ModelUnusable, understand
from ingle.cli.options import DataDir, EndpointUrl, Region
from ingle.cli.skill_requests import NO_SKILL, Session, session_path

_ROUTE = "/_ingle/alexa/"
_LONGEST_S = 900
_SERVICE = "alexa-appkit."
_TOKEN = "lambda:EventSourceToken"  # noqa: S105 - the name of a condition key
_DENIED = "AccessDeniedException"

app = typer.Typer(
    no_args_is_help=True,
    help=inspect.cleandoc(
        """
        Talk to the function of an Alexa skill, from the desk.

        The function gets what Alexa would send, if its policy allows the skill. What the skill says
        is printed. A session goes on from one call to the next until the skill ends it, or `end`.

        \b
        Examples:
          ingle alexa launch hello
          ingle alexa say hello --intent Weather --slot city=Paris
          ingle alexa say hello "what is the weather in Paris" --model en-US.json
          ingle alexa end hello
        """
    ),
)

Function = Annotated[str, typer.Argument(help="The function's name or ARN.")]
Skill = Annotated[
    str | None,
    typer.Option(
        "--skill-id",
        metavar="ID",
        help="The skill, as the function's policy has it in --event-source-token; the one that "
        "the policy names where nothing is said.",
    ),
]
Locale = Annotated[str, typer.Option(help="Which language is spoken, and where.")]
New = Annotated[bool, typer.Option("--new", help="Begin a new session.")]
Json = Annotated[bool, typer.Option("--json", help="Print the skill's whole answer.")]


@app.command()
def say(
    function: Function,
    utterance: Annotated[
        str | None, typer.Argument(help="What to say, in words of the skill's samples.")
    ] = None,
    intent: Annotated[str | None, typer.Option(help="The intent, instead of an utterance.")] = None,
    slot: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="A slot of the intent's.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The interaction model, which has the samples."),
    ] = None,
    skill_id: Skill = None,
    locale: Locale = "en-US",
    new: New = False,
    whole: Json = False,
    endpoint_url: EndpointUrl = None,
    data_dir: DataDir = None,
    region: Region = None,
) -> None:
    """Say something to the skill: send an IntentRequest."""
    slots = _slots(slot or [])
    if (utterance is None) == (intent is None):
        raise CommandError("give an utterance or --intent, and not both", status=USAGE)
    name, values = (intent or "", slots) if utterance is None else _meant(utterance, model, slots)
    _converse(
        connect(endpoint_url, data_dir, region),
        function,
        skill_id,
        new,
        whole,
        lambda session: session.intent(name, values, locale),
    )


@app.command()
def launch(
    function: Function,
    skill_id: Skill = None,
    locale: Locale = "en-US",
    whole: Json = False,
    endpoint_url: EndpointUrl = None,
    data_dir: DataDir = None,
    region: Region = None,
) -> None:
    """Open the skill in a new session: send a LaunchRequest."""
    connection = connect(endpoint_url, data_dir, region)
    _converse(connection, function, skill_id, True, whole, lambda session: session.launch(locale))


@app.command()
def end(
    function: Function,
    skill_id: Skill = None,
    locale: Locale = "en-US",
    whole: Json = False,
    endpoint_url: EndpointUrl = None,
    data_dir: DataDir = None,
    region: Region = None,
) -> None:
    """End the session: send a SessionEndedRequest, to which a skill has nothing to say."""
    connection = connect(endpoint_url, data_dir, region)
    _converse(
        connection,
        function,
        skill_id,
        False,
        whole,
        lambda session: session.end(locale),
        ends=True,
    )


def _converse(
    connection: Connection,
    function: str,
    skill_id: str | None,
    new: bool,
    whole: bool,
    make: Callable[[Session], Mapping[str, Any]],
    ends: bool = False,
) -> None:
    """Send a request in its session, print what the skill says, and keep the session."""
    with connection.errors():
        client = connection.client("lambda")
        arn = client.get_function_configuration(FunctionName=function)["FunctionArn"]
        skill = skill_id or _allowed_skill(client, arn)
        path = session_path(connection.endpoint, arn)
        session = Session(skill) if new else Session.load(path, skill)
        answer = _send(connection, arn, make(session), skill)
    response = answer.get("response")
    response = response if isinstance(response, dict) else {}
    if ends or response.get("shouldEndSession", True) is not False:
        path.unlink(missing_ok=True)
        ends = True
    else:
        session.answered(answer.get("sessionAttributes") or {})
        session.save(path)
    if whole:
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
        return
    _print(response, ends)


def _send(
    connection: Connection, arn: str, event: Mapping[str, Any], skill: str
) -> Mapping[str, Any]:
    try:
        answer = connection.call(
            "POST", _ROUTE + quote(arn), event, service="lambda", longest_s=_LONGEST_S
        )
    except CommandError as error:
        if f"({_DENIED})" not in error.problem or _SERVICE not in error.problem:
            raise
        raise CommandError(
            error.problem,
            f"allow it with `aws lambda add-permission --function-name {arn} --statement-id alexa "
            "--action lambda:InvokeFunction --principal alexa-appkit.amazon.com "
            f"--event-source-token {skill}`",
        ) from error
    if not isinstance(answer, dict):
        raise CommandError(
            f"the function answered {json.dumps(answer)}, which is no answer of a skill",
            'a skill answers like {"version": "1.0", "response": {…}}',
        )
    return answer


def _allowed_skill(client: Any, arn: str) -> str:
    """Find the skill that a function's policy names."""
    from botocore.exceptions import ClientError

    base, _, qualifier = arn.partition(":function:")[2].partition(":")
    prefix = arn.partition(":function:")[0] + ":function:"
    members = {"Qualifier": qualifier} if qualifier else {}
    with suppress(ClientError, KeyError, TypeError, ValueError, AttributeError):
        policy = json.loads(client.get_policy(FunctionName=prefix + base, **members)["Policy"])
        for statement in policy["Statement"]:
            service = statement["Principal"].get("Service", "")
            token = statement.get("Condition", {}).get("StringEquals", {}).get(_TOKEN)
            if service.startswith(_SERVICE) and isinstance(token, str):
                return token
    return NO_SKILL


def _meant(
    utterance: str, path: Path | None, slots: Mapping[str, str]
) -> tuple[str, Mapping[str, str | None]]:
    model = None
    try:
        if path is not None:
            model = json.loads(path.read_text("utf-8"))
        meant = understand(utterance, model)
    except (OSError, ValueError, ModelUnusable) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise CommandError(f"{path} cannot be used as a model: {why}", status=USAGE) from error
    if meant is None:
        raise CommandError(
            f"no sample fits {utterance!r}",
            "give the intent with --intent"
            if path is not None
            else "give the skill's interaction model with --model, or the intent with --intent",
        )
    return meant.intent, {**meant.slots, **slots}


def _slots(given: list[str]) -> dict[str, str]:
    for each in given:
        if "=" not in each:
            raise CommandError(f"{each!r} is no slot", "give it like --slot city=Paris", USAGE)
    return dict(each.split("=", 1) for each in given)


def _print(response: Mapping[str, Any], ends: bool) -> None:
    speech = _spoken(response.get("outputSpeech"))
    if speech:
        typer.echo(speech)
    reprompt = response.get("reprompt")
    again = _spoken(reprompt.get("outputSpeech")) if isinstance(reprompt, dict) else ""
    if again:
        typer.echo(f"reprompt: {again}")
    card = response.get("card")
    if isinstance(card, dict):
        parts = (card.get("title"), card.get("content") or card.get("text"))
        typer.echo("card: " + " - ".join(str(each) for each in parts if each))
    if ends:
        typer.echo("(the session is over)", err=True)


def _spoken(speech: Any) -> str:
    """Take the words out of what is to be said."""
    if not isinstance(speech, dict):
        return ""
    if speech.get("type") == "SSML":
        words = re.sub(r"<[^>]*>", " ", str(speech.get("ssml", "")))
        return re.sub(r"\s+", " ", html.unescape(words)).strip()
    return str(speech.get("text", ""))
