"""Destinations and dead-letter queues of asynchronous invocations, in Amazon SQS."""

import json
import urllib.request

import pytest

from tests.e2e.conftest import ROLE, create, eventually, refusal
from tests.e2e.queues import new_queue, receive, role_that_sends

GOOD = "def handler(event, context):\n    return {'answer': event}\n"
BAD = "def handler(event, context):\n    raise ValueError('no ' + event['what'])\n"

LABELS = 'account="000000000000",region="us-east-1"'


@pytest.fixture(scope="module")
def sqs(server):
    return server.client("sqs")


def measurements(server):
    return urllib.request.urlopen(f"{server.endpoint}/_ingle/metrics").read().decode()


def invoke_later(functions, name, event):
    answer = functions.invoke(
        FunctionName=name, InvocationType="Event", Payload=json.dumps(event).encode()
    )
    return answer["ResponseMetadata"]["RequestId"]


@pytest.mark.parametrize(
    ("source", "member", "condition"),
    [(GOOD, "OnSuccess", "Success"), (BAD, "OnFailure", "RetriesExhausted")],
)
def test_a_record_of_an_event_comes_to_a_queue(server, functions, sqs, source, member, condition):
    url, arn = new_queue(sqs)
    name = create(functions, source, Role=role_that_sends(server, arn))
    functions.put_function_event_invoke_config(
        FunctionName=name,
        MaximumRetryAttempts=0,
        DestinationConfig={member: {"Destination": arn}},
    )
    request_id = invoke_later(functions, name, {"what": "way"})
    (message,) = receive(sqs, url)
    record = json.loads(message["Body"])
    assert record["requestContext"]["condition"] == condition
    assert record["requestContext"]["requestId"] == request_id
    assert record["requestPayload"] == {"what": "way"}
    assert "MessageAttributes" not in message
    assert message["Attributes"]["SenderId"].startswith("AROA")
    assert message["Attributes"]["SenderId"].endswith(f":{name}")
    assert "Lineage=1:" in message["Attributes"]["AWSTraceHeader"]


def test_an_event_that_is_given_up_comes_to_the_dead_letter_queue_as_it_was(server, functions, sqs):
    url, arn = new_queue(sqs)
    name = create(
        functions, BAD, Role=role_that_sends(server, arn), DeadLetterConfig={"TargetArn": arn}
    )
    described = functions.get_function_configuration(FunctionName=name)
    assert described["DeadLetterConfig"] == {"TargetArn": arn}
    functions.put_function_event_invoke_config(
        FunctionName=name,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": arn}},
    )
    request_id = invoke_later(functions, name, {"what": "way"})
    found = receive(sqs, url)
    if len(found) < 2:
        found += receive(sqs, url)
    (letter,) = (each for each in found if "MessageAttributes" in each)
    assert json.loads(letter["Body"]) == {"what": "way"}
    assert letter["MessageAttributes"] == {
        "RequestID": {"DataType": "String", "StringValue": request_id},
        "ErrorCode": {"DataType": "Number", "StringValue": "200"},
        "ErrorMessage": {"DataType": "String", "StringValue": "no way"},
    }
    assert len(found) == 2


def test_a_dead_letter_queue_that_is_gone_is_measured(server, functions, sqs):
    url, arn = new_queue(sqs)
    name = create(
        functions, BAD, Role=role_that_sends(server, arn), DeadLetterConfig={"TargetArn": arn}
    )
    functions.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    sqs.delete_queue(QueueUrl=url)
    invoke_later(functions, name, {"what": "way"})
    wanted = f'ingle_lambda_dead_letter_errors_total{{{LABELS},function="{name}"}} 1'
    eventually(lambda: wanted in measurements(server), "the failure is measured")


def test_a_role_that_may_not_send_is_refused(server, functions, sqs):
    _, arn = new_queue(sqs)
    name = create(functions, GOOD)
    assert refusal(
        functions.update_function_configuration,
        FunctionName=name,
        DeadLetterConfig={"TargetArn": arn},
    ) == (
        400,
        "InvalidParameterValueException",
        "The provided execution role does not have permissions to call SendMessage on SQS",
    )
    assert refusal(
        functions.put_function_event_invoke_config,
        FunctionName=name,
        DestinationConfig={"OnSuccess": {"Destination": arn}},
    ) == (
        400,
        "InvalidParameterValueException",
        f"The function's execution role does not have permissions to call SendMessage on {arn}",
    )


def test_a_queue_must_be_there_and_be_a_standard_one(server, functions, sqs):
    _, fifo = new_queue(sqs, ".fifo")
    missing = f"{fifo.removesuffix('.fifo')}-none"
    role = role_that_sends(server, fifo, missing)
    name = create(functions, GOOD, Role=role)
    for arn, more in ((missing, "."), (fifo, ": records go to standard queues only.")):
        for call, members in (
            (
                functions.put_function_event_invoke_config,
                {"DestinationConfig": {"OnFailure": {"Destination": arn}}},
            ),
            (functions.update_function_configuration, {"DeadLetterConfig": {"TargetArn": arn}}),
        ):
            assert refusal(call, FunctionName=name, **members)[2] == (
                f"The destination ARN {arn} is invalid{more}"
            )
    functions.update_function_configuration(
        FunctionName=name, Role=ROLE, DeadLetterConfig={"TargetArn": ""}
    )
