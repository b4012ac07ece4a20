"""Issue point 7: what functions write, read back from CloudWatch Logs with boto3."""

import re
import uuid

from tests.e2e.conftest import refusal

NO_GROUP = (400, "ResourceNotFoundException", "The specified log group does not exist.")
REPORT = re.compile(
    r"REPORT RequestId: (?P<id>[0-9a-f-]{36})\t"
    r"Duration: (?P<duration>\d+\.\d\d) ms\t"
    r"Billed Duration: (?P<billed>\d+) ms\t"
    r"Memory Size: (?P<size>\d+) MB\t"
    r"Max Memory Used: (?P<used>\d+) MB\t"
    r"(Init Duration: (?P<init>\d+\.\d\d) ms\t)?\n"
)


def test_lines_stand_between_start_end_and_report(deploy, invoke, messages):
    name = deploy(
        "import sys\n"
        "print('while loading')\n"
        "def handler(event, context):\n"
        "    print('to', 'stdout')\n"
        "    print('to stderr', file=sys.stderr)\n"
        "    print('ünïcode → 😀')\n"
        "    print('two\\nlines')\n"
        "    sys.stdout.write('no line end')\n",
        MemorySize=256,
    )
    request_id = invoke(name)[1]["ResponseMetadata"]["RequestId"]
    lines = messages(name)
    assert re.fullmatch(r"INIT_START Runtime Version: python:3\.\d+\.\d+\n", lines[0])
    assert lines[1:-1] == [
        "while loading\n",
        f"START RequestId: {request_id} Version: $LATEST\n",
        "to stdout\n",
        "to stderr\n",
        "ünïcode → 😀\n",
        "two\n",
        "lines\n",
        "no line end\n",
        f"END RequestId: {request_id}\n",
    ]
    report = REPORT.fullmatch(lines[-1])
    assert report, lines[-1]
    assert report["id"] == request_id
    assert report["size"] == "256"
    assert 1 <= int(report["used"]) < 256
    spent = float(report["duration"]) + float(report["init"])
    assert spent - 0.02 <= int(report["billed"]) <= spent + 1.02
    invoke(name)
    warm = REPORT.fullmatch(messages(name)[-1])
    assert warm["init"] is None


def test_a_record_of_logging_is_one_event_however_many_lines_it_has(deploy, invoke, messages):
    name = deploy(
        "import logging\n"
        "logger = logging.getLogger()\n"
        "logger.setLevel(logging.INFO)\n"
        "def handler(event, context):\n"
        "    print('before')\n"
        "    logger.debug('unseen')\n"
        "    logger.info('first\\nsecond\\n  third')\n"
        "    logging.getLogger('app').warning('hör %s', 'zu')\n"
        "    print('after')\n"
        "    try:\n"
        "        1 / 0\n"
        "    except ZeroDivisionError:\n"
        "        logger.exception('divided')\n"
    )
    request_id = invoke(name)[1]["ResponseMetadata"]["RequestId"]
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    lines = messages(name)[2:-2]
    expected = [
        "before\n",
        rf"\[INFO\]\t{moment}\t{request_id}\tfirst\nsecond\n  third\n",
        rf"\[WARNING\]\t{moment}\t{request_id}\thör zu\n",
        "after\n",
        rf"\[ERROR\]\t{moment}\t{request_id}\tdivided\nTraceback \(most recent call last\):\n"
        r"(  .*\n)+ZeroDivisionError: division by zero\n",
    ]
    assert len(lines) == len(expected), lines
    for line, pattern in zip(lines, expected, strict=True):
        assert re.fullmatch(pattern, line), line


def test_a_record_of_logging_ends_a_line_that_was_begun(deploy, invoke, messages):
    name = deploy(
        "import logging, os\n"
        "def handler(event, context):\n"
        "    print('half a line', end='')\n"
        "    logging.error('one\\ntwo')\n"
        "    os.system('printf another')\n"
        "    logging.error('three')\n"
    )
    invoke(name)
    printed = messages(name)[2:-2]
    assert [printed[0], printed[2]] == ["half a line\n", "another\n"]
    assert printed[1].endswith("\tone\ntwo\n")
    assert printed[3].endswith("\tthree\n")


def test_each_sandbox_has_a_stream_of_its_own(functions, logs, deploy, invoke):
    name = deploy("def handler(event, context):\n    return context.log_stream_name\n")
    group = f"/aws/lambda/{name}"
    first, _ = invoke(name)
    assert invoke(name)[0] == first
    functions.update_function_configuration(FunctionName=name, Timeout=5)
    second, _ = invoke(name)
    assert second != first
    streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
    assert [stream["logStreamName"] for stream in streams] == sorted([first, second])
    for stream in streams:
        assert stream["arn"] == (
            f"arn:aws:logs:us-east-1:000000000000:log-group:{group}:log-stream:"
            + stream["logStreamName"]
        )
        assert stream["firstEventTimestamp"] <= stream["lastEventTimestamp"]
        assert stream["creationTime"] > 0
    latest = logs.describe_log_streams(
        logGroupName=group, orderBy="LastEventTime", descending=True, limit=1
    )
    assert [stream["logStreamName"] for stream in latest["logStreams"]] == [second]
    rest = logs.describe_log_streams(
        logGroupName=group,
        orderBy="LastEventTime",
        descending=True,
        nextToken=latest["nextToken"],
    )
    assert [stream["logStreamName"] for stream in rest["logStreams"]] == [first]


