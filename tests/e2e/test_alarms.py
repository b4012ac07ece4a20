"""The operations of alarms, and what they refuse."""

import json
import uuid
from typing import Any

import pytest
from botocore.config import Config

from tests.e2e.callers import allow, document, new_user
from tests.e2e.conftest import refusal
from tests.e2e.server import Server

ACCOUNT = "000000000000"
ARN = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:nobody"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:nobody"


@pytest.fixture(scope="module")
def cloudwatch(server: Server) -> Any:
    return server.client("cloudwatch", config=Config(parameter_validation=False))


@pytest.fixture
def name() -> str:
    return f"a-{uuid.uuid4().hex[:12]}"


def settings(name: str, **others: Any) -> dict[str, Any]:
    made = {
        "AlarmName": name,
        "Namespace": "Nowhere",
        "MetricName": name,
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1.5,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "ignore",
        **others,
    }
    return {key: value for key, value in made.items() if value is not None}


def one(cloudwatch: Any, name: str) -> dict[str, Any]:
    answer = cloudwatch.describe_alarms(
        AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    (found,) = answer["MetricAlarms"] + answer["CompositeAlarms"]
    return dict(found)


def set_state(cloudwatch: Any, name: str, state: str) -> None:
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")


def test_an_alarm_is_described_as_it_was_made(cloudwatch: Any, name: str) -> None:
    dimensions = [{"Name": "a", "Value": "b"}]
    given = settings(
        name,
        AlarmDescription="d",
        Dimensions=dimensions,
        Unit="Count",
        EvaluationPeriods=3,
        DatapointsToAlarm=2,
        AlarmActions=[TOPIC, FUNCTION],
        OKActions=[f"{FUNCTION}:live"],
    )
    cloudwatch.put_metric_alarm(**given)
    found = one(cloudwatch, name)
    made = found.pop("AlarmConfigurationUpdatedTimestamp")
    assert found.pop("StateUpdatedTimestamp") == found.pop("StateTransitionedTimestamp") == made
    assert found == {
        **given,
        "AlarmArn": ARN + name,
        "ActionsEnabled": True,
        "InsufficientDataActions": [],
        "StateValue": "INSUFFICIENT_DATA",
        "StateReason": "Unchecked: Initial alarm creation",
    }
    set_state(cloudwatch, name, "OK")
    cloudwatch.put_metric_alarm(**settings(name, Threshold=7))
    found = one(cloudwatch, name)
    assert (found["Threshold"], found["StateValue"], found["AlarmActions"]) == (7, "OK", [])
    assert "AlarmDescription" not in found


@pytest.mark.parametrize(
    ("others", "fault"),
    [
        ({"Period": 45}, "Period must be 10, 20, 30 or a multiple of 60"),
        ({"Period": 5}, "Period must be 10, 20, 30 or a multiple of 60"),
        ({"Period": None}, "The parameter Period is required unless Metrics is specified."),
        ({"Threshold": None}, "The parameter Threshold is required."),
        ({"EvaluationPeriods": None}, "The parameter EvaluationPeriods is required."),
        (
            {"DatapointsToAlarm": 2},
            "DatapointsToAlarm must be less than or equal to EvaluationPeriods",
        ),
        (
            {"EvaluationPeriods": 1441},
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be "
            "<= 86400).",
        ),
        (
            {"EvaluationPeriods": 8, "Period": 86400},
            "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be "
            "<= 604800).",
        ),
        (
            {"Statistic": None},
            "Exactly one of the parameters Statistic and ExtendedStatistic must be specified.",
        ),
        (
            {"Statistic": None, "ExtendedStatistic": "p101"},
            "The value p101 for parameter ExtendedStatistic is not supported.",
        ),
        (
            {"TreatMissingData": "maybe"},
            "The value maybe is not supported for TreatMissingData parameter. Supported values are "
            "[breaching, notBreaching, ignore, missing].",
        ),
        (
            {
                "Statistic": None,
                "ExtendedStatistic": "p99",
                "EvaluateLowSampleCountPercentile": "no",
            },
            "Option no is not supported. Supported options for parameter "
            "EvaluateLowSampleCountPercentile are evaluate and ignore.",
        ),
        ({"AlarmActions": ["me"]}, "Invalid arn syntax: me"),
        (
            {"AlarmActions": [f"arn:aws:sns:eu-west-1:{ACCOUNT}:t"]},
            "Invalid region eu-west-1 specified. Only us-east-1 is supported.",
        ),
        (
            {"OKActions": ["arn:aws:automate:us-east-1:ec2:stop"]},
            "The action arn:aws:automate:us-east-1:ec2:stop of OKActions is one of EC2, which this "
            "version of Ingle does not have. It takes topics of SNS and functions of Lambda.",
        ),
        (
            {"AlarmActions": [f"arn:aws:ssm:us-east-1:{ACCOUNT}:opsitem:1"]},
            f"The action arn:aws:ssm:us-east-1:{ACCOUNT}:opsitem:1 of AlarmActions is one of "
            "Systems Manager, which this version of Ingle does not have. It takes topics of SNS "
            "and functions of Lambda.",
        ),
        (
            {"ThresholdMetricId": "ad"},
            "ThresholdMetricId is not supported by this version of Ingle: it has no anomaly "
            "detection. Leave it out.",
        ),
        (
            {"ComparisonOperator": "GreaterThanUpperThreshold"},
            "The comparison GreaterThanUpperThreshold is one of anomaly detection, which this "
            "version of Ingle does not have. It has GreaterThanOrEqualToThreshold, "
            "GreaterThanThreshold, LessThanThreshold, LessThanOrEqualToThreshold.",
        ),
    ],
)
def test_what_cannot_be_an_alarm_is_refused(
    cloudwatch: Any, name: str, others: dict[str, Any], fault: str
) -> None:
    told = refusal(cloudwatch.put_metric_alarm, **settings(name, **others))
    assert told == (400, "ValidationError", fault)
    assert not cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]


