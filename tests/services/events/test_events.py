"""PutEvents, targets, what they get, and what becomes of what they do not."""

import asyncio
import json
from typing import Any

import pytest

from tests.services.conftest import context
from tests.services.events.conftest import ARN, LETS, QUEUE, Events

DETAIL = {"id": 7, "state": 'say "hi"', "tags": ["a", "b"], "who": {"name": "Ada"}}


async def test_an_event_reaches_the_targets_of_the_rules_that_it_matches(events: Events) -> None:
    await events.queue()
    await events.rule({"source": ["shop"], "detail": {"total": [{"numeric": [">", 10]}]}})
    assert (await events.put(Detail='{"total": 5}'))["FailedEntryCount"] == 0
    answer = await events.put(Detail='{"total": 50}', Resources=["arn:x"], Time=1767225600.0)
    event = json.loads(await events.body())
    assert event == {
        "version": "0",
        "id": answer["Entries"][0]["EventId"],
        "detail-type": "order",
        "source": "shop",
        "account": "000000000000",
        "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1",
        "resources": ["arn:x"],
        "detail": {"total": 50},
    }


async def test_events_that_come_at_the_same_time_are_each_delivered_once(events: Events) -> None:
    await events.queue()
    await events.rule({"source": ["shop"]})
    puts = (events.put(Detail=json.dumps({"number": number})) for number in range(150))
    answers = await asyncio.gather(*puts)
    sent = {each["Entries"][0]["EventId"] for each in answers}
    got = [json.loads(await events.body()) for _ in range(150)]
    assert {each["id"] for each in got} == sent
    assert sorted(each["detail"]["number"] for each in got) == list(range(150))


@pytest.mark.parametrize(
    ("members", "code", "message"),
    [
        (
            {"Source": ""},
            "InvalidArgument",
            "Parameter Source is not valid. Reason: Source is a required argument.",
        ),
        (
            {"DetailType": ""},
            "InvalidArgument",
            "Parameter DetailType is not valid. Reason: DetailType is a required argument.",
        ),
        (
            {"Detail": ""},
            "InvalidArgument",
            "Parameter Detail is not valid. Reason: Detail is a required argument.",
        ),
        ({"Detail": "[1]"}, "MalformedDetail", "Detail is malformed."),
        ({"Detail": "{"}, "MalformedDetail", "Detail is malformed."),
        (
            {"Source": "aws.ec2"},
            "NotAuthorizedForSourceException",
            "Not authorized for the source.",
        ),
        (
            {"EventBusName": "none"},
            "ResourceNotFoundException",
            "Event bus none does not exist.",
        ),
    ],
)
async def test_an_entry_that_is_wrong_is_told_by_itself(
    events: Events, members: dict[str, str], code: str, message: str
) -> None:
    good = {"Source": "shop", "DetailType": "order", "Detail": "{}"}
    answer = await events.call("PutEvents", Entries=[good | members, good])
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0] == {"ErrorCode": code, "ErrorMessage": message}
    assert "EventId" in answer["Entries"][1]


async def test_entries_that_are_too_large_together_are_refused(events: Events) -> None:
    error = await events.refused(
        "PutEvents",
        Entries=[{"Source": "s", "DetailType": "d", "Detail": '{"a": "' + "x" * 1048576 + '"}'}],
    )
    assert error.error_code == "ValidationException"
    assert error.message == "Total size of the entries in the request is over the limit."


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"Input": '{"a": 1}'}, '{"a": 1}'),
        ({"InputPath": "$.detail.who"}, '{"name":"Ada"}'),
        ({"InputPath": "$.detail.tags[1]"}, '"b"'),
        ({"InputPath": "$.detail['state']"}, '"say \\"hi\\""'),
        ({"InputPath": "$.detail.none"}, "null"),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"id": "$.detail.id", "s": "$.detail.state"},
                    "InputTemplate": '{"id": <id>, "state": <s>, "text": "<id>: <s>"}',
                }
            },
            '{"id": 7, "state": "say \\"hi\\"", "text": "7: say \\"hi\\""}',
        ),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"who": "$.detail.who", "no": "$.detail.none"},
                    "InputTemplate": '"<who> by <aws.events.rule-name>, \\"<who>\\"<no>."',
                }
            },
            '"{name:Ada} by r, \\"{name:Ada}\\"."',
        ),
        (
            {"InputTransformer": {"InputTemplate": '{"rule": <aws.events.rule-arn>}'}},
            '{"rule": "' + ARN + 'rule/r"}',
        ),
    ],
)
async def test_a_target_gets_what_was_chosen_for_it(
    events: Events, target: dict[str, Any], expected: str
) -> None:
    await events.queue()
    await events.rule({"source": ["shop"]}, **target)
    await events.put(Detail=json.dumps(DETAIL))
    assert await events.body() == expected


