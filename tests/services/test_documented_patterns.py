"""EventBridge's documented event patterns, each with events that it matches and does not match.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
"""

import json
from typing import Any, NamedTuple

import pytest

from ingle.services.event_patterns import EventPattern


class Example(NamedTuple):
    """A pattern of the documentation."""

    title: str
    pattern: str
    matched: list[dict[str, Any]]
    others: list[dict[str, Any]]


EC2: dict[str, Any] = {
    "version": "0",
    "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "account": "111122223333",
    "time": "2017-12-22T18:43:48Z",
    "region": "us-west-1",
    "resources": ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"],
    "detail": {"instance-id": "i-1234567890abcdef0", "state": "terminated"},
}


def detail(**members: Any) -> dict[str, Any]:
    return {"detail": {name.replace("_", "-"): value for name, value in members.items()}}


EXAMPLES = [
    # The summary at the beginning of the page on operators, in its order.
    Example(
        "and",
        '{"Location": ["New York"], "Day": ["Monday"]}',
        [{"Location": "New York", "Day": "Monday"}],
        [{"Location": "New York", "Day": "Sunday"}, {"Day": "Monday"}],
    ),
    Example(
        "anything-but",
        '{"state": [{"anything-but": "initializing"}]}',
        [{"state": "running"}, {"state": "INITIALIZING"}],
        [{"state": "initializing"}, {}],
    ),
    Example(
        "anything-but (begins with)",
        '{"Region": [{"anything-but": {"prefix": "us-"}}]}',
        [{"Region": "eu-west-1"}],
        [{"Region": "us-east-1"}],
    ),
    Example(
        "anything-but (ends with)",
        '{"FileName": [{"anything-but": {"suffix": ".png"}}]}',
        [{"FileName": "a.jpg"}],
        [{"FileName": "a.png"}],
    ),
    Example(
        "anything-but (ignore case)",
        '{"state": [{"anything-but": {"equals-ignore-case": "initializing"}}]}',
        [{"state": "running"}],
        [{"state": "INITIALIZING"}, {"state": "initializing"}],
    ),
    Example(
        "anything-but using a wildcard",
        '{"FilePath": [{"anything-but": {"wildcard": "*/lib/*"}}]}',
        [{"FilePath": "/usr/bin/x"}],
        [{"FilePath": "/usr/lib/x"}],
    ),
    Example(
        "begins with",
        '{"Region": [{"prefix": "us-"}]}',
        [{"Region": "us-east-1"}],
        [{"Region": "eu-west-1"}, {"Region": "US-east-1"}],
    ),
    Example(
        "begins with (ignore case)",
        '{"service": [{"prefix": {"equals-ignore-case": "eventb"}}]}',
        [{"service": "EventBridge"}, {"service": "eventbridge"}],
        [{"service": "Lambda"}],
    ),
    Example("empty", '{"LastName": [""]}', [{"LastName": ""}], [{"LastName": "x"}, {}]),
    Example("equals", '{"Name": ["Alice"]}', [{"Name": "Alice"}], [{"Name": "alice"}]),
    Example(
        "equals (ignore case)",
        '{"Name": [{"equals-ignore-case": "alice"}]}',
        [{"Name": "Alice"}, {"Name": "ALICE"}],
        [{"Name": "Alicia"}],
    ),
    Example(
        "ends with",
        '{"FileName": [{"suffix": ".png"}]}',
        [{"FileName": "a.png"}],
        [{"FileName": "a.png.txt"}, {"FileName": "a.PNG"}],
    ),
    Example(
        "ends with (ignore case)",
        '{"service": [{"suffix": {"equals-ignore-case": "tbridge"}}]}',
        [{"service": "EventBridge"}, {"service": "EVENTBRIDGE"}],
        [{"service": "Bridges"}],
    ),
    Example(
        "exists",
        '{"ProductName": [{"exists": true}]}',
        [{"ProductName": "x"}, {"ProductName": None}],
        [{}],
    ),
    Example(
        "does not exist",
        '{"ProductName": [{"exists": false}]}',
        [{}],
        [{"ProductName": "x"}],
    ),
    Example(
        "not",
        '{"Weather": [{"anything-but": ["Raining"]}]}',
        [{"Weather": "Sunny"}],
        [{"Weather": "Raining"}],
    ),
    Example("null", '{"UserID": [null]}', [{"UserID": None}], [{"UserID": ""}, {}]),
    Example(
        "numeric (equals)",
        '{"Price": [{"numeric": ["=", 100]}]}',
        [{"Price": 100}, {"Price": 100.0}],
        [{"Price": 101}, {"Price": "100"}],
    ),
    Example(
        "numeric (range)",
        '{"Price": [{"numeric": [">", 10, "<=", 20]}]}',
        [{"Price": 11}, {"Price": 20}],
        [{"Price": 10}, {"Price": 20.5}],
    ),
    Example(
        "or",
        '{"PaymentType": ["Credit", "Debit"]}',
        [{"PaymentType": "Credit"}, {"PaymentType": "Debit"}],
        [{"PaymentType": "Cash"}],
    ),
    Example(
        "or (multiple fields)",
        '{"$or": [{"Location": ["New York"]}, {"Day": ["Monday"]}]}',
        [{"Location": "New York"}, {"Day": "Monday"}],
        [{"Location": "Rome", "Day": "Sunday"}],
    ),
    Example(
        "wildcard",
        '{"FileName": [{"wildcard": "dir/*.png"}]}',
        [{"FileName": "dir/a.png"}, {"FileName": "dir/.png"}, {"FileName": "dir/b/a.png"}],
        [{"FileName": "dir/a.jpg"}, {"FileName": "a.png"}],
    ),
    # The sections below it.
    Example(
        "prefix of the time",
        '{"time": [{"prefix": "2017-10-02"}]}',
        [{"time": "2017-10-02T18:43:48Z"}],
        [{"time": "2017-10-03T18:43:48Z"}],
    ),
    Example(
        "prefix while ignoring case",
        '{"detail": {"service": [{"prefix": {"equals-ignore-case": "EventB"}}]}}',
        [detail(service="EVENTBRIDGE"), detail(service="eventbridge")],
        [detail(service="sqs")],
    ),
    Example(
        "suffix",
        '{"FileName": [{"suffix": ".png"}]}',
        [{"FileName": "image.png"}],
        [{"FileName": "image.jpg"}],
    ),
    Example(
        "suffix while ignoring case",
        '{"detail": {"FileName": [{"suffix": {"equals-ignore-case": ".png"}}]}}',
        [detail(FileName="image.PNG"), detail(FileName="image.png")],
        [detail(FileName="image.jpg")],
    ),
    Example(
        "anything-but a number",
        '{"detail": {"x-limit": [{"anything-but": 123}]}}',
        [detail(x_limit=124)],
        [detail(x_limit=123)],
    ),
    Example(
        "anything-but a list of texts",
        '{"detail": {"state": [{"anything-but": ["stopped", "overloaded"]}]}}',
        [detail(state="running")],
        [detail(state="stopped"), detail(state="overloaded")],
    ),
    Example(
        "anything-but a list of numbers",
        '{"detail": {"x-limit": [{"anything-but": [100, 200, 300]}]}}',
        [detail(x_limit=150)],
        [detail(x_limit=100), detail(x_limit=300.0)],
    ),
    Example(
        "anything-but ignoring case",
        '{"detail": {"state": [{"anything-but": {"equals-ignore-case": "initializing"}}]}}',
        [detail(state="running")],
        [detail(state="Initializing")],
    ),
    Example(
        "anything-but a list while ignoring case",
        '{"detail": {"state": [{"anything-but": {"equals-ignore-case": ["initializing", "stopped"]'
        "}}]}}",
        [detail(state="running")],
        [detail(state="Initializing"), detail(state="STOPPED")],
    ),
    Example(
        "anything-but a prefix",
        '{"detail": {"state": [{"anything-but": {"prefix": "init"}}]}}',
        [detail(state="running")],
        [detail(state="initializing")],
    ),
    Example(
        "anything-but a list of prefixes",
        '{"detail": {"state": [{"anything-but": {"prefix": ["init", "error"]}}]}}',
        [detail(state="running")],
        [detail(state="initializing"), detail(state="error 5")],
    ),
    Example(
        "anything-but a suffix",
        '{"detail": {"FileName": [{"anything-but": {"suffix": ".txt"}}]}}',
        [detail(FileName="a.rtf")],
        [detail(FileName="a.txt")],
    ),
    Example(
        "anything-but a list of suffixes",
        '{"detail": {"FileName": [{"anything-but": {"suffix": [".txt", ".rtf"]}}]}}',
        [detail(FileName="a.png")],
        [detail(FileName="a.txt"), detail(FileName="a.rtf")],
    ),
    Example(
        "anything-but a wildcard",
        '{"detail": {"FilePath": [{"anything-but": {"wildcard": "*/lib/*"}}]}}',
        [detail(FilePath="/bin/x")],
        [detail(FilePath="/lib/x")],
    ),
    Example(
        "anything-but a list of wildcards",
        '{"detail": {"FilePath": [{"anything-but": {"wildcard": ["*/lib/*", "*/bin/*"]}}]}}',
        [detail(FilePath="/etc/x")],
        [detail(FilePath="/lib/x"), detail(FilePath="/usr/bin/x")],
    ),
    Example(
        "numeric matching that is true for all fields",
        """{"detail": {
            "c-count": [{"numeric": [">", 0, "<=", 5]}],
            "d-count": [{"numeric": ["<", 10]}],
            "x-limit": [{"numeric": ["=", 3.018e2]}]
        }}""",
        [detail(c_count=5, d_count=-3, x_limit=301.8)],
        [
            detail(c_count=0, d_count=1, x_limit=301.8),
            detail(c_count=5, d_count=10, x_limit=301.8),
            detail(c_count=5, d_count=1, x_limit=301.9),
            detail(c_count=5, d_count=1),
        ],
    ),
    Example(
        "IP address",
        '{"detail": {"sourceIPAddress": [{"cidr": "10.0.0.0/24"}]}}',
        [detail(sourceIPAddress="10.0.0.0"), detail(sourceIPAddress="10.0.0.255")],
        [detail(sourceIPAddress="10.0.1.0"), detail(sourceIPAddress="::1")],
    ),
    Example(
        "IP address, IPv6",
        '{"detail": {"sourceIPAddress": [{"cidr": "2001:db8::/32"}]}}',
        [detail(sourceIPAddress="2001:db8::7")],
        [detail(sourceIPAddress="2001:db9::7"), detail(sourceIPAddress="10.0.0.1")],
    ),
    Example(
        "exists",
        '{"detail": {"state": [{"exists": true}]}}',
        [EC2],
        [detail(other=1), detail(state={"c1": 100})],
    ),
    Example(
        "exists: false, also of what is no leaf",
        '{"detail": {"c-count": [{"exists": false}]}}',
        [
            {
                "detail-type": ["EC2 Instance State-change Notification"],
                "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-02ebd4584a2ebd341"],
                "detail": {"state": ["initializing", "running"]},
            },
            {
                "detail-type": ["EC2 Instance State-change Notification"],
                "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-02ebd4584a2ebd341"],
                "detail": {"state": ["initializing", "running"], "c-count": {"c1": 100}},
            },
        ],
        [detail(c_count=1)],
    ),
    Example(
        "equals-ignore-case",
        '{"detail-type": [{"equals-ignore-case": "ec2 instance state-change notification"}]}',
        [EC2],
        [{"detail-type": "EC2"}],
    ),
    Example(
        "wildcard in an ARN",
        '{"detail": {"EventBusArn": [{"wildcard": "arn:aws:events:us-east-1:*:event-bus/*"}]}}',
        [detail(EventBusArn="arn:aws:events:us-east-1:123456789012:event-bus/myEventBus")],
        [detail(EventBusArn="arn:aws:events:eu-west-1:123456789012:event-bus/myEventBus")],
    ),
    Example(
        "wildcard with an escaped star",
        r'{"detail": {"name": [{"wildcard": "a\\*b*"}]}}',
        [detail(name="a*b"), detail(name="a*bc")],
        [detail(name="axb")],
    ),
    Example(
        "wildcard with an escaped backslash",
        r'{"detail": {"path": [{"wildcard": "C:\\\\*\\\\x"}]}}',
        [detail(path="C:\\dir\\x")],
        [detail(path="C:/dir/x")],
    ),
    Example(
        "multiple matching",
        """{
            "time": [{"prefix": "2017-10-02"}],
            "detail": {
                "state": [{"anything-but": "initializing"}],
                "c-count": [{"numeric": [">", 0, "<=", 5]}],
                "d-count": [{"numeric": ["<", 10]}],
                "x-limit": [{"anything-but": [100, 200, 300]}]
            }
        }""",
        [
            {
                "time": "2017-10-02T18:43:48Z",
                **detail(state="running", c_count=3, d_count=8, x_limit=301.8),
            }
        ],
        [
            {
                "time": "2017-10-02T18:43:48Z",
                **detail(state="running", c_count=3, d_count=8, x_limit=200),
            },
            {
                "time": "2017-10-02T18:43:48Z",
                **detail(state="initializing", c_count=3, d_count=8, x_limit=301.8),
            },
        ],
    ),
    Example(
        "$or of several fields",
        """{"detail": {"$or": [
            {"c-count": [{"numeric": [">", 0, "<=", 5]}]},
            {"d-count": [{"numeric": ["<", 10]}]},
            {"x-limit": [{"numeric": ["=", 3.018e2]}]}
        ]}}""",
        [detail(c_count=1), detail(d_count=9), detail(x_limit=301.8)],
        [detail(c_count=6, d_count=10, x_limit=1)],
    ),
    Example(
        "$or besides other fields, also within each other",
        """{
            "source": ["aws.cloudwatch"],
            "$or": [
                {"metricName": ["CPUUtilization", "ReadLatency"]},
                {"detail": {"$or": [{"namespace": ["AWS/EC2"]}, {"stat": [{"prefix": "p"}]}]}}
            ]
        }""",
        [
            {"source": "aws.cloudwatch", "metricName": "ReadLatency"},
            {"source": "aws.cloudwatch", "metricName": "x", **detail(namespace="AWS/EC2")},
            {"source": "aws.cloudwatch", **detail(stat="p99")},
        ],
        [
            {"source": "aws.ec2", "metricName": "ReadLatency"},
            {"source": "aws.cloudwatch", **detail(namespace="AWS/ES", stat="avg")},
        ],
    ),
    # The pages on creating patterns.
    Example(
        "an instance that terminated",
        """{
            "source": ["aws.ec2"],
            "detail-type": ["EC2 Instance State-change Notification"],
            "detail": {"state": ["terminated"]}
        }""",
        [EC2],
        [{**EC2, "source": "aws.fargate"}, {**EC2, **detail(state="stopped")}],
    ),
    Example(
        "one of several values",
        '{"source": ["aws.ec2", "aws.fargate"]}',
        [EC2, {**EC2, "source": "aws.fargate"}],
        [{**EC2, "source": "aws.ecs"}],
    ),
    Example(
        "an array in the event that has one of them",
        """{"resources": [
            "arn:aws:ec2:us-east-1:123456789012:instance/i-b188560f",
            "arn:aws:ec2:us-east-1:111122223333:instance/i-b188560f",
            "arn:aws:ec2:us-east-1:444455556666:instance/i-b188560f"
        ]}""",
        [
            {
                "resources": [
                    "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:eb56d16b",
                    "arn:aws:ec2:us-east-1:123456789012:instance/i-b188560f",
                ]
            }
        ],
        [{"resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-other"]}, {"resources": []}],
    ),
    Example(
        "no dots in keys",
        '{"detail": {"state": {"status": ["running"]}}}',
        [detail(state={"status": "running"}), {"detail": {"state.status": "running"}}],
        [detail(state={"status": "stopped"}), detail(status="running"), detail(state="running")],
    ),
    Example(
        "dots in keys",
        '{"detail": {"state.status": ["running"]}}',
        [detail(state={"status": "running"}), {"detail": {"state.status": "running"}}],
        [{"detail": {"state.status": "stopped"}}, detail(state=["running"])],
    ),
    Example(
        "duplicate keys, of which the last one counts",
        """{
            "source": ["aws.s3"],
            "source": ["aws.sns"],
            "detail-type": ["AWS API Call via CloudTrail"],
            "detail": {
                "eventSource": ["s3.amazonaws.com"],
                "eventSource": ["sns.amazonaws.com"]
            }
        }""",
        [
            {
                "source": "aws.sns",
                "detail-type": "AWS API Call via CloudTrail",
                "detail": [{"eventSource": ["sns.amazonaws.com"]}],
            }
        ],
        [
            {
                "source": "aws.s3",
                "detail-type": "AWS API Call via CloudTrail",
                "detail": {"eventSource": "s3.amazonaws.com"},
            }
        ],
    ),
    # The page says that these are not equal. AWS's own matching, which is public, has them equal.
    Example(
        "300, 300.0 and 3.0e2",
        '{"number": [300]}',
        [{"number": 300}, {"number": 300.0}, {"number": 3.0e2}],
        [{"number": "300"}, {"number": 301}],
    ),
    Example(
        "null values and empty texts",
        '{"detail": {"eventVersion": [""], "responseElements": [null]}}',
        [detail(eventVersion="", responseElements=None)],
        [
            detail(eventVersion="", responseElements=""),
            detail(eventVersion=None, responseElements=None),
            detail(eventVersion=""),
        ],
    ),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.title)
def test_the_documented_examples_match_as_documented(example: Example) -> None:
    pattern = EventPattern(example.pattern)
    for event in example.matched:
        assert pattern.matches(event), json.dumps(event)
    for event in example.others:
        assert not pattern.matches(event), json.dumps(event)