def query(number: int, period: int = 60, returned: bool = False) -> dict[str, Any]:
    return {
        "Id": f"m{number}",
        "ReturnData": returned,
        "MetricStat": {
            "Metric": {"Namespace": "N", "MetricName": "m"},
            "Period": period,
            "Stat": "Sum",
        },
    }


@pytest.mark.parametrize(
    ("queries", "fault"),
    [
        (
            [query(1, returned=True), query(2, returned=True)],
            "Exactly one element of the metrics list should return data.",
        ),
        (
            [query(1), query(2, 300), {"Id": "e", "Expression": "m1 + m2"}],
            "Period must not be null, and the same for all metrics.",
        ),
        (
            [{"Id": "e", "Expression": "SUM(SEARCH('{N} m', 'Sum', 60))"}],
            "Invalid metrics list: SEARCH is not supported on Metric Alarms.",
        ),
        (
            [query(1), {"Id": "e", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)"}],
            "ANOMALY_DETECTION_BAND",
        ),
        ([query(1), query(2), {"Id": "e", "Expression": "METRICS()"}], "Invalid metrics list"),
        (
            [query(each) for each in range(11)] + [{"Id": "e", "Expression": "m1"}],
            "Invalid metrics list: an alarm can have 10 metrics at most.",
        ),
    ],
)
def test_expressions_that_make_no_alarm_are_refused(
    cloudwatch: Any, name: str, queries: list[Any], fault: str
) -> None:
    _, code, message = refusal(
        cloudwatch.put_metric_alarm,
        AlarmName=name,
        Metrics=queries,
        Threshold=1,
        EvaluationPeriods=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    assert code == "ValidationError"
    assert fault in message
    told = refusal(cloudwatch.put_metric_alarm, **settings(name, Metrics=[query(1, returned=True)]))
    assert told[2] == (
        "The parameters Metrics and Namespace are mutually exclusive and you have specified both."
    )


def test_composite_alarms_follow_their_children(cloudwatch: Any, name: str) -> None:
    child, other, top = f"{name}-child", f"{name} other", f"{name}-top"
    for each in (child, other):
        cloudwatch.put_metric_alarm(**settings(each))
    rule = f"ALARM({ARN}{child}) AND NOT ALARM({other})"
    cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=rule)
    assert one(cloudwatch, name)["StateValue"] == "OK"
    assert one(cloudwatch, name)["StateReason"] == (
        f"{ARN}{name} was created and its alarm rule evaluates to OK"
    )
    cloudwatch.put_composite_alarm(AlarmName=top, AlarmRule=f'NOT OK("{name}")')
    set_state(cloudwatch, child, "ALARM")
    assert one(cloudwatch, top)["StateValue"] == "ALARM"
    assert one(cloudwatch, top)["StateReason"].startswith(f"{ARN}{name} transitioned to ALARM at ")
    set_state(cloudwatch, other, "ALARM")
    assert one(cloudwatch, name)["StateValue"] == one(cloudwatch, top)["StateValue"] == "OK"

    children = cloudwatch.describe_alarms(ChildrenOfAlarmName=name)
    assert [each["AlarmName"] for each in children["MetricAlarms"]] == [other, child]
    parents = cloudwatch.describe_alarms(ParentsOfAlarmName=name)
    assert parents["CompositeAlarms"] == [{"AlarmName": top, "AlarmArn": ARN + top}]

    for wrong, fault in (
        ("ALARM(", "Error in AlarmRule [Unexpected end at char 6, must be: the name or ARN"),
        ("()", "Error in AlarmRule [Unsupported token ')' at char 1, must be: '(', 'NOT'"),
        (
            "ALARM(nobody)",
            f"Could not save the composite alarm as alarms [{ARN}nobody] in the alarm rule do not "
            "exist",
        ),
        (f"ALARM({top})", "Could not save the composite alarm as the alarm rule makes a cycle"),
        (f"ALARM({name})", "Could not save the composite alarm as the alarm rule makes a cycle"),
    ):
        _, code, message = refusal(cloudwatch.put_composite_alarm, AlarmName=name, AlarmRule=wrong)
        assert code == "ValidationError"
        assert message.startswith(fault)
    assert one(cloudwatch, name)["AlarmRule"] == rule

    assert refusal(cloudwatch.delete_alarms, AlarmNames=[child])[2] == (
        f"Cannot delete {ARN}{child} as there are composite alarm(s) depending on it."
    )
    assert refusal(cloudwatch.delete_alarms, AlarmNames=[name, top])[1] == "ValidationError"
    cloudwatch.delete_alarms(AlarmNames=[top])
    cloudwatch.delete_alarms(AlarmNames=[name, child, other])
    assert not cloudwatch.describe_alarms(AlarmNamePrefix=name)["MetricAlarms"]


def test_suppressors_are_there_and_have_periods(cloudwatch: Any, name: str) -> None:
    cloudwatch.put_metric_alarm(**settings(name))
    base = {"AlarmName": f"{name}-c", "AlarmRule": "FALSE"}
    periods = {"ActionsSuppressorWaitPeriod": 1, "ActionsSuppressorExtensionPeriod": 1}
    for others, fault in (
        ({"ActionsSuppressor": name}, "The parameter ActionsSuppressorWaitPeriod is required"),
        (periods, "The parameter ActionsSuppressorWaitPeriod can only be used with"),
        ({"ActionsSuppressor": "nobody", **periods}, "Could not save the composite alarm as the"),
        ({"ActionsSuppressor": f"{name}-c", **periods}, "An alarm cannot suppress its own"),
    ):
        _, code, message = refusal(cloudwatch.put_composite_alarm, **base, **others)
        assert code == "ValidationError"
        assert message.startswith(fault)
    cloudwatch.put_composite_alarm(**base, ActionsSuppressor=name, **periods)
    assert one(cloudwatch, f"{name}-c")["ActionsSuppressor"] == name
    _, code, message = refusal(cloudwatch.delete_alarms, AlarmNames=[name])
    assert message.startswith("Cannot delete ")


def test_alarms_are_found_by_what_they_are(cloudwatch: Any, name: str) -> None:
    for number in range(3):
        cloudwatch.put_metric_alarm(
            **settings(f"{name}-{number}", MetricName=name, Period=60 * (number + 1))
        )
    cloudwatch.put_metric_alarm(**settings(f"{name}-x", AlarmActions=[f"{TOPIC}-{name}"]))
    cloudwatch.put_composite_alarm(AlarmName=f"{name}-c", AlarmRule="TRUE")
    set_state(cloudwatch, f"{name}-1", "OK")

    def names(**members: Any) -> list[str]:
        answer = cloudwatch.describe_alarms(**members)
        every = answer["MetricAlarms"] + answer["CompositeAlarms"]
        return [each["AlarmName"].removeprefix(f"{name}-") for each in every]

    assert names(AlarmNamePrefix=name) == ["0", "1", "2", "x"]
    assert names(AlarmNamePrefix=name, AlarmTypes=["CompositeAlarm"]) == ["c"]
    assert names(AlarmNamePrefix=name, StateValue="OK") == ["1"]
    assert names(ActionPrefix=f"{TOPIC}-{name}") == ["x"]
    pages = cloudwatch.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=name, PaginationConfig={"PageSize": 3}
    )
    assert [len(page["MetricAlarms"]) for page in pages] == [3, 1]
    metric = {"Namespace": "Nowhere", "MetricName": name}

    def of(**members: Any) -> list[str]:
        answer = cloudwatch.describe_alarms_for_metric(**metric, **members)
        return [each["AlarmName"].removeprefix(f"{name}-") for each in answer["MetricAlarms"]]

    assert of() == ["0", "1", "2"]
    assert of(Period=120, Statistic="Sum") == ["1"]
    assert of(Statistic="Average") == of(Dimensions=[{"Name": "a", "Value": "b"}]) == []
    assert refusal(cloudwatch.describe_alarms, NextToken="x")[1] == "InvalidNextToken"
    for members in (
        {"AlarmNames": [name], "AlarmNamePrefix": name},
        {"ChildrenOfAlarmName": name, "StateValue": "OK"},
    ):
        _, code, _ = refusal(cloudwatch.describe_alarms, **members)
        assert code == "InvalidParameterCombination"


