"""The limits of a function: what it may just have, and what its caller gets beyond.

Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

import base64
import errno
import io
import json
import random
import time
import uuid
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.conftest import ROLE, RUNTIME, create, eventually, refusal
from tests.e2e.processes import processes_with

MB = 1 << 20
INIT_LIMIT_S = 10
ERROR = ("errorType", "errorMessage")
ECHO = "def handler(event, context):\n    return event\n"
PROBE = """
import errno, os, resource, threading

def handler(event, context):
    return eval(event)

def write(path, size):
    with open(path, "wb", buffering=0) as file:
        while size:
            size -= file.write(bytes(min(size, 1 << 20)))
    return os.path.getsize(path)

def hoard(size, children=0):
    for _ in range(children):
        if os.fork() == 0:
            kept = b"x" * size
            os.read(os.pipe()[0], 1)
    if children:
        return os.wait()[1]
    return len(b"x" * size)

def files(most):
    opened = []
    try:
        for _ in range(most):
            opened.append(os.open("/dev/null", os.O_RDONLY))
        return len(opened)
    finally:
        print("opened", len(opened))
        for each in opened:
            os.close(each)

def threads(most):
    done, started = threading.Event(), []
    try:
        for _ in range(most):
            started.append(threading.Thread(target=done.wait))
            started[-1].start()
        return len(started)
    finally:
        print("started", threading.active_count())
        done.set()
        for each in started[:-1]:
            each.join()

def processes(most):
    gate, children = os.pipe(), []
    try:
        for _ in range(most):
            pid = os.fork()
            if pid == 0:
                os.close(gate[1])
                os.read(gate[0], 1)
                os._exit(0)
            children.append(pid)
        return len(children)
    finally:
        print("forked", len(children))
        os.close(gate[1])
        for pid in children:
            os.waitpid(pid, 0)
"""


@pytest.fixture(scope="module", autouse=True)
def slow_starts(server):
    """Two functions whose first start takes too long, which takes its time during all tests."""
    client = server.client("lambda")
    started = time.time()
    source = (
        "import os, time\n"
        "if time.time() < float(os.environ['UNTIL']):\n"
        "    print('not yet', flush=True)\n    time.sleep(600)\n" + ECHO
    )

    def invoke(until, limit):
        name = create(
            client, source, Timeout=limit, Environment={"Variables": {"UNTIL": str(until)}}
        )
        response = client.invoke(FunctionName=name, Payload=b"1", LogType="Tail")
        return name, json.loads(response["Payload"].read()), response

    with ThreadPoolExecutor(2) as threads:
        yield {
            "once": threads.submit(invoke, started + INIT_LIMIT_S - 1, 60),
            "always": threads.submit(invoke, started + 1e6, 1),
        }


@pytest.fixture
def failing(invoke):
    """Invoke a function that exceeds a limit; return the error and the log's tail."""

    def call(name, event):
        answer, response = invoke(name, event, LogType="Tail")
        assert response.get("FunctionError") == "Unhandled", answer
        request_id = response["ResponseMetadata"]["RequestId"]
        tail = base64.b64decode(response["LogResult"]).decode().replace(request_id, "<id>")
        error = {member: answer[member].replace(request_id, "<id>") for member in ERROR}
        return error, tail

    return call


@pytest.mark.parametrize("size", [128, 256])
def test_memory_beyond_the_limit_ends_the_function(
    deploy, invoke, failing, messages, memory_limits, size
):
    name = deploy(PROBE, MemorySize=size, Timeout=30)
    assert invoke(name, f"hoard({size - 64} << 20)")[0] == (size - 64) << 20
    words = "RequestId: <id> Error: Runtime exited with error: signal: killed"
    error, tail = failing(name, f"hoard({size} << 20)")
    assert error == {"errorType": "Runtime.OutOfMemory", "errorMessage": words}
    assert f"{words}\nRuntime.OutOfMemory\n" in tail
    report = tail.splitlines()[-1]
    assert f"\tMemory Size: {size} MB\tMax Memory Used: {size} MB\t" in report
    assert invoke(name, "'again'")[0] == "again"


