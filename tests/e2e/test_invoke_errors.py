"""Issue point 6: every way in which a function can fail, and what its caller and its log get."""

import base64
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.conftest import eventually
from tests.e2e.processes import processes_with

OK = "def handler(event, context):\n    return 'fine'\n"


def failed(invoke, name, event=None):
    """Invoke a function that fails; return the error and the log's tail."""
    answer, response = invoke(name, event, LogType="Tail")
    assert response["StatusCode"] == 200
    assert response["FunctionError"] == "Unhandled"
    request_id = response["ResponseMetadata"]["RequestId"]
    answer["errorMessage"] = answer["errorMessage"].replace(request_id, "<id>")
    if "requestId" in answer:
        assert answer.pop("requestId") in ("", request_id)
    tail = base64.b64decode(response["LogResult"]).decode().replace(request_id, "<id>")
    assert "\nEND RequestId: <id>\n" in tail
    assert tail.splitlines()[-1].startswith("REPORT RequestId: <id>\t")
    return answer, tail


def test_an_error_in_the_handler_comes_with_its_stack_trace(deploy, invoke):
    name = deploy(
        "def inner():\n"
        "    raise KeyError('größe')\n\n"
        "def handler(event, context):\n"
        "    if event == 'fail':\n"
        "        inner()\n"
        "    return 'fine'\n"
    )
    answer, tail = failed(invoke, name, "fail")
    assert answer == {
        "errorMessage": "'größe'",
        "errorType": "KeyError",
        "stackTrace": [
            '  File "/var/task/app.py", line 6, in handler\n    inner()\n',
            "  File \"/var/task/app.py\", line 2, in inner\n    raise KeyError('größe')\n",
        ],
    }
    assert (
        "[ERROR] KeyError: 'größe'\nTraceback (most recent call last):\n"
        '\u00a0\u00a0File "/var/task/app.py", line 6, in handler\n' in tail
    )
    # The sandbox lives on: an error is an answer.
    answer, response = invoke(name, "go on", LogType="Tail")
    assert answer == "fine"
    assert b"INIT_START" not in base64.b64decode(response["LogResult"])


INIT_ERRORS = {
    "a module that is not there": (
        "import nowhere\n" + OK,
        "app.handler",
        "Runtime.ImportModuleError",
        "Unable to import module 'app': No module named 'nowhere'",
        [],
    ),
    "a handler's module that is not there": (
        OK,
        "other.handler",
        "Runtime.ImportModuleError",
        "Unable to import module 'other': No module named 'other'",
        [],
    ),
    "a handler that is not there": (
        OK,
        "app.missing",
        "Runtime.HandlerNotFound",
        "Handler 'missing' missing on module 'app'",
        [],
    ),
    "a handler without a dot": (
        OK,
        "handler",
        "Runtime.MalformedHandlerName",
        "Bad handler 'handler': not enough values to unpack (expected 2, got 1)",
        [],
    ),
    "a built-in module": (
        OK,
        "sys.exit",
        "Runtime.BuiltInModuleConflict",
        "Cannot use built-in module sys as a handler module",
        [],
    ),
    "a syntax error": (
        "def handler(:\n    pass\n",
        "app.handler",
        "Runtime.UserCodeSyntaxError",
        "Syntax error in module 'app': invalid syntax (app.py, line 1)",
        ['  File "/var/task/app.py" Line 1\n    def handler(:\n'],
    ),
    "an error while the module is loaded": (
        "x = 1\nraise RuntimeError('not today')\n",
        "app.handler",
        "RuntimeError",
        "not today",
        [
            '  File "/var/task/app.py", line 2, in <module>\n'
            "    raise RuntimeError('not today')\n",
        ],
    ),
}


@pytest.mark.parametrize("case", INIT_ERRORS)
def test_a_function_that_cannot_be_loaded_says_why(deploy, invoke, case):
    source, handler, kind, message, trace = INIT_ERRORS[case]
    name = deploy(source, Handler=handler)
    for _ in range(2):  # each invocation tries anew
        answer, tail = failed(invoke, name)
        assert answer["errorType"] == kind
        assert answer["errorMessage"] == message
        if kind == "RuntimeError":  # the frames of importlib come before, as in AWS
            assert answer["stackTrace"][-1:] == trace
        else:
            assert answer["stackTrace"] == trace
        assert f"[ERROR] {kind}: {message}\n" in tail
        assert f"Phase: init\tStatus: error\tError Type: {kind}\n" in tail
        assert f"\tStatus: error\tError Type: {kind}\t" in tail.splitlines()[-1]


def test_many_that_cannot_be_loaded_at_once_all_get_their_answers(deploy, invoke):
    name = deploy("import nowhere\n")
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: invoke(name)[0]["errorType"], range(100)))
    assert answers == ["Runtime.ImportModuleError"] * 100


EXITS = {
    "sys.exit(0)": "Runtime exited without providing a reason",
    "sys.exit(1)": "Runtime exited with error: exit status 1",
    "sys.exit(3)": "Runtime exited with error: exit status 3",
    "sys.exit('gone')": "Runtime exited with error: exit status 1",
    "os._exit(0)": "Runtime exited without providing a reason",
    "os._exit(7)": "Runtime exited with error: exit status 7",
    "ctypes.string_at(0)": "Runtime exited with error: signal: segmentation fault",
}


