"""Alarms that are evaluated by a clock that is put forward, and what they do."""

import datetime
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.clocked import ClockedServer
from tests.e2e.conftest import create, eventually
from tests.e2e.queues import receive
from tests.e2e.topics import new_topic, subscribed

ACCOUNT = "000000000000"
ARN = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:"
SAYS = "import json\ndef handler(event, context):\n    print('GOT ' + json.dumps(event))\n"
FAILS = "def handler(event, context):\n    raise ValueError('no')\n"


@pytest.fixture
def clocked(tmp_path: Path) -> Iterator[ClockedServer]:
    server = ClockedServer(tmp_path / "data").start()
    yield server
    if server.running:
        server.kill()


def settings(name: str, **others: Any) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "Namespace": "App",
        "MetricName": "Errors",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
        **others,
    }


def described(server: ClockedServer, name: str) -> dict[str, Any]:
    answer = server.client("cloudwatch").describe_alarms(
        AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    (found,) = answer["MetricAlarms"] + answer["CompositeAlarms"]
    return dict(found)


def becomes(server: ClockedServer, name: str, state: str) -> None:
    eventually(lambda: described(server, name)["StateValue"] == state, f"{name} is {state}")


def told(server: ClockedServer, url: str) -> dict[str, Any]:
    """The next message of a queue that is subscribed to a topic."""
    found: list[Any] = []

    def came() -> bool:
        found.extend(receive(server.client("sqs"), url, wait_s=1))
        return bool(found)

    eventually(came, "the topic's message comes")
    (message,) = found
    return dict(json.loads(message["Body"]))


def events(server: ClockedServer, function: str) -> list[Any]:
    logs = server.client("logs")
    try:
        answer = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}", filterPattern="GOT")
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [json.loads(each["message"].partition("GOT ")[2]) for each in answer["events"]]


def listening_function(server: ClockedServer) -> tuple[str, str]:
    functions = server.client("lambda")
    name = create(functions, SAYS)
    functions.add_permission(
        FunctionName=name,
        StatementId="alarms",
        Action="lambda:InvokeFunction",
        Principal="lambda.alarms.cloudwatch.amazonaws.com",
        SourceAccount=ACCOUNT,
    )
    return name, f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}"


def test_errors_in_five_minutes_notify_a_topic_and_invoke_a_function(
    clocked: ClockedServer,
) -> None:
    sns, sqs, functions = (clocked.client(each) for each in ("sns", "sqs", "lambda"))
    topic = new_topic(sns)
    url, _ = subscribed(sns, sqs, topic)
    listener, listener_arn = listening_function(clocked)
    failing = create(functions, FAILS)
    clocked.client("cloudwatch").put_metric_alarm(
        **settings(
            "five-minutes",
            AlarmDescription="Look into it.",
            Namespace="AWS/Lambda",
            Dimensions=[{"Name": "FunctionName", "Value": failing}],
            Period=300,
            TreatMissingData="notBreaching",
            AlarmActions=[topic, listener_arn],
        )
    )
    functions.invoke(FunctionName=failing, Payload=b"{}")
    clocked.advance(70)
    becomes(clocked, "five-minutes", "ALARM")
    notification = told(clocked, url)
    assert notification["Subject"] == 'ALARM: "five-minutes" in US East (N. Virginia)'
    notice = json.loads(notification["Message"])
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000"
    assert re.fullmatch(stamp, notice.pop("AlarmConfigurationUpdatedTimestamp"))
    changed = notice.pop("StateChangeTime")
    assert re.fullmatch(stamp, changed)
    why = notice.pop("NewStateReason")
    assert re.fullmatch(
        r"Threshold Crossed: 1 datapoint \[1\.0 \(\d\d/\d\d/\d\d \d\d:\d\d:00\)\] was greater than "
        r"the threshold \(0\.0\)\.",
        why,
    )
    assert notice.pop("OldStateValue") in ("INSUFFICIENT_DATA", "OK")
    assert notice == {
        "AlarmName": "five-minutes",
        "AlarmDescription": "Look into it.",
        "AWSAccountId": ACCOUNT,
        "NewStateValue": "ALARM",
        "Region": "US East (N. Virginia)",
        "AlarmArn": f"{ARN}five-minutes",
        "OKActions": [],
        "AlarmActions": [topic, listener_arn],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "Errors",
            "Namespace": "AWS/Lambda",
            "StatisticType": "Statistic",
            "Statistic": "SUM",
            "Unit": None,
            "Dimensions": [{"value": failing, "name": "FunctionName"}],
            "Period": 300,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 0.0,
            "TreatMissingData": "notBreaching",
            "EvaluateLowSampleCountPercentile": "",
        },
    }
    eventually(lambda: bool(events(clocked, listener)), "the function is invoked")
    (event,) = events(clocked, listener)
    data = event.pop("alarmData")
    assert event == {
        "source": "aws.cloudwatch",
        "alarmArn": f"{ARN}five-minutes",
        "accountId": ACCOUNT,
        "time": changed,
        "region": "us-east-1",
    }
    assert data["alarmName"] == "five-minutes"
    assert (data["state"]["value"], data["state"]["reason"]) == ("ALARM", why)
    reasons = json.loads(data["state"]["reasonData"])
    assert reasons["statistic"] == "Sum"
    assert (reasons["period"], reasons["threshold"]) == (300, 0.0)
    assert reasons["recentDatapoints"] == [1.0]
    (metric,) = data["configuration"]["metrics"]
    assert metric.pop("id")
    assert data["configuration"]["description"] == "Look into it."
    assert metric == {
        "metricStat": {
            "metric": {
                "namespace": "AWS/Lambda",
                "name": "Errors",
                "dimensions": {"FunctionName": failing},
            },
            "period": 300,
            "stat": "Sum",
        },
        "returnData": True,
    }
    clocked.advance(1200)
    becomes(clocked, "five-minutes", "OK")