def test_the_memory_of_child_processes_counts(deploy, invoke, memory_limits):
    name = deploy(PROBE, Timeout=30)
    answer, _ = invoke(name, "hoard(60 << 20, children=4)")
    # Version 1 of control groups ends one process, version 2 all of them.
    assert answer == 9 or answer["errorType"] == "Runtime.OutOfMemory"


def test_the_time_of_child_processes_counts_and_ends(deploy, invoke, failing):
    mark = f"limits-{uuid.uuid4().hex}"
    name = deploy(
        "import subprocess\n"
        "def handler(event, context):\n"
        "    script = \"trap '' TERM HUP INT; while :; do sleep 1; done\"\n"
        "    return subprocess.run(['/bin/sh', '-c', script, event]).returncode\n",
        Timeout=1,
    )
    error, tail = failing(name, mark)
    words = "Task timed out after 1.00 seconds"
    assert error == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: <id> Error: {words}",
    }
    assert f"Z <id> {words}\n" in tail
    assert "\tStatus: timeout\t" in tail.splitlines()[-1]
    eventually(lambda: not processes_with(mark), "the child is gone")


@pytest.mark.parametrize("size", [512, 1024])
def test_tmp_is_as_large_as_it_is_configured_and_no_larger(deploy, invoke, failing, size):
    name = deploy(PROBE, EphemeralStorage={"Size": size}, MemorySize=size + 512, Timeout=60)
    # A file system keeps a little for itself.
    fits = int(size * 0.95) * MB
    assert invoke(name, f"write('/tmp/big', {fits})")[0] == fits
    error, _ = failing(name, f"write('/tmp/more', {size * MB // 10})")
    assert error == {
        "errorType": "OSError",
        "errorMessage": f"[Errno {errno.ENOSPC}] No space left on device",
    }
    assert invoke(name, "os.unlink('/tmp/big') or write('/tmp/big', 1 << 20)")[0] == MB


@pytest.mark.parametrize("size", [512, 1024])
def test_what_is_in_tmp_does_not_count_as_memory(deploy, invoke, memory_limits, machine, size):
    if machine["temporary files"] != "ok":
        pytest.skip("`ingle doctor`: /tmp is in memory")
    name = deploy(PROBE, MemorySize=128, EphemeralStorage={"Size": size}, Timeout=60)
    most = (size - 24) * MB
    assert invoke(name, f"write('/tmp/big', {most})")[0] == most
    assert invoke(name, "os.stat('/tmp/big').st_size")[0] == most


def test_a_function_may_open_1024_files(deploy, invoke, failing):
    name = deploy(PROBE)
    assert invoke(name, "resource.getrlimit(resource.RLIMIT_NOFILE)")[0] == [1024, 1024]
    assert invoke(name, "files(1000)")[0] == 1000
    error, tail = failing(name, "files(1024)")
    assert error["errorType"] == "OSError"
    assert error["errorMessage"].startswith(f"[Errno {errno.EMFILE}] Too many open files")
    assert "[ERROR] OSError: [Errno 24] Too many open files" in tail
    assert invoke(name, "files(1000)")[0] == 1000


def test_a_function_may_have_1024_threads(deploy, invoke, failing, memory_limits):
    name = deploy(PROBE, MemorySize=512, Timeout=60)
    assert invoke(name, "threads(1023)")[0] == 1023
    error, tail = failing(name, "threads(1024)")
    assert error == {"errorType": "RuntimeError", "errorMessage": "can't start new thread"}
    assert "[ERROR] RuntimeError: can't start new thread" in tail


def test_a_function_may_have_1024_processes(deploy, failing, memory_limits):
    name = deploy(PROBE, MemorySize=2048, Timeout=60)
    error, tail = failing(name, "processes(1024)")
    assert error == {
        "errorType": "BlockingIOError",
        "errorMessage": f"[Errno {errno.EAGAIN}] Resource temporarily unavailable",
    }
    assert "\nforked 1023\n" in tail


SIZE = "import os\ndef handler(event, context):\n    return os.path.getsize(event)\n"


