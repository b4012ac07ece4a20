"""Dashboards and images of graphs, over HTTP."""

import datetime
import json
import struct
import uuid
from typing import Any

import pytest

from tests.e2e.conftest import refusal
from tests.e2e.server import Server

TEXT = {"type": "text", "x": 0, "y": 0, "width": 6, "height": 3, "properties": {"markdown": "hi"}}


@pytest.fixture
def cloudwatch(server: Server) -> Any:
    return server.client("cloudwatch")


@pytest.fixture
def name() -> str:
    return f"d-{uuid.uuid4().hex}"


def body(*widgets: Any, **more: Any) -> str:
    return json.dumps({"widgets": list(widgets), **more})


def test_a_dashboard_is_kept_as_it_was_put(cloudwatch: Any, name: str) -> None:
    first, second = body(TEXT), body(TEXT, TEXT)
    assert (
        cloudwatch.put_dashboard(DashboardName=name, DashboardBody=first)[
            "DashboardValidationMessages"
        ]
        == []
    )
    cloudwatch.put_dashboard(DashboardName=name, DashboardBody=second)
    found = cloudwatch.get_dashboard(DashboardName=name)
    assert found["DashboardBody"] == second
    assert found["DashboardArn"] == f"arn:aws:cloudwatch::000000000000:dashboard/{name}"
    (listed,) = cloudwatch.list_dashboards(DashboardNamePrefix=name)["DashboardEntries"]
    assert (listed["DashboardName"], listed["Size"]) == (name, len(second))
    assert listed["LastModified"] <= datetime.datetime.now(datetime.UTC)
    cloudwatch.delete_dashboards(DashboardNames=[name])
    assert refusal(cloudwatch.get_dashboard, DashboardName=name) == (
        404,
        "ResourceNotFound",
        f"Dashboard {name} does not exist",
    )


def test_dashboards_are_deleted_all_or_none(cloudwatch: Any, name: str) -> None:
    cloudwatch.put_dashboard(DashboardName=name, DashboardBody=body())
    gone = f"{name}-2"
    assert refusal(cloudwatch.delete_dashboards, DashboardNames=[name, gone])[2] == (
        f"Dashboard {gone} does not exist"
    )
    assert cloudwatch.get_dashboard(DashboardName=name)["DashboardName"] == name


def test_what_is_odd_about_a_dashboard_is_told(cloudwatch: Any, name: str) -> None:
    told = cloudwatch.put_dashboard(
        DashboardName=name,
        DashboardBody=body({"type": "metric", "properties": {"metrics": [["A", "b"]]}}, odd=1),
    )["DashboardValidationMessages"]
    assert told == [
        {"DataPath": "/widgets/0/properties", "Message": "Should have required property 'region'"},
        {"DataPath": "/odd", "Message": "Should NOT have additional properties"},
    ]


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("{", "", "The field DashboardBody must be valid JSON"),
        ("[]", "", "Should be object"),
        ("{}", "", "Should have required property 'widgets'"),
        (body({**TEXT, "type": "clock"}), "/widgets/0/type", "Should be equal to one of"),
        (body({**TEXT, "width": 25}), "/widgets/0/width", "Should be <= 24"),
        (body({"type": "text"}), "/widgets/0", "Should have required property 'properties'"),
        (body({**TEXT, "properties": {}}), "/widgets/0/properties", "'markdown'"),
        (
            body({"type": "metric", "properties": {"metrics": [["A", "b", "c"]], "region": "x"}}),
            "/widgets/0/properties/metrics/0",
            "Should NOT have more than 2 items",
        ),
        (
            body({"type": "metric", "properties": {"metrics": [["A", 1]], "region": "x"}}),
            "/widgets/0/properties/metrics/0/1",
            'Invalid metric field type, only "String" type is allowed',
        ),
    ],
)
def test_what_is_no_dashboard_is_refused_with_its_place(
    cloudwatch: Any, name: str, text: str, path: str, message: str
) -> None:
    with pytest.raises(cloudwatch.exceptions.DashboardInvalidInputError) as caught:
        cloudwatch.put_dashboard(DashboardName=name, DashboardBody=text)
    response = caught.value.response
    assert response["Error"]["Code"] == "InvalidParameterInput"
    found = response["Error"]["Message"]
    assert found.startswith("The dashboard body is invalid, there are 1 validation errors:\n[\n  {")
    first = response["dashboardValidationMessages"][0]
    assert first["DataPath"] == path
    assert message in first["Message"]


def test_a_dashboard_s_name_has_letters_digits_dashes_and_underscores(cloudwatch: Any) -> None:
    assert refusal(cloudwatch.put_dashboard, DashboardName="no spaces", DashboardBody=body()) == (
        400,
        "InvalidParameterValue",
        "The value no spaces for field DashboardName contains invalid characters. It can only "
        "contain alphanumerics, dash (-) and underscore (_).\n",
    )