def test_alarms_survive_kills_and_each_change_is_told(clocked: ClockedServer) -> None:
    sns, sqs = clocked.client("sns"), clocked.client("sqs")
    topic = new_topic(sns)
    url, _ = subscribed(sns, sqs, topic)
    tags = [{"Key": "team", "Value": "a"}]
    clocked.client("cloudwatch").put_metric_alarm(
        **settings("kept", AlarmActions=[topic], OKActions=[topic], Tags=tags)
    )
    clocked.client("cloudwatch").put_composite_alarm(
        AlarmName="above", AlarmRule="ALARM(kept)", AlarmActions=[topic]
    )
    # Killed the moment that the change is seen: what comes of it was on the disk with it.
    for state, expected in (
        ("ALARM", {("kept", "ALARM"), ("above", "ALARM")}),
        ("OK", {("kept", "OK")}),
        ("ALARM", {("kept", "ALARM"), ("above", "ALARM")}),
    ):
        clocked.client("cloudwatch").set_alarm_state(
            AlarmName="kept", StateValue=state, StateReason="a test"
        )
        clocked.kill()
        clocked.start()
        assert described(clocked, "kept")["StateValue"] == state
        assert described(clocked, "above")["StateValue"] == state
        heard: set[tuple[str, str]] = set()

        def all_of_them(heard: set[tuple[str, str]] = heard, expected: Any = expected) -> bool:
            for each in receive(clocked.client("sqs"), url, wait_s=1):
                notice = json.loads(json.loads(each["Body"])["Message"])
                heard.add((notice["AlarmName"], notice["NewStateValue"]))
            return heard == expected

        eventually(all_of_them, f"{expected} are told")
    listed = clocked.client("cloudwatch").list_tags_for_resource(ResourceARN=f"{ARN}kept")
    assert listed["Tags"] == tags
    history = clocked.client("cloudwatch").describe_alarm_history(
        AlarmName="kept", HistoryItemType="StateUpdate"
    )["AlarmHistoryItems"]
    assert [each["HistorySummary"] for each in history] == [
        "Alarm updated from OK to ALARM",
        "Alarm updated from ALARM to OK",
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
    ]


def test_an_alarm_is_evaluated_again_after_its_state_was_set(clocked: ClockedServer) -> None:
    cloudwatch = clocked.client("cloudwatch")
    cloudwatch.put_metric_alarm(**settings("set", TreatMissingData="notBreaching"))
    cloudwatch.set_alarm_state(AlarmName="set", StateValue="ALARM", StateReason="a test")
    assert described(clocked, "set")["StateReason"] == "a test"
    clocked.advance(70)
    becomes(clocked, "set", "OK")
    assert described(clocked, "set")["StateReason"] == (
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was "
        "treated as [NonBreaching]."
    )


def put(server: ClockedServer, *values: float, **others: Any) -> None:
    now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=server.ahead_s)
    server.client("cloudwatch").put_metric_data(
        Namespace="App",
        MetricData=[
            {"MetricName": "Errors", "Value": each, "Timestamp": now, **others} for each in values
        ],
    )