def test_history_tells_configurations_states_and_actions(cloudwatch: Any, name: str) -> None:
    cloudwatch.put_metric_alarm(**settings(name, AlarmActions=[TOPIC, FUNCTION]))
    set_state(cloudwatch, name, "ALARM")
    cloudwatch.disable_alarm_actions(AlarmNames=[name, "nobody"])
    assert one(cloudwatch, name)["ActionsEnabled"] is False
    set_state(cloudwatch, name, "OK")
    set_state(cloudwatch, name, "ALARM")
    cloudwatch.enable_alarm_actions(AlarmNames=[name])
    cloudwatch.delete_alarms(AlarmNames=[name])
    pages = cloudwatch.get_paginator("describe_alarm_history").paginate(
        AlarmName=name, ScanBy="TimestampAscending", PaginationConfig={"PageSize": 4}
    )
    items = [each for page in pages for each in page["AlarmHistoryItems"]]
    told = [(each["HistoryItemType"], each["HistorySummary"].partition(". ")[0]) for each in items]
    assert told == [
        ("ConfigurationUpdate", f'Alarm "{name}" created'),
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to ALARM"),
        ("Action", f"Failed to execute action {TOPIC}"),
        ("Action", f"Failed to execute action {FUNCTION}"),
        ("ConfigurationUpdate", f'Alarm "{name}" updated'),
        ("StateUpdate", "Alarm updated from ALARM to OK"),
        ("StateUpdate", "Alarm updated from OK to ALARM"),
        ("ConfigurationUpdate", f'Alarm "{name}" updated'),
        ("ConfigurationUpdate", f'Alarm "{name}" deleted'),
    ]
    created, changed, failed = (json.loads(each["HistoryData"]) for each in items[:3])
    assert created["type"] == "Create"
    assert created["createdAlarm"]["okactions"] == []
    assert created["createdAlarm"]["threshold"] == 1.5
    assert changed == {
        "version": "1.0",
        "oldState": {
            "stateValue": "INSUFFICIENT_DATA",
            "stateReason": "Unchecked: Initial alarm creation",
        },
        "newState": {"stateValue": "ALARM", "stateReason": "a test"},
    }
    assert (failed["actionState"], failed["notificationResource"]) == ("Failed", TOPIC)
    descending = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")
    assert len(descending["AlarmHistoryItems"]) == 3
    assert descending["AlarmHistoryItems"][0]["HistorySummary"] == items[6]["HistorySummary"]
    kinds = cloudwatch.describe_alarm_history(AlarmName=name, AlarmTypes=["CompositeAlarm"])
    assert kinds["AlarmHistoryItems"] == []


