"""Issue point 7: functions that write much, or when they should not."""

import threading


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