_INSTANCE = "i-0123456789"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('"instance <instance> is in <state>"', f"instance {_INSTANCE} is in RUNNING"),
        (
            '"instance \\"<instance>\\" is in <state>"',
            f'instance "{_INSTANCE}" is in RUNNING',
        ),
        (
            '{\n  "instance" : <instance>,\n  "state": <state>\n}',
            {"instance": _INSTANCE, "state": "RUNNING"},
        ),
        (
            '{"instance" : <instance>, "state": "<state>", '
            '"instanceStatus": "instance \\"<instance>\\" is in <state>"}',
            {
                "instance": _INSTANCE,
                "state": "RUNNING",
                "instanceStatus": f'instance "{_INSTANCE}" is in RUNNING',
            },
        ),
        (
            '{"instance" : <instance>, "state": [ 9, <state>, true ], "Transformed" : "Yes"}',
            {"instance": _INSTANCE, "state": [9, "RUNNING", True], "Transformed": "Yes"},
        ),
        (
            '{"ruleArn" : <aws.events.rule-arn>, "ruleName" : <aws.events.rule-name>, '
            '"at": <aws.events.event.ingestion-time>, "resource": <resource>}',
            {
                "ruleArn": f"{ARN}rule/r",
                "ruleName": "r",
                "at": "2026-01-01T00:00:00Z",
                "resource": "arn:instance",
            },
        ),
    ],
)
async def test_the_documented_examples_of_templates_come_out_as_documented(
    events: Events, template: str, expected: Any
) -> None:
    """Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html"""
    await events.queue()
    paths = {
        "timestamp": "$.time",
        "instance": "$.detail.instance-id",
        "state": "$.detail.state",
        "resource": "$.resources[0]",
    }
    transformer = {"InputPathsMap": paths, "InputTemplate": template}
    await events.rule({"source": ["shop"]}, InputTransformer=transformer)
    await events.put(
        Detail=json.dumps({"instance-id": _INSTANCE, "state": "RUNNING"}),
        Resources=["arn:instance"],
        Time=1.0,
    )
    assert json.loads(await events.body()) == expected


async def test_the_event_itself_can_be_put_into_a_template(events: Events) -> None:
    await events.queue()
    template = '{"all": <aws.events.event.json>, "head": <aws.events.event>}'
    await events.rule({"source": ["shop"]}, InputTransformer={"InputTemplate": template})
    await events.put(Detail=json.dumps(DETAIL))
    got = json.loads(await events.body())
    assert got["all"]["detail"] == DETAIL
    assert got["head"] == {name: got["all"][name] for name in got["all"] if name != "detail"}


async def test_a_fifo_queue_gets_an_event_in_its_group(events: Events) -> None:
    request = {
        "QueueName": "q.fifo",
        "Attributes": {
            "FifoQueue": "true",
            "ContentBasedDeduplication": "true",
            "Policy": LETS,
        },
    }
    await events.sqs.create_queue(context(), request)
    target = {"Arn": f"{QUEUE}q.fifo", "SqsParameters": {"MessageGroupId": "g"}}
    await events.rule({"source": ["shop"]}, **target)
    await events.put(Detail='{"number": 1}')
    assert json.loads(await events.body("q.fifo"))["detail"] == {"number": 1}


async def test_a_message_in_a_standard_queue_has_the_group_that_the_target_says(
    events: Events,
) -> None:
    await events.queue()
    target = {"Arn": f"{QUEUE}q", "SqsParameters": {"MessageGroupId": "$.detail.tenant"}}
    await events.rule({"source": ["shop"]}, **target)
    await events.put(Detail='{"tenant": "one"}')
    message = await events.message()
    assert message["Attributes"]["MessageGroupId"] == "one"
    await events.put(Detail="{}")
    assert "MessageGroupId" not in (await events.message())["Attributes"]