def test_expressions_percentiles_units_and_short_periods_are_evaluated(
    clocked: ClockedServer,
) -> None:
    cloudwatch = clocked.client("cloudwatch")
    metric = {"Namespace": "App", "MetricName": "Errors"}
    cloudwatch.put_metric_alarm(
        AlarmName="math",
        Metrics=[
            {
                "Id": "m",
                "ReturnData": False,
                "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"},
            },
            {"Id": "e", "Expression": "m * 10", "Label": "tenfold"},
        ],
        EvaluationPeriods=1,
        Threshold=25,
        ComparisonOperator="GreaterThanThreshold",
    )
    percentile = settings("p90", ExtendedStatistic="p90", Threshold=2.5)
    del percentile["Statistic"]
    cloudwatch.put_metric_alarm(**percentile)
    cloudwatch.put_metric_alarm(
        **percentile | {"AlarmName": "too few", "EvaluateLowSampleCountPercentile": "ignore"}
    )
    cloudwatch.put_metric_alarm(**settings("bytes", Unit="Bytes"))
    cloudwatch.put_metric_alarm(**settings("count", Unit="Count"))
    cloudwatch.put_metric_alarm(**settings("fine", Period=10))
    cloudwatch.put_metric_alarm(**settings("few", Period=20, EvaluationPeriods=3, Threshold=9))
    put(clocked, 1, 2, 3, Unit="Count", StorageResolution=1)
    clocked.advance(13)
    becomes(clocked, "fine", "ALARM")
    clocked.advance(57)
    for name in ("math", "p90", "count"):
        becomes(clocked, name, "ALARM")
    reason = described(clocked, "math")["StateReason"]
    assert reason.startswith("Threshold Crossed: 1 datapoint [30.0 (")
    assert described(clocked, "too few")["StateValue"] == "INSUFFICIENT_DATA"
    assert described(clocked, "bytes")["StateValue"] == "INSUFFICIENT_DATA"


def heard(clocked: ClockedServer, pattern: dict[str, Any]) -> str:
    """Make a queue that gets events of alarms; return its URL."""
    events_, sqs = clocked.client("events"), clocked.client("sqs")
    url = str(sqs.create_queue(QueueName="heard")["QueueUrl"])
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:heard"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    pattern = {"source": ["aws.cloudwatch"], **pattern}
    events_.put_rule(Name="alarms", EventPattern=json.dumps(pattern))
    events_.put_targets(Rule="alarms", Targets=[{"Id": "1", "Arn": arn}])
    return url


def test_a_rule_of_eventbridge_hears_of_configurations(clocked: ClockedServer) -> None:
    kind = "CloudWatch Alarm Configuration Change"
    url = heard(clocked, {"detail-type": [kind]})
    cloudwatch = clocked.client("cloudwatch")
    given = settings("watched", AlarmDescription="too many")
    cloudwatch.put_metric_alarm(**given)
    cloudwatch.put_metric_alarm(**{**given, "Threshold": 7})
    cloudwatch.disable_alarm_actions(AlarmNames=["watched", "nobody"])
    cloudwatch.put_composite_alarm(AlarmName="all", AlarmRule="ALARM(watched)")
    cloudwatch.set_alarm_state(AlarmName="watched", StateValue="ALARM", StateReason="why")
    cloudwatch.delete_alarms(AlarmNames=["all", "watched"])
    came: list[dict[str, Any]] = []

    def complete() -> bool:
        came.extend(json.loads(each["Body"]) for each in receive(clocked.client("sqs"), url, 1))
        return len(came) >= 6

    eventually(complete, "six events come")
    assert {each["detail-type"] for each in came} == {kind}
    first = {
        (each["detail"]["alarmName"], each["detail"]["operation"]): each for each in reversed(came)
    }
    assert sorted(first) == [
        ("all", "create"),
        ("all", "delete"),
        ("watched", "create"),
        ("watched", "delete"),
        ("watched", "update"),
    ]
    made = first["watched", "create"]
    assert made["resources"] == [f"{ARN}watched"]
    assert made["detail"]["state"]["value"] == "INSUFFICIENT_DATA"
    assert "previousConfiguration" not in made["detail"]
    configuration = made["detail"]["configuration"]
    assert configuration.pop("timestamp")
    (metric,) = configuration.pop("metrics")
    assert metric["metricStat"]["stat"] == given["Statistic"]
    assert configuration == {
        "alarmName": "watched",
        "description": "too many",
        "threshold": given["Threshold"],
        "comparisonOperator": given["ComparisonOperator"],
        "evaluationPeriods": given["EvaluationPeriods"],
        "actionsEnabled": True,
        "okActions": [],
        "alarmActions": [],
        "insufficientDataActions": [],
    }
    updates = [
        (
            each["detail"]["previousConfiguration"]["threshold"],
            each["detail"]["configuration"]["threshold"],
            each["detail"]["configuration"]["actionsEnabled"],
        )
        for each in came
        if each["detail"]["operation"] == "update"
    ]
    assert sorted(updates) == sorted([(given["Threshold"], 7, True), (7, 7, False)])
    assert first["all", "create"]["detail"]["configuration"]["alarmRule"] == "ALARM(watched)"
    assert first["watched", "delete"]["detail"]["state"]["value"] == "ALARM"