def size_of(image: bytes) -> tuple[int, int]:
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack("!II", image[16:24])
    return width, height


@pytest.mark.parametrize("view", ["timeSeries", "singleValue", "bar", "pie", "gauge"])
def test_a_graph_is_drawn_as_a_png(cloudwatch: Any, view: str) -> None:
    namespace = f"Test/{uuid.uuid4().hex}"
    now = datetime.datetime.now(datetime.UTC)
    data = [
        {
            "MetricName": each,
            "Dimensions": [{"Name": "Host", "Value": "a"}],
            "Value": minute,
            "Timestamp": now - datetime.timedelta(minutes=minute),
        }
        for each in ("x", "y")
        for minute in range(1, 30)
    ]
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)

    def drawn(**more: Any) -> bytes:
        widget = {
            "view": view,
            "width": 500,
            "height": 300,
            "start": "-PT1H",
            "period": 60,
            "stat": "Sum",
            "title": "Cost in $",
            "metrics": [
                [namespace, "x", "Host", "a", {"id": "m1", "color": "#f00"}],
                [".", "y", ".", ".", {"id": "m2", "yAxis": "right", "label": "y ${MAX}"}],
                ["...", "a", {"id": "m3", "visible": False}],
                [{"expression": "m1 + m2", "label": "both", "id": "e1"}],
            ],
            "annotations": {
                "horizontal": [{"label": "limit", "value": 20}],
                "vertical": [{"value": "-PT10M", "label": "release"}],
            },
            **more,
        }
        image: bytes = cloudwatch.get_metric_widget_image(MetricWidget=json.dumps(widget))[
            "MetricWidgetImage"
        ]
        return image

    plain = drawn()
    assert size_of(plain) == (500, 300)
    assert drawn(stacked=True, theme="dark") != plain
    nothing = [["Nothing/Here", "x"]]
    assert size_of(drawn(metrics=nothing, width=333, height=222)) == (333, 222)


@pytest.mark.parametrize("view", ["timeSeries", "singleValue", "bar", "pie"])
def test_metrics_without_labels_are_told_apart_in_a_graph(cloudwatch: Any, view: str) -> None:
    namespace = f"Test/{uuid.uuid4().hex}"
    cloudwatch.put_metric_data(
        Namespace=namespace,
        MetricData=[
            {"MetricName": "x", "Dimensions": [{"Name": "Host", "Value": each}], "Value": 1}
            for each in ("a", "b")
        ],
    )

    def drawn(**labels: str) -> bytes:
        metrics = [
            [namespace, "x", "Host", each, {"label": labels[each]} if each in labels else {}]
            for each in ("a", "b")
        ]
        # Both ends are given, so that all graphs are of the same time.
        widget = {"view": view, "metrics": metrics, "start": start, "end": end, "stat": "Maximum"}
        image: bytes = cloudwatch.get_metric_widget_image(MetricWidget=json.dumps(widget))[
            "MetricWidgetImage"
        ]
        return image

    now = datetime.datetime.now(datetime.UTC)
    start = (now - datetime.timedelta(minutes=30)).isoformat()
    end = (now + datetime.timedelta(minutes=30)).isoformat()
    assert drawn() == drawn(a="a", b="b")
    assert drawn() != drawn(a="x", b="x")


@pytest.mark.parametrize(
    "widget",
    [
        "{",
        "[]",
        "{}",
        '{"metrics": []}',
        '{"metrics": [["A"]]}',
        '{"metrics": [["A", "b", "c"]]}',
        '{"metrics": [["A", "b"]], "width": 5000}',
        '{"metrics": [["A", "b"]], "start": "yesterday"}',
        '{"metrics": [["A", "b"]], "start": "PT0H", "end": "-PT3H"}',
        '{"metrics": [["A", "b"]], "view": "hologram"}',
        '{"metrics": [["A", "b"]], "stat": "nonsense"}',
        '{"metrics": [["A", "b"]], "timezone": "Mars"}',
        '{"metrics": [[{"expression": "m1 +"}]]}',
    ],
)
def test_what_is_no_graph_is_refused(cloudwatch: Any, widget: str) -> None:
    status, code, message = refusal(cloudwatch.get_metric_widget_image, MetricWidget=widget)
    assert (status, code) == (400, "ValidationError")
    assert "MetricWidget" in message


def test_a_dashboard_has_tags(cloudwatch: Any, name: str) -> None:
    cloudwatch.put_dashboard(
        DashboardName=name, DashboardBody=body(), Tags=[{"Key": "a", "Value": "1"}]
    )
    arn = cloudwatch.get_dashboard(DashboardName=name)["DashboardArn"]
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["a"])
    tags = cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]
    assert tags == [{"Key": "b", "Value": "2"}]
    assert refusal(
        cloudwatch.tag_resource, ResourceARN=f"{arn}x", Tags=[{"Key": "b", "Value": "2"}]
    )[1:] == ("ResourceNotFoundException", f"{arn}x does not exist")
