"""EventBridge and its scheduler by boto3: functions as targets, destinations, kills, clocks."""

import json
import uuid
from collections.abc import Iterator

import pytest

from tests.e2e.clocked import ClockedServer
from tests.e2e.conftest import ROLE, create, eventually
from tests.e2e.identities import allow, document

ACCOUNT = "000000000000"
PRINTS = "import json\ndef handler(event, context):\n    print('GOT ' + json.dumps(event))\n"
LETS = document(
    allow("sqs:SendMessage", Principal={"Service": "events.amazonaws.com"}),
)


@pytest.fixture(scope="module")
def events(server):
    return server.client("events")


def new_queue(server, policy=LETS):
    sqs = server.client("sqs")
    name = f"q-{uuid.uuid4().hex[:12]}"
    url = sqs.create_queue(QueueName=name, Attributes={"Policy": policy})["QueueUrl"]
    return url, f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"


def receive(server, url):
    sqs = server.client("sqs")
    found = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20, MaxNumberOfMessages=10)
    for each in found.get("Messages", []):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
    return [json.loads(each["Body"]) for each in found.get("Messages", [])]


def lines_of(server, name):
    logs = server.client("logs")
    try:
        found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [json.loads(each["message"][4:]) for each in found if each["message"][:4] == "GOT "]


def new_rule(events, arn, source, **target):
    name = f"r-{uuid.uuid4().hex[:12]}"
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [source]}))["RuleArn"]
    events.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": arn, **target}])
    return rule


def put(events, source, **detail):
    entry = {"Source": source, "DetailType": "d", "Detail": json.dumps(detail)}
    return events.put_events(Entries=[entry])


def test_a_rule_runs_a_function_that_lets_it(server, functions, events):
    name, source = create(functions, PRINTS), uuid.uuid4().hex
    arn = functions.get_function_configuration(FunctionName=name)["FunctionArn"]
    url, letters = new_queue(server)
    rule = new_rule(events, arn, source, DeadLetterConfig={"Arn": letters})
    put(events, source, number=1)
    assert [each["detail"] for each in receive(server, url)] == [{"number": 1}]
    functions.add_permission(
        FunctionName=name,
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    put(events, source, number=2)
    eventually(lambda: lines_of(server, name), "the function runs")
    assert [each["detail"] for each in lines_of(server, name)] == [{"number": 2}]


def test_a_log_group_takes_events(server, events):
    group, source = f"/aws/events/{uuid.uuid4().hex}", uuid.uuid4().hex
    new_rule(events, f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}", source)
    put(events, source, number=1)
    logs = server.client("logs")

    def found():
        try:
            return logs.filter_log_events(logGroupName=group)["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []

    eventually(found, "the event is logged")
    assert json.loads(found()[0]["message"])["detail"] == {"number": 1}


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("def handler(event, context):\n    return 1\n", "Success"),
        ("def handler(event, context):\n    raise ValueError('no')\n", "Failure"),
    ],
)
def test_a_record_of_an_event_comes_to_a_bus(server, functions, events, source, result):
    bus = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
    iam, role = server.client("iam"), f"role-{uuid.uuid4().hex[:12]}"
    trust = document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    )
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(
        RoleName=role,
        PolicyName="p",
        PolicyDocument=document(allow(["logs:*", "events:PutEvents"])),
    )
    name = create(functions, source, Role=arn)
    url, queue = new_queue(server)
    rule = f"r-{uuid.uuid4().hex[:12]}"
    pattern = {"source": ["lambda"], "resources": [{"wildcard": f"*:function:{name}:*"}]}
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "t", "Arn": queue}])
    functions.put_function_event_invoke_config(
        FunctionName=name,
        MaximumRetryAttempts=0,
        DestinationConfig={f"On{result}": {"Destination": bus}},
    )
    functions.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"what": 1}')
    [event] = receive(server, url)
    assert event["detail-type"] == f"Lambda Function Invocation Result - {result}"
    assert (event["source"], event["account"]) == ("lambda", ACCOUNT)
    function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}:$LATEST"
    assert event["resources"] == [bus, function]
    assert event["detail"]["requestPayload"] == {"what": 1}
    assert event["detail"]["requestContext"]["functionArn"] == function


@pytest.fixture
def clocked(tmp_path) -> Iterator[ClockedServer]:
    started = ClockedServer(tmp_path / "data")
    started.start()
    yield started
    if started.running:
        started.kill()


def test_schedules_fire_by_the_clock_of_the_server(clocked: ClockedServer) -> None:
    events, iam = clocked.client("events"), clocked.client("iam")
    url, queue = new_queue(clocked)
    arn = events.put_rule(Name="tick", ScheduleExpression="rate(1 hour)")["RuleArn"]
    events.put_targets(Rule="tick", Targets=[{"Id": "t", "Arn": queue}])
    clocked.advance(3600)
    assert [each["resources"] for each in receive(clocked, url)] == [[arn]]
    trust = document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "scheduler.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    )
    role = iam.create_role(RoleName="clock", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    policy = document(allow("lambda:InvokeFunction"))
    iam.put_role_policy(RoleName="clock", PolicyName="p", PolicyDocument=policy)
    functions = clocked.client("lambda")
    name = create(functions, PRINTS, Role=ROLE)
    target = functions.get_function_configuration(FunctionName=name)["FunctionArn"]
    clocked.client("scheduler").create_schedule(
        Name="now",
        ScheduleExpression="rate(1 day)",
        ScheduleExpressionTimezone="Europe/Berlin",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": target, "RoleArn": role, "Input": '{"by": "<aws.scheduler.schedule-arn>"}'},
    )
    schedule = f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule/default/now"
    eventually(lambda: lines_of(clocked, name) == [{"by": schedule}], "the function runs")
