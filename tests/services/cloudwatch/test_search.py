"""Which metrics a search finds."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.cloudwatch.math.errors import BadExpression
from ingle.services.cloudwatch.model import MetricKey
from ingle.services.cloudwatch.search import parse

METRICS = {
    "errors": MetricKey("1", "r", "AWS/Lambda", "Errors", (("FunctionName", "my-function"),)),
    "all": MetricKey("1", "r", "AWS/Lambda", "Errors"),
    "cpu": MetricKey("1", "r", "AWS/EC2", "CPUUtilization", (("InstanceId", "i-0abc"),)),
    "disk": MetricKey(
        "1", "r", "My Space", "DiskReadBytes", (("Disk Name", "sda1"), ("host", "web-01"))
    ),
    "odd": MetricKey("1", "r", "Odd", "n", (("sign", "$$"),)),
}


def found(text: str) -> set[str]:
    test = parse(text)
    return {name for name, key in METRICS.items() if test(key)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{AWS/Lambda,FunctionName}", {"errors"}),
        ("{AWS/Lambda}", {"all"}),
        ('{"My Space","Disk Name",host} ', {"disk"}),
        ('{AWS/Lambda,FunctionName} MetricName="Errors"', {"errors"}),
        ('{AWS/Lambda,FunctionName} MetricName="Error"', set()),
        ("cpu", {"cpu"}),
        ("CPUUtilization", {"cpu"}),
        ("utilization", {"cpu"}),
        ("util", set()),
        ("disk read", {"disk"}),
        ("DiskRead", {"disk"}),
        ("my-function", {"errors"}),
        ("errors", {"errors", "all"}),
        ("errors NOT function", {"all"}),
        ("cpu OR disk", {"cpu", "disk"}),
        ("(cpu OR disk) AND web", {"disk"}),
        ("FunctionName=my-function", {"errors"}),
        ("FunctionName=(other OR my-function)", {"errors"}),
        ('Namespace="AWS/EC2"', {"cpu"}),
        ('MetricName=("Errors" OR "CPUUtilization")', {"errors", "all", "cpu"}),
        (':aws.AccountId="1" cpu', {"cpu"}),
        ('"i-0abc"', {"cpu"}),
        ('"i-0"', set()),
        ("NOT errors", {"cpu", "disk", "odd"}),
        ("$$", {"odd"}),
    ],
)
def test_a_search_finds_what_aws_documents(text: str, expected: set[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize("text", ["", " ", "{}", "a AND", "(a", "a)", "=b", "MetricName=", "OR"])
def test_what_is_no_search_is_refused(text: str) -> None:
    with pytest.raises(BadExpression):
        parse(text)


@given(st.text(alphabet="ab{}()=\"' ANDORT,", max_size=30))
def test_any_text_is_a_search_or_refused(text: str) -> None:
    with contextlib.suppress(BadExpression):
        found(text)