@pytest.mark.parametrize("call", EXITS)
@pytest.mark.parametrize("during", ["invocation", "init"])
def test_a_process_that_ends_is_an_exit_error(deploy, invoke, call, during):
    imports = "import ctypes, os, sys\n"
    if during == "init":
        source = f"{imports}print('last words')\n{call}\n{OK}"
    else:
        source = (
            f"{imports}def handler(event, context):\n"
            f"    if event is None:\n        print('last words')\n        {call}\n"
            "    return 'fine'\n"
        )
    name = deploy(source)
    answer, tail = failed(invoke, name)
    assert answer == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: <id> Error: {EXITS[call]}",
    }
    assert "last words\n" in tail
    assert f"RequestId: <id> Error: {EXITS[call]}\nRuntime.ExitError\n" in tail
    assert "\tStatus: error\tError Type: Runtime.ExitError\t" in tail.splitlines()[-1]
    if during == "init":
        assert "Phase: init\tStatus: error\tError Type: Runtime.ExitError\n" in tail
    else:
        assert invoke(name, "go on")[0] == "fine"


def test_what_was_printed_without_a_line_end_before_an_exit_is_not_lost(deploy, invoke):
    name = deploy("import sys\ndef handler(e, c):\n    print('half', end='')\n    sys.exit(1)\n")
    assert "\nhalf\n" in failed(invoke, name)[1]


def test_a_function_that_takes_too_long_is_ended_and_the_next_gets_a_fresh_one(deploy, invoke):
    name = deploy(
        "import time\n"
        "state = []\n"
        "def handler(event, context):\n"
        "    state.append(event)\n"
        "    if event == 'hang':\n"
        "        print('hanging', end='', flush=True)\n"
        "        time.sleep(600)\n"
        "    return state\n",
        Timeout=1,
    )
    assert invoke(name, "one")[0] == ["one"]
    answer, tail = failed(invoke, name, "hang")
    assert answer == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: <id> Error: Task timed out after 1.00 seconds",
    }
    assert "hanging\n" in tail
    assert "Z <id> Task timed out after 1.00 seconds\n" in tail
    assert "\tStatus: timeout\t" in tail.splitlines()[-1]
    assert invoke(name, "two")[0] == ["two"]


def test_a_loop_that_never_yields_is_ended_too(deploy, invoke):
    name = deploy(
        "import signal\n"
        "def handler(event, context):\n"
        "    for number in range(1, 32):\n"
        "        if number not in (signal.SIGKILL, signal.SIGSTOP):\n"
        "            signal.signal(number, signal.SIG_IGN)\n"
        "    while True:\n        pass\n",
        Timeout=1,
    )
    assert failed(invoke, name)[0]["errorType"] == "Sandbox.Timedout"


def test_child_processes_end_with_their_sandbox(deploy, invoke):
    mark = f"left-over-{uuid.uuid4().hex}"
    name = deploy(
        "import subprocess, time\n"
        "def handler(event, context):\n"
        "    command = ['/bin/sh', '-c', 'while :; do sleep 1; done', event]\n"
        "    subprocess.Popen(command, start_new_session=True)\n"
        "    subprocess.Popen(command)\n"
        "    time.sleep(600)\n",
        Timeout=1,
    )
    assert failed(invoke, name, mark)[0]["errorType"] == "Sandbox.Timedout"
    eventually(lambda: not processes_with(mark), "no child process is left")


@pytest.mark.parametrize("during", ["invocation", "init"])
def test_a_function_that_needs_too_much_memory_is_out_of_memory(deploy, invoke, during):
    if during == "init":
        name = deploy("hoard = b'x' * (200 << 20)\n" + OK)
    else:
        name = deploy(
            "def handler(event, context):\n    return len(b'x' * (event << 20))\n", Timeout=30
        )
        assert invoke(name, 20)[0] == 20 << 20
    answer, tail = failed(invoke, name, 200)
    assert answer == {
        "errorType": "Runtime.OutOfMemory",
        "errorMessage": "RequestId: <id> Error: Runtime exited with error: signal: killed",
    }
    last = tail.splitlines()[-1]
    assert "\tMemory Size: 128 MB\tMax Memory Used: 128 MB\t" in last
    assert "\tStatus: error\tError Type: Runtime.OutOfMemory\t" in last


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("{1, 2}", "Object of type set is not JSON serializable"),
        ("b'bytes'", "Object of type bytes is not JSON serializable"),
        ("context", "Object of type LambdaContext is not JSON serializable"),
        ("float", "Object of type type is not JSON serializable"),
    ],
)
def test_an_answer_that_is_no_json_is_a_marshal_error(deploy, invoke, answer, problem):
    name = deploy(f"def handler(event, context):\n    return {answer}\n")
    assert failed(invoke, name)[0] == {
        "errorType": "Runtime.MarshalError",
        "errorMessage": f"Unable to marshal response: {problem}",
        "stackTrace": [],
    }


def test_an_async_handler_s_coroutine_is_no_answer(deploy, invoke):
    name = deploy("async def handler(event, context):\n    return 'never'\n")
    answer, tail = failed(invoke, name)
    assert answer == {
        "errorType": "Runtime.MarshalError",
        "errorMessage": "Unable to marshal response: "
        "Object of type coroutine is not JSON serializable",
        "stackTrace": [],
    }
    assert "RuntimeWarning: coroutine 'handler' was never awaited" in tail


def test_an_answer_may_have_six_megabytes_and_a_hundred_bytes_and_no_more(deploy, invoke):
    name = deploy("def handler(event, context):\n    return 'x' * event\n", Timeout=30)
    limit = 6_291_556
    assert len(invoke(name, limit - 2)[0]) == limit - 2
    assert failed(invoke, name, limit - 1)[0] == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        "(6291556 bytes).",
    }
    assert invoke(name, 3)[0] == "xxx"