def test_topics_and_functions_must_let_alarms_in(
    server: Server, cloudwatch: Any, name: str, deploy: Any
) -> None:
    sns, functions = server.client("sns"), server.client("lambda")
    function = deploy("def handler(event, context):\n    pass\n")
    topics = {
        service: sns.create_topic(Name=f"{name}-{service}")["TopicArn"]
        for service in ("s3", "cloudwatch")
    }
    for service, arn in topics.items():
        let_in = allow("sns:Publish", on=arn, Principal={"Service": f"{service}.amazonaws.com"})
        let_in["Condition"] = {"ArnEquals": {"aws:SourceArn": ARN + name}}
        sns.set_topic_attributes(
            TopicArn=arn, AttributeName="Policy", AttributeValue=document(let_in)
        )
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{function}"
    cloudwatch.put_metric_alarm(**settings(name, AlarmActions=[*topics.values(), arn]))

    def results() -> list[bool]:
        set_state(cloudwatch, name, "OK")
        set_state(cloudwatch, name, "ALARM")
        items = cloudwatch.describe_alarm_history(
            AlarmName=name, HistoryItemType="Action", MaxRecords=3
        )["AlarmHistoryItems"]
        return [each["HistorySummary"].startswith("Successfully") for each in items[::-1]]

    assert results() == [False, True, False]
    functions.add_permission(
        FunctionName=function,
        StatementId="alarms",
        Action="lambda:InvokeFunction",
        Principal="lambda.alarms.cloudwatch.amazonaws.com",
        SourceArn=ARN + name,
    )
    assert results() == [False, True, True]


