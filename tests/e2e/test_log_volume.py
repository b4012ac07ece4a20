"""Issue point 7: functions that write much, or when they should not."""

import re
import threading
import time
from pathlib import Path

from tests.e2e.conftest import create, eventually


def test_ten_thousand_lines_arrive_complete_and_in_order(logs, counted, events):
    where = counted(10_000)
    found, token = [], {}
    while True:
        page = logs.get_log_events(**where, startFromHead=True, **token)
        found += page["events"]
        if page["nextForwardToken"] == token.get("nextToken"):
            break
        token = {"nextToken": page["nextForwardToken"]}
    expected = [f"line {number}\n" for number in range(10_000)]
    assert [event["message"] for event in found][2:-2] == expected
    stamps = [event["timestamp"] for event in found]
    assert stamps == sorted(stamps)
    filtered = events(where["logGroupName"].removeprefix("/aws/lambda/"))
    assert [event["message"] for event in filtered][2:-2] == expected


def test_a_line_of_a_megabyte_is_cut_and_nothing_of_it_is_lost(deploy, invoke, messages):
    name = deploy("def handler(event, context):\n    print('y' * (1 << 20))\n    print('next')\n")
    assert "FunctionError" not in invoke(name)[1]
    lines = messages(name)[2:-2]
    assert "".join(lines) == "y" * (1 << 20) + "\nnext\n"
    assert lines[-1] == "next\n"
    assert max(len(line.encode()) for line in lines) <= 262_144 - 26


def test_a_function_that_prints_without_end_harms_no_other(deploy, invoke, messages):
    noisy = deploy("def handler(e, c):\n    while True:\n        print('x' * 1000)\n", Timeout=2)
    quiet = deploy("def handler(event, context):\n    print('quiet', event)\n    return event\n")
    result = []
    thread = threading.Thread(target=lambda: result.append(invoke(noisy)))
    thread.start()
    answered = 0
    while thread.is_alive():
        assert invoke(quiet, answered)[0] == answered
        answered += 1
    thread.join()
    answer, response = result[0]
    assert response["FunctionError"] == "Unhandled"
    assert answer["errorType"] == "Sandbox.Timedout"
    assert answered > 10
    printed = messages(quiet, filterPattern="quiet")
    assert printed == [f"quiet {number}\n" for number in range(answered)]
    last = messages(noisy, filterPattern='"Status: timeout"')
    assert len(last) == 1


def test_a_process_that_writes_after_its_answer_writes_to_its_own_stream(deploy, invoke, messages):
    name = deploy(
        "import threading\n"
        "turn = threading.Event()\n"
        "thread = threading.Thread(target=lambda: turn.wait() and print('from behind'))\n"
        "def handler(event, context):\n"
        "    {'start': thread.start, 'go': turn.set, 'wait': thread.join}[event]()\n"
    )
    invoke(name, "start")
    invoke(name, "go")
    invoke(name, "wait")
    assert messages(name).count("from behind\n") == 1


def peak_mb(server):
    """The most memory that a server's process has had."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def test_a_hundred_megabytes_are_all_there_and_the_server_does_not_grow_by_them(own_server):
    functions, logs = own_server.client("lambda"), own_server.client("logs")
    source = (
        "import sys\n"
        "def handler(event, context):\n"
        "    line = 'x' * 1015 + '\\n'\n"
        "    for number in range(event):\n"
        "        sys.stdout.write(f'{number:07d} ' + line)\n"
    )
    name = create(functions, source, Timeout=60)
    functions.invoke(FunctionName=name, Payload=b"100")
    before = peak_mb(own_server)
    functions.invoke(FunctionName=name, Payload=b"100000")
    # What may wait, once as it came and once packed; far from what was printed, held as text.
    assert peak_mb(own_server) - before < 100
    now = int(time.time())
    query = logs.start_query(
        logGroupName=f"/aws/lambda/{name}",
        startTime=now - 600,
        endTime=now + 600,
        queryString="parse @message /^(?<n>\\d{7}) x/ | stats count(*) as lines, max(n) as last",
    )
    eventually(
        lambda: logs.get_query_results(queryId=query["queryId"])["status"] == "Complete",
        "the lines are counted",
        60,
    )
    (row,) = logs.get_query_results(queryId=query["queryId"])["results"]
    told = {each["field"]: each["value"] for each in row}
    assert told["last"] == "0099999"
    assert int(told["lines"]) >= 100_100