def test_groups_are_found_by_prefix_and_pattern(logs, deploy, invoke):
    mark = uuid.uuid4().hex[:8]
    names = [f"{mark}-{letter}" for letter in "abc"]
    for name in names:
        invoke(deploy("def handler(e, c): pass\n", FunctionName=name))
    groups = [f"/aws/lambda/{name}" for name in names]

    def found(**settings):
        pages = logs.get_paginator("describe_log_groups").paginate(**settings)
        return [group for page in pages for group in page["logGroups"]]

    by_prefix = found(logGroupNamePrefix=f"/aws/lambda/{mark}")
    assert [group["logGroupName"] for group in by_prefix] == groups
    assert by_prefix[0]["logGroupArn"] == (
        f"arn:aws:logs:us-east-1:000000000000:log-group:{groups[0]}"
    )
    assert by_prefix[0]["arn"] == by_prefix[0]["logGroupArn"] + ":*"
    assert by_prefix[0]["storedBytes"] > 0
    assert [group["logGroupName"] for group in found(logGroupNamePattern=f"{mark}-b")] == [
        groups[1]
    ]
    one_by_one = found(logGroupNamePrefix=f"/aws/lambda/{mark}", PaginationConfig={"PageSize": 1})
    assert one_by_one == by_prefix


def test_what_does_not_exist_is_not_found(logs, deploy, invoke):
    name = deploy("def handler(e, c): pass\n")
    group = f"/aws/lambda/{name}"
    for call in (logs.describe_log_streams, logs.filter_log_events):
        assert refusal(call, logGroupName=group) == NO_GROUP
    assert refusal(logs.get_log_events, logGroupName=group, logStreamName="s") == NO_GROUP
    invoke(name)
    assert refusal(logs.get_log_events, logGroupName=group, logStreamName="s") == (
        400,
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
    )


def test_tokens_lead_forwards_and_backwards_through_a_stream(logs, counted):
    where = counted(20)
    whole = logs.get_log_events(**where, startFromHead=True)["events"]
    assert len(whole) == 24  # INIT_START, START, END and REPORT too
    page = logs.get_log_events(**where, startFromHead=True, limit=10)
    forward = list(page["events"])
    for _ in range(3):
        page = logs.get_log_events(**where, limit=10, nextToken=page["nextForwardToken"])
        forward += page["events"]
    assert forward == whole
    # At the end the token stays the same.
    again = logs.get_log_events(**where, nextToken=page["nextForwardToken"])
    assert (again["events"], again["nextForwardToken"]) == ([], page["nextForwardToken"])
    backward = []
    for _ in range(4):
        page = logs.get_log_events(**where, limit=10, nextToken=page["nextBackwardToken"])
        backward = page["events"] + backward
    assert backward == whole
    latest = logs.get_log_events(**where, limit=3)["events"]
    assert latest == whole[-3:]
    assert refusal(logs.get_log_events, **where, nextToken="nonsense") == (
        400,
        "InvalidParameterException",
        "The specified nextToken is invalid.",
    )


def test_events_are_filtered_by_terms_phrases_and_time(logs, deploy, invoke, events, messages):
    name = deploy("def handler(event, context):\n    for line in event:\n        print(line)\n")
    lines = ["error: disk full", "disk error", "all fine", 'say "hello world"', "Error"]
    invoke(name, lines)
    for pattern, expected in {
        "error": [0, 1],
        "disk error": [0, 1],
        '"disk error"': [1],
        '"error: disk"': [0],
        "fine": [2],
        '"\\"hello world\\""': [3],
        "Error": [4],
        "nothing": [],
    }.items():
        found = [line.rstrip("\n") for line in messages(name, filterPattern=pattern)]
        assert found == [lines[index] for index in expected], pattern
    every = events(name)
    first, last = every[0]["timestamp"], every[-1]["timestamp"]
    assert events(name, startTime=first, endTime=last) == every
    assert events(name, startTime=last + 1) == []
    assert events(name, endTime=first - 1) == []
    stream = every[0]["logStreamName"]
    assert events(name, logStreamNames=[stream]) == every
    assert events(name, logStreamNamePrefix=stream[:10]) == every
    assert [event for page in range(1, 4) for event in events(name, limit=page)] == every * 3
    assert refusal(
        logs.filter_log_events, logGroupName=f"/aws/lambda/{name}", filterPattern="{ $.a = }"
    )[:2] == (400, "InvalidParameterException")