def package(**files):
    """A package whose handler tells the sizes of its other files; these are stored as they are."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), SIZE)
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def with_file(content, name, size):
    """Add a file of so many zeros, packed, to a package."""
    buffer = io.BytesIO(content)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(name, bytes(size))
    return buffer.getvalue()


def test_a_package_of_50_mb_is_taken_and_no_larger_one(functions, deploy, invoke):
    size = 50 * MB - len(package(big=b""))
    content = package(big=random.Random(1).randbytes(size))
    assert len(content) == 50 * MB
    name = deploy(ECHO)
    functions.update_function_code(FunctionName=name, ZipFile=content)
    assert invoke(name, "big")[0] == size
    status, code, _ = refusal(
        functions.update_function_code, FunctionName=name, ZipFile=content + b"\0"
    )
    assert (status, code) == (413, "RequestEntityTooLargeException")


def test_a_package_of_250_mb_is_taken_and_no_larger_one(functions, deploy, invoke):
    limit = 250 * MB
    name = deploy(ECHO)
    content = with_file(package(), "big", limit - 1 - len(SIZE))
    functions.update_function_code(FunctionName=name, ZipFile=content)
    assert invoke(name, "big")[0] == limit - 1 - len(SIZE)
    assert refusal(
        functions.update_function_code, FunctionName=name, ZipFile=with_file(content, "one", 1)
    ) == (
        400,
        "InvalidParameterValueException",
        f"Unzipped size must be smaller than {limit} bytes",
    )


def test_variables_may_have_4_kb_and_no_more(functions, deploy, invoke):
    room = 4096 - len('{"AB":""}')
    source = "import os\ndef handler(event, context):\n    return len(os.environ['AB'])\n"
    name = deploy(source, Environment={"Variables": {"AB": "x" * room}})
    assert invoke(name)[0] == room
    variables = {"AB": "x" * (room + 1)}
    status, code, message = refusal(
        functions.create_function,
        FunctionName="never-made",
        Role=ROLE,
        Runtime=RUNTIME,
        Handler="app.handler",
        Code={"ZipFile": package()},
        Environment={"Variables": variables},
    )
    assert (status, code) == (400, "InvalidParameterValueException")
    assert message == (
        "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided exceeded the 4KB limit. "
        f"String measured: {json.dumps(variables, separators=(',', ':'))}"
    )


def test_events_and_answers_may_have_6_mb_and_no_more(functions, deploy, invoke, failing):
    name = deploy(
        "def handler(event, context):\n    return event if event[0] else 'x' * event[1]\n"
    )
    event = json.dumps([1, "x" * (6 * MB - len('[1, ""]'))]).encode()
    assert len(event) == 6 * MB
    response = functions.invoke(FunctionName=name, Payload=event)
    assert response["Payload"].read() == event
    assert refusal(functions.invoke, FunctionName=name, Payload=event + b" ")[:2] == (
        413,
        "RequestEntityTooLargeException",
    )
    limit = 6 * MB + 100
    assert len(invoke(name, [0, limit - 2])[0]) == limit - 2
    error, _ = failing(name, [0, limit - 1])
    assert error == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        f"({limit} bytes).",
    }


def test_a_start_of_more_than_10_s_is_stopped_and_tried_again(slow_starts, messages):
    name, answer, response = slow_starts["once"].result(60)
    assert ("FunctionError" in response, answer) == (False, 1)
    found = [each for each in messages(name) if each != "not yet\n"]
    assert [each.split()[0] for each in found] == [
        "INIT_START",
        "INIT_REPORT",
        "INIT_START",
        "START",
        "END",
        "REPORT",
    ]
    report = next(each for each in found if each.startswith("INIT_REPORT"))
    assert "\tPhase: init\tStatus: timeout\n" in report
    assert float(report.split()[3]) >= INIT_LIMIT_S * 1000


def test_a_second_start_has_the_function_s_own_time(slow_starts, messages):
    name, answer, response = slow_starts["always"].result(60)
    request_id = response["ResponseMetadata"]["RequestId"]
    assert answer == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {request_id} Error: Task timed out after 1.00 seconds",
    }
    assert messages(name).count("not yet\n") == 2