def test_a_rule_of_eventbridge_hears_of_changes(clocked: ClockedServer) -> None:
    url = heard(
        clocked,
        {
            "detail-type": ["CloudWatch Alarm State Change"],
            "detail": {"state": {"value": ["ALARM"]}},
        },
    )
    cloudwatch, sqs = clocked.client("cloudwatch"), clocked.client("sqs")
    cloudwatch.put_metric_alarm(**settings("heard"))
    cloudwatch.put_composite_alarm(AlarmName="all", AlarmRule="ALARM(heard)")
    cloudwatch.set_alarm_state(
        AlarmName="heard", StateValue="ALARM", StateReason="why", StateReasonData='{"a": 1}'
    )
    found: dict[str, Any] = {}

    def came() -> bool:
        for each in receive(sqs, url, wait_s=1):
            event = json.loads(each["Body"])
            found[event["detail"]["alarmName"]] = event
        return len(found) == 2

    eventually(came, "both events come")
    event = found["heard"]
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert event["resources"] == [f"{ARN}heard"]
    state = event["detail"]["state"]
    assert state.pop("timestamp")
    assert state == {"value": "ALARM", "reason": "why", "reasonData": '{"a": 1}'}
    assert event["detail"]["previousState"]["reason"] == "Unchecked: Initial alarm creation"
    detail = found["all"]["detail"]
    assert detail["configuration"] == {"alarmRule": "ALARM(heard)"}
    assert detail["state"]["reason"].startswith(f"{ARN}heard transitioned to ALARM at ")
    (child,) = json.loads(detail["state"]["reasonData"])["triggeringAlarms"]
    assert (child["arn"], child["state"]["value"]) == (f"{ARN}heard", "ALARM")


def test_a_suppressor_holds_the_actions_of_a_composite_alarm(clocked: ClockedServer) -> None:
    cloudwatch = clocked.client("cloudwatch")
    topic = new_topic(clocked.client("sns"))
    url, _ = subscribed(clocked.client("sns"), clocked.client("sqs"), topic)
    for name in ("child", "deployment"):
        cloudwatch.put_metric_alarm(**settings(name, TreatMissingData="ignore"))
    cloudwatch.put_composite_alarm(
        AlarmName="main",
        AlarmRule="ALARM(child)",
        AlarmActions=[topic],
        ActionsSuppressor="deployment",
        ActionsSuppressorWaitPeriod=100,
        ActionsSuppressorExtensionPeriod=50,
    )

    def set_state(name: str, state: str) -> None:
        clocked.client("cloudwatch").set_alarm_state(
            AlarmName=name, StateValue=state, StateReason="a test"
        )

    def suppressed(by: str | None) -> None:
        eventually(
            lambda: described(clocked, "main").get("ActionsSuppressedBy") == by,
            f"main waits for {by}",
        )

    set_state("child", "ALARM")
    suppressed("WaitPeriod")
    assert described(clocked, "main")["StateValue"] == "ALARM"
    set_state("deployment", "ALARM")
    suppressed("Alarm")
    clocked.advance(1000)
    clocked.kill()
    clocked.start()
    suppressed("Alarm")
    set_state("deployment", "OK")
    suppressed("ExtensionPeriod")
    clocked.advance(40)
    assert not receive(clocked.client("sqs"), url, wait_s=1)
    clocked.advance(20)
    suppressed(None)
    notice = json.loads(told(clocked, url)["Message"])
    assert (notice["AlarmName"], notice["NewStateValue"]) == ("main", "ALARM")
    assert notice["OldStateValue"] == "ALARM"
    assert notice["AlarmRule"] == "ALARM(child)"
    assert [each["Arn"] for each in notice["TriggeringChildren"]] == [f"{ARN}child"]


def test_history_is_kept_for_thirty_days(clocked: ClockedServer) -> None:
    cloudwatch = clocked.client("cloudwatch")
    cloudwatch.put_metric_alarm(**settings("old", TreatMissingData="ignore"))

    def count() -> int:
        items = clocked.client("cloudwatch").describe_alarm_history(AlarmName="old")
        return len(items["AlarmHistoryItems"])

    clocked.advance(29 * 86400)
    assert count() == 1
    clocked.advance(2 * 86400)
    eventually(lambda: count() == 0, "what is older is forgotten")