async def test_a_bus_passes_events_on_to_another(events: Events) -> None:
    await events.queue()
    made = await events.call("CreateEventBus", Name="other")
    await events.rule({"source": ["shop"]}, name="on", Arn=made["EventBusArn"])
    await events.call("PutRule", Name="r", EventBusName="other", EventPattern='{"source":["shop"]}')
    target = {"Id": "t", "Arn": f"{QUEUE}q"}
    await events.call("PutTargets", Rule="r", EventBusName="other", Targets=[target])
    await events.put()
    assert json.loads(await events.body())["source"] == "shop"


async def test_buses_in_a_circle_stop_passing_an_event_on(events: Events) -> None:
    await events.queue()
    await events.queue("letters")
    bus = f"{ARN}event-bus/default"
    letters = {"Arn": f"{QUEUE}letters"}
    await events.rule({"source": ["shop"]}, Arn=bus, DeadLetterConfig=letters)
    await events.put()
    attributes = (await events.message("letters"))["MessageAttributes"]
    assert attributes["ERROR_MESSAGE"]["StringValue"] == "16 buses passed the event on."


async def test_what_a_target_refuses_for_good_goes_to_the_dead_letter_queue(
    events: Events,
) -> None:
    await events.queue(policy="")
    await events.queue("letters")
    await events.rule({"source": ["shop"]}, DeadLetterConfig={"Arn": f"{QUEUE}letters"})
    answer = await events.put()
    letter = await events.message("letters")
    assert json.loads(letter["Body"])["id"] == answer["Entries"][0]["EventId"]
    told = {name: each["StringValue"] for name, each in letter["MessageAttributes"].items()}
    assert told.pop("ERROR_MESSAGE").startswith("User: events.amazonaws.com is not authorized")
    assert told == {
        "RULE_ARN": f"{ARN}rule/r",
        "TARGET_ARN": f"{QUEUE}q",
        "ERROR_CODE": "NO_PERMISSIONS",
    }


async def test_a_queue_that_is_not_there_is_not_tried_again(events: Events) -> None:
    await events.queue("letters")
    await events.rule(
        {"source": ["shop"]}, Arn=f"{QUEUE}none", DeadLetterConfig={"Arn": f"{QUEUE}letters"}
    )
    await events.put()
    attributes = (await events.message("letters"))["MessageAttributes"]
    assert attributes["ERROR_CODE"]["StringValue"] in ("NO_RESOURCE", "NO_PERMISSIONS")


async def test_what_was_accepted_is_delivered_once_after_a_restart(events: Events) -> None:
    await events.queue()
    await events.rule({"source": ["shop"]})
    events.deliveries.stop()
    await events.put()
    await events.close()
    await events.open()
    assert json.loads(await events.body())["source"] == "shop"
    await events.close()
    await events.open()
    await events.put(Detail='{"number": 2}')
    assert json.loads(await events.body())["detail"] == {"number": 2}


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            {"Arn": "queue"},
            "Parameter queue is not valid. Reason: Provided Arn is not in correct format.",
        ),
        (
            {"Arn": "arn:aws:kinesis:us-east-1:000000000000:stream/s"},
            "Target t is not available in this version of Ingle: kinesis. Choose a Lambda "
            "function, an SQS queue, an SNS topic, a log group, an event bus or an API "
            "destination.",
        ),
        (
            {"Input": "{", "InputPath": "$"},
            "Only one of Input, InputPath, or InputTransformer must be provided for target t.",
        ),
        ({"Input": "{"}, "JSON syntax error in input for target t"),
        ({"InputPath": "detail"}, "Invalid InputPath for target t."),
        (
            {"InputTransformer": {"InputTemplate": "<x>"}},
            "Invalid InputTemplate for target t : the variable x is not in InputPathsMap.",
        ),
        (
            {"Arn": f"{QUEUE}q.fifo"},
            "Parameter(s) MessageGroupId must be specified for target: t.",
        ),
    ],
)
async def test_what_cannot_be_a_target_is_refused(
    events: Events, target: dict[str, Any], message: str
) -> None:
    await events.call("PutRule", Name="r", EventPattern='{"source": ["shop"]}')
    target = {"Id": "t", "Arn": f"{QUEUE}q"} | target
    error = await events.refused("PutTargets", Rule="r", Targets=[target])
    assert (error.error_code, error.message) == ("ValidationException", message)