def test_alarms_that_are_not_there_are_refused_by_name(cloudwatch: Any, name: str) -> None:
    cloudwatch.put_metric_alarm(**settings(name))
    missing = (404, "ResourceNotFound", "Alarm nobody does not exist")
    assert refusal(cloudwatch.delete_alarms, AlarmNames=[name, "nobody"]) == missing
    assert one(cloudwatch, name)
    state = {"AlarmName": "nobody", "StateValue": "OK", "StateReason": "r"}
    assert refusal(cloudwatch.set_alarm_state, **state) == missing
    assert refusal(cloudwatch.describe_alarms, ChildrenOfAlarmName="nobody") == missing
    state |= {"AlarmName": name, "StateReasonData": "{"}
    _, code, message = refusal(cloudwatch.set_alarm_state, **state)
    assert code == "InvalidFormat"
    assert message.startswith("The parameter StateReasonData is not valid JSON")
    _, _, message = refusal(cloudwatch.put_composite_alarm, AlarmName=name, AlarmRule="TRUE")
    assert message == f"The alarm {name} is a MetricAlarm, and cannot become a CompositeAlarm."


def test_alarms_have_tags(cloudwatch: Any, name: str) -> None:
    arn = ARN + name
    cloudwatch.put_metric_alarm(**settings(name, Tags=[{"Key": "a", "Value": "1"}]))
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["a"])
    tags = cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]
    assert tags == [{"Key": "b", "Value": "2"}]
    cloudwatch.put_metric_alarm(**settings(name, Tags=[{"Key": "c", "Value": "3"}]))
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == tags
    _, code, _ = refusal(cloudwatch.list_tags_for_resource, ResourceARN=ARN + "nobody")
    assert code == "ResourceNotFoundException"


def test_who_may_see_one_alarm_may_not_change_it(
    server: Server, cloudwatch: Any, name: str
) -> None:
    cloudwatch.put_metric_alarm(**settings(name))
    user = new_user(server, allow("cloudwatch:DescribeAlarms", on=ARN + name))
    theirs = server.client("cloudwatch", **user)
    assert theirs.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert refusal(theirs.delete_alarms, AlarmNames=[name])[1] == "AccessDeniedException"
    assert refusal(theirs.put_metric_alarm, **settings(name))[1] == "AccessDeniedException"


def test_permissions_may_depend_on_the_tags_of_alarms(
    server: Server, cloudwatch: Any, name: str
) -> None:
    cloudwatch.put_metric_alarm(**settings(name, Tags=[{"Key": "team", "Value": "a"}]))
    condition = {"StringEquals": {"aws:ResourceTag/team": "b"}}
    user = new_user(server, allow("cloudwatch:SetAlarmState", Condition=condition))
    theirs = server.client("cloudwatch", **user)
    state = {"AlarmName": name, "StateValue": "OK", "StateReason": "a test"}
    assert refusal(theirs.set_alarm_state, **state)[1] == "AccessDeniedException"
    cloudwatch.tag_resource(ResourceARN=ARN + name, Tags=[{"Key": "team", "Value": "b"}])
    theirs.set_alarm_state(**state)
    cloudwatch.untag_resource(ResourceARN=ARN + name, TagKeys=["team"])
    assert refusal(theirs.set_alarm_state, **state)[1] == "AccessDeniedException"
