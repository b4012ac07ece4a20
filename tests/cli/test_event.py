"""Test events: what the templates make of their options, and the command that prints them."""

import base64
import gzip
import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.cli import event_templates
from ingle.cli.event_templates import BadValue, Option, Template

EVERY = [
    (source, kind) for source in event_templates.sources() for kind in event_templates.kinds(source)
]
DOCUMENTED = tomllib.loads(Path(__file__).with_name("documented_events.toml").read_text("utf-8"))


def event_of(source: str, kind: str, **options: str) -> Any:
    given = {name.replace("_", "-"): value for name, value in options.items()}
    return event_templates.template(source, kind).filled_in(given)


def other_value(option: Option) -> str:
    """Another value than the default one, of the same form."""
    if option.choices:
        return option.choices[1]
    if option.name == "time":
        return "2026-02-03T04:05:06.789Z"
    return '{"another": 7}' if option.default.startswith("{") else "4711"


def at(event: Any, path: str) -> list[Any]:
    """Find what is at a path, in each element of the lists on its way."""
    found = [event]
    for step in path.split("."):
        name = step.removesuffix("[]").replace("%", ".")
        found = [each[name] for each in found]
        if step.endswith("[]"):
            assert all(found), f"{path}: an empty list"
            found = [element for each in found for element in each]
    return found


@pytest.mark.parametrize(("source", "kind"), EVERY)
def test_every_template_is_whole_and_each_option_changes_the_event(source: str, kind: str) -> None:
    template = event_templates.template(source, kind)
    event = template.filled_in({})
    assert "{{" not in json.dumps(event)
    assert template.documented.startswith("https://")
    assert template.about.endswith(".")
    without = [
        each.name
        for each in template.options
        if template.filled_in({each.name: other_value(each)}) == event
    ]
    assert without == []


@pytest.mark.parametrize("name", DOCUMENTED)
def test_an_event_has_the_members_that_aws_documents(name: str) -> None:
    event = event_of(*name.split())
    for path in DOCUMENTED[name]:
        assert at(event, path), path


def test_every_source_is_held_against_what_aws_documents() -> None:
    shapeless = {"iot rule", "stepfunctions error", "workmail email", "rekognition s3-request"}
    checked = {each.split()[0] for each in [*DOCUMENTED, *shapeless]} | {"sagemaker"}
    assert set(event_templates.sources()) == checked


@given(st.text(min_size=1))
def test_a_key_is_encoded_as_s3_does(key: str) -> None:
    try:
        key.encode()
    except UnicodeEncodeError:
        return
    encoded = event_of("s3", "put", key=key)["Records"][0]["s3"]["object"]["key"]
    assert unquote_plus(encoded) == key
    assert " " not in encoded
    assert encoded.count("/") == key.count("/")


def test_log_lines_are_compressed_json() -> None:
    event = event_of("cloudwatch", "logs", message='a "line"', log_group="/aws/lambda/hello")
    data = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    assert data["messageType"] == "DATA_MESSAGE"
    assert data["logGroup"] == "/aws/lambda/hello"
    assert data["logEvents"][0]["message"] == 'a "line"'
    assert data["logEvents"][0]["timestamp"] == 1767268800000
    processed = event_of("kinesis", "cloudwatch-logs-processor", message="x")["records"][0]
    assert b'"x"' in gzip.decompress(base64.b64decode(processed["data"]))


def test_digests_and_base64_are_those_of_the_data() -> None:
    message = event_of("sqs", "receive-message", body="Grüße")["Records"][0]
    assert message["md5OfBody"] == hashlib.md5("Grüße".encode()).hexdigest()
    record = event_of("kinesis", "get-records", data="Grüße")["Records"][0]["kinesis"]
    assert base64.b64decode(record["data"]).decode() == "Grüße"
    kafka = event_of("msk", "records", topic="orders", value="v")["records"]["orders-0"][0]
    assert base64.b64decode(kafka["value"]) == b"v"


