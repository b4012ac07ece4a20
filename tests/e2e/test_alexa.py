"""Alexa skills: from the desk with `ingle alexa`, and over HTTP."""

import json
import os
import subprocess

import pytest

from tests.e2e.callers import allow as may
from tests.e2e.callers import new_user
from tests.e2e.conftest import create
from tests.e2e.raw import bytes_of, send, signed
from tests.e2e.server import INGLE

SKILL = "amzn1.ask.skill.0b1c"
COUNTING = """
import json

def speak(text, ends, **session):
    speech = {"type": "SSML", "ssml": f"<speak>{text} &amp; <break/>so on</speak>"}
    again = {"outputSpeech": {"type": "PlainText", "text": "Again?"}}
    response = {"outputSpeech": speech, "shouldEndSession": ends}
    if not ends:
        response["reprompt"] = again
    return {"version": "1.0", "sessionAttributes": session, "response": response}

def handler(event, context):
    print("got", json.dumps(event))
    kind, session = event["request"]["type"], event["session"]
    if kind == "LaunchRequest":
        return speak(f"Welcome, new is {session['new']}", False, count=0)
    if kind == "SessionEndedRequest":
        return {"version": "1.0", "response": {}}
    intent = event["request"]["intent"]
    if intent["name"] == "AMAZON.StopIntent":
        return speak("Bye", True)
    if intent["name"] == "Fail":
        raise KeyError("city")
    count = session["attributes"].get("count", 100) + 1
    city = intent["slots"]["city"].get("value")
    return speak(f"{count} times {city}, new is {session['new']}", False, count=count)
"""
MODEL = {
    "interactionModel": {
        "languageModel": {
            "intents": [
                {
                    "name": "Weather",
                    "slots": [{"name": "city", "type": "AMAZON.City"}],
                    "samples": ["what is the weather in {city}"],
                },
                {"name": "AMAZON.StopIntent"},
            ]
        }
    }
}


@pytest.fixture
def skill(functions):
    return create(functions, COUNTING)


@pytest.fixture
def alexa(server, tmp_path):
    """Run `ingle alexa`; return status, output and errors."""

    def run(*arguments):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "INGLE_"))}
        done = subprocess.run(
            [INGLE, "alexa", *arguments, "--data-dir", str(server.data_dir)],
            cwd=tmp_path,
            env=environment | {"XDG_STATE_HOME": str(tmp_path / "state")},
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout.splitlines(), done.stderr

    return run


def allow(functions, name, **members):
    functions.add_permission(
        **{
            "FunctionName": name,
            "StatementId": "alexa",
            "Action": "lambda:InvokeFunction",
            "Principal": "alexa-appkit.amazon.com",
            "EventSourceToken": SKILL,
        }
        | members
    )


def test_a_skill_is_talked_to_from_the_desk_in_a_session(functions, skill, alexa, tmp_path):
    allow(functions, skill)
    status, said, _ = alexa("launch", skill)
    assert (status, said) == (0, ["Welcome, new is True & so on", "reprompt: Again?"])
    _, said, _ = alexa("say", skill, "--intent", "Weather", "--slot", "city=Paris")
    assert said[0] == "1 times Paris, new is False & so on"
    (tmp_path / "en-US.json").write_text(json.dumps(MODEL))
    _, said, _ = alexa("say", skill, "What is the weather in Rome?", "--model", "en-US.json")
    assert said[0] == "2 times rome, new is False & so on"
    status, said, told = alexa("say", skill, "stop")
    assert (status, said) == (0, ["Bye & so on"])
    assert "the session is over" in told
    # What comes next begins anew.
    _, said, _ = alexa("say", skill, "--intent", "Weather", "--slot", "city=Paris")
    assert said[0] == "101 times Paris, new is True & so on"
    assert alexa("end", skill)[:2] == (0, [])
    _, said, _ = alexa("say", skill, "--intent", "Weather", "--slot", "city=Oslo", "--json")
    assert json.loads("\n".join(said))["sessionAttributes"] == {"count": 101}


def test_a_skill_that_the_policy_does_not_name_is_refused_with_what_mends_it(
    functions, skill, alexa
):
    status, said, told = alexa("launch", skill, "--skill-id", SKILL)
    assert (status, said) == (1, [])
    assert "alexa-appkit.amazon.com" in told
    assert f"--event-source-token {SKILL}" in told
    allow(functions, skill, EventSourceToken="amzn1.ask.skill.other")
    assert alexa("launch", skill, "--skill-id", SKILL)[0] == 1
    # Without one, it is that of the policy.
    assert alexa("launch", skill)[0] == 0


def test_what_cannot_be_said_is_told_in_a_line(functions, skill, alexa, tmp_path):
    allow(functions, skill)
    status, _, told = alexa("say", skill, "--intent", "Fail")
    assert (status, told) == (1, "error: The function failed: KeyError: 'city' (SkillFailed)\n")
    for arguments, words in (
        ((), "give an utterance or --intent"),
        (("hello", "--intent", "X"), "give an utterance or --intent"),
        (("--intent", "X", "--slot", "city"), "'city' is no slot"),
        (("gibberish",), "no sample fits 'gibberish' — give the skill's interaction model"),
        (
            ("gibberish", "--model", "none.json"),
            "none.json cannot be used as a model: No such file or directory\n",
        ),
    ):
        status, said, told = alexa("say", skill, *arguments)
        assert (status != 0, said) == (True, [])
        assert words in told
        assert "Traceback" not in told


def test_a_request_that_nobody_has_signed_does_not_reach_the_function(server, functions, skill):
    allow(functions, skill)
    body = json.dumps(
        {"session": {"application": {"applicationId": SKILL}}, "request": {"type": "LaunchRequest"}}
    ).encode()
    head = f"POST /_ingle/alexa/{skill} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    answer = send(server, head.encode() + body)
    assert answer.status == 400
    assert json.loads(answer.body)["__type"] == "NotFromAlexa"


def test_who_may_not_invoke_the_function_may_not_send_for_the_skill(server, functions, skill):
    allow(functions, skill)
    body = json.dumps(
        {"session": {"application": {"applicationId": SKILL}}, "request": {"type": "LaunchRequest"}}
    ).encode()

    def status(*statements):
        user = new_user(server, *statements)
        key = (user["aws_access_key_id"], user["aws_secret_access_key"])
        request = signed(server, "POST", f"/_ingle/alexa/{skill}", body, key=key)
        return send(server, bytes_of(request)).status

    assert status() == 403
    # What comes of it then is the function's business: it finds no `new` in this session.
    assert status(may("lambda:InvokeFunction")) == 502
