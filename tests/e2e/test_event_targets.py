"""What rules and schedules reach besides functions and queues, and archives, by boto3."""

import json
import urllib.request
import uuid

from tests.e2e.callers import allow, new_role
from tests.e2e.conftest import create, eventually
from tests.e2e.test_event_buses import ACCOUNT, PRINTS, lines_of, new_queue, new_rule, put, receive
from tests.e2e.test_sns import Endpoint, new_topic, subscribed


def trusting(service):
    return {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": "sts:AssumeRole",
        },
    }


def letting(topic):
    statement = allow("sns:Publish", on=topic, Principal={"Service": "events.amazonaws.com"})
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def test_an_event_is_published_to_a_topic_that_lets_rules(server):
    events, sns, sqs = (server.client(each) for each in ("events", "sns", "sqs"))
    topic, source = new_topic(sns), uuid.uuid4().hex
    url, _ = subscribed(sns, sqs, topic, RawMessageDelivery="true")
    letters, letters_arn = new_queue(server)
    new_rule(events, topic, source, DeadLetterConfig={"Arn": letters_arn})
    put(events, source, number=1)
    assert [each["detail"] for each in receive(server, letters)] == [{"number": 1}]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=letting(topic))
    put(events, source, number=2)
    assert [each["detail"] for each in receive(server, url)] == [{"number": 2}]


def test_an_event_is_posted_to_an_api_destination(server):
    events, source, endpoint = server.client("events"), uuid.uuid4().hex, Endpoint()
    name = f"d-{source[:12]}"
    try:
        connection = events.create_connection(
            Name=name,
            AuthorizationType="API_KEY",
            AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "abc"}},
        )
        destination = events.create_api_destination(
            Name=name,
            ConnectionArn=connection["ConnectionArn"],
            InvocationEndpoint=endpoint.url,
            HttpMethod="POST",
        )
        role = new_role(server, allow("events:InvokeApiDestination"), trust=trusting("events"))
        new_rule(events, destination["ApiDestinationArn"], source, RoleArn=role)
        put(events, source, number=1)
        eventually(lambda: endpoint.got, "the endpoint is called")
        headers, body = endpoint.got[0]
        assert json.loads(body)["detail"] == {"number": 1}
        assert headers["x-key"] == "abc"
    finally:
        endpoint.close()


def test_a_schedule_calls_an_operation_and_publishes_to_a_topic(server):
    scheduler, functions = server.client("scheduler"), server.client("lambda")
    sns, sqs = server.client("sns"), server.client("sqs")
    name = create(functions, PRINTS)
    topic = new_topic(sns)
    url, _ = subscribed(sns, sqs, topic, RawMessageDelivery="true")
    role = new_role(
        server, allow("lambda:InvokeFunction", "sns:Publish"), trust=trusting("scheduler")
    )
    for arn, text in (
        (
            "arn:aws:scheduler:::aws-sdk:lambda:invoke",
            json.dumps({"FunctionName": name, "Payload": '{"by": "schedule"}'}),
        ),
        (topic, '{"detail": "hello"}'),
    ):
        scheduler.create_schedule(
            Name=f"s-{uuid.uuid4().hex[:12]}",
            ScheduleExpression="rate(1 day)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": arn, "RoleArn": role, "Input": text},
        )
    eventually(lambda: lines_of(server, name), "the function runs")
    assert lines_of(server, name) == [{"by": "schedule"}]
    assert receive(server, url) == [{"detail": "hello"}]


def test_archived_events_are_replayed(server):
    events, source = server.client("events"), uuid.uuid4().hex
    name = f"a-{source[:12]}"
    bus = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
    archive = events.create_archive(
        ArchiveName=name, EventSourceArn=bus, EventPattern=json.dumps({"source": [source]})
    )
    put(events, source, number=1)
    assert events.describe_archive(ArchiveName=name)["EventCount"] == 1
    url, queue = new_queue(server)
    new_rule(events, queue, source)
    happened = events.describe_archive(ArchiveName=name)["CreationTime"].timestamp()
    events.start_replay(
        ReplayName=name,
        EventSourceArn=archive["ArchiveArn"],
        EventStartTime=happened - 60,
        EventEndTime=happened + 60,
        Destination={"Arn": bus},
    )
    [event] = receive(server, url)
    assert (event["detail"], event["replay-name"]) == ({"number": 1}, name)
    eventually(
        lambda: events.describe_replay(ReplayName=name)["State"] == "COMPLETED", "it is over"
    )
    assert name in [each["ReplayName"] for each in events.list_replays()["Replays"]]


def test_a_function_that_puts_the_event_that_it_runs_for_is_stopped(server, functions):
    events, source = server.client("events"), uuid.uuid4().hex
    code = (
        "import boto3\n"
        "def handler(event, context):\n"
        "    entry = {'Source': event['source'], 'DetailType': 'd', 'Detail': '{}'}\n"
        "    boto3.client('events').put_events(Entries=[entry])\n"
    )
    role = new_role(server, allow("logs:*"), allow("events:PutEvents"))
    name = create(functions, code, Role=role, Timeout=30)
    arn = functions.get_function_configuration(FunctionName=name)["FunctionArn"]
    functions.add_permission(
        FunctionName=name,
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=new_rule(events, arn, source),
    )
    url, queue = new_queue(server)
    new_rule(events, queue, source)
    put(events, source)
    labels = f'account="{ACCOUNT}",region="us-east-1",function="{name}"'
    dropped = f"ingle_lambda_recursive_invocations_dropped_total{{{labels}}} 1"

    def stopped():
        with urllib.request.urlopen(f"{server.endpoint}/_ingle/metrics") as answer:
            return dropped in answer.read().decode()

    eventually(stopped, "the loop is stopped", 60)
    found = []
    while len(found) < 17:
        found += receive(server, url)
    # The first, and one for each of the rounds that are let pass.
    assert len(found) == 17