def test_nested_documents_are_texts_of_json() -> None:
    event = event_of("config", "item-change-notification", resource_id="i-7")
    item = json.loads(event["invokingEvent"])["configurationItem"]
    assert item["resourceId"] == "i-7"
    assert item["ARN"].endswith("instance/i-7")
    assert event_of("eventbridge", "custom", detail='{"a": [1]}')["detail"] == {"a": [1]}


def test_a_time_is_written_as_each_source_does() -> None:
    moment = "2026-01-31T13:00:00.250+01:00"
    assert (
        event_of("s3", "put", time=moment)["Records"][0]["eventTime"] == "2026-01-31T12:00:00.250Z"
    )
    assert event_of("eventbridge", "schedule", time=moment)["time"] == "2026-01-31T12:00:00Z"
    sent = event_of("sqs", "receive-message", time=moment)["Records"][0]["attributes"]
    assert sent["SentTimestamp"] == "1769860800250"
    context = event_of("lambda", "function-url", time=moment)["requestContext"]
    assert (context["time"], context["timeEpoch"]) == ("31/Jan/2026:12:00:00 +0000", 1769860800250)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"size": "much"}, "--size: 'much' is not a whole number"),
        ({"time": "noon"}, "--time: 'noon' is not a time"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_option(
    options: dict[str, str], problem: str
) -> None:
    with pytest.raises(BadValue, match=problem):
        event_of("s3", "put", **options)


def test_a_choice_is_one_of_those_that_there_are() -> None:
    with pytest.raises(BadValue, match="--click-type: it must be one of SINGLE, DOUBLE, LONG"):
        event_of("iot", "button", click_type="TRIPLE")
    with pytest.raises(BadValue, match="--detail: it is not JSON"):
        event_of("eventbridge", "custom", detail="{")


def test_a_template_with_choices_takes_the_first_by_default() -> None:
    option = Option("state", "A", ("A", "B"), "")
    template = Template("x", "y", "", "", (option,), {"is": "{{state}}"})
    assert template.filled_in({}) == {"is": "A"}


def test_the_command_prints_an_event(run: Any) -> None:
    result = run("event", "generate", "s3", "put", "--bucket", "photos", "--key", "a b.jpg")
    assert result.returncode == 0, result.stderr
    record = json.loads(result.stdout)["Records"][0]["s3"]
    assert (record["bucket"]["arn"], record["object"]["key"]) == ("arn:aws:s3:::photos", "a+b.jpg")


def test_the_help_of_an_event_tells_its_options_and_where_aws_shows_it(run: Any) -> None:
    result = run("event", "generate", "sqs", "receive-message", "--help", env={"COLUMNS": "160"})
    assert result.returncode == 0
    for part in ("--body", "Hello from SQS!", "--queue-name", "docs.aws.amazon.com"):
        assert part in result.stdout


def test_the_help_lists_sources_and_kinds(run: Any) -> None:
    sources = run("event", "generate", "--help").stdout
    assert all(f"│ {each} " in sources for each in event_templates.sources())
    kinds = run("event", "generate", "s3", "--help").stdout
    assert all(f"│ {each} " in kinds for each in event_templates.kinds("s3"))


def test_the_list_has_every_event(run: Any) -> None:
    listed = run("event", "list").stdout.splitlines()
    assert [tuple(line.split()[:2]) for line in listed] == EVERY
    as_json = json.loads(run("event", "list", "s3", "--format", "json").stdout)
    assert [each["kind"] for each in as_json] == event_templates.kinds("s3")


def test_what_is_not_there_is_wrong_usage(run: Any) -> None:
    for arguments in (["generate", "s4", "put"], ["generate", "s3", "putt"], ["list", "s4"]):
        result = run("event", *arguments)
        assert result.returncode == 2, arguments
        assert "Traceback" not in result.stderr
    assert "--size" in run("event", "generate", "s3", "put", "--size", "x").stderr
