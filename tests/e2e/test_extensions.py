"""Extensions, external and internal ones, in sandboxes of the real server."""

import base64
import json
import uuid

import pytest

from tests.e2e.conftest import ROLE, RUNTIME, eventually, zip_of
from tests.e2e.extensions import CLIENT, OBSERVER, SHELL, layer
from tests.e2e.languages import runtimes_of, zip_of_files
from tests.e2e.processes import processes_with
from tests.e2e.test_provided import WITH_PYTHON, package

HANDLER = """
import os, signal, sys, time
def handler(event, context):
    print("handling", context.aws_request_id)
    if event == "exit":
        os._exit(3)
    if event == "hang":
        time.sleep(600)
    if event == "swell":
        return len(bytearray(2_000_000_000))
    if event == "raise":
        raise ValueError("no")
    if event == "environment":
        return dict(os.environ)
    return context.log_stream_name
"""


@pytest.fixture
def with_extensions(functions):
    """Create a function with a layer: `with_extensions({"name": program}, source)` → its name."""
    made = []

    def create(extensions, content=None, *, mode=0o755, **settings):
        name = f"x-{uuid.uuid4().hex[:12]}"
        with layer(functions, extensions, mode) as layers:
            functions.create_function(
                **{
                    "FunctionName": name,
                    "Role": ROLE,
                    "Runtime": RUNTIME,
                    "Handler": "app.handler",
                    "Code": {"ZipFile": content or zip_of(app=HANDLER)},
                    "Timeout": 20,
                    "MemorySize": 512,
                    **layers,
                    **settings,
                }
            )
        made.append(name)
        return name

    yield create
    for name in made:
        functions.delete_function(FunctionName=name)


@pytest.fixture
def retire(functions):
    """End a function's sandboxes, as any update does."""

    def update(name):
        functions.update_function_configuration(FunctionName=name, Description=uuid.uuid4().hex)

    return update


@pytest.fixture
def said(messages):
    """What the extensions of a function have said."""

    def read(name):
        return [json.loads(line[4:]) for line in messages(name) if line.startswith("EXT ")]

    return read


def events_of(said, extension="watcher"):
    """The events that an extension got."""
    return [each["event"] for each in said if "event" in each and each["extension"] == extension]


def error_of(invoke, name, event=None):
    """Invoke what fails; return the error, the log's tail, and the request's id."""
    answer, response = invoke(name, event, LogType="Tail")
    assert response["FunctionError"] == "Unhandled", answer
    tail = base64.b64decode(response["LogResult"]).decode()
    return answer, tail, response["ResponseMetadata"]["RequestId"]


PACKAGES = {
    "python": {},
    "provided": {"content": package(WITH_PYTHON), "Runtime": "provided.al2023"},
    **{
        runtime: {
            "content": zip_of_files({"app.js": "exports.handler = async () => 'done'"}),
            "Runtime": runtime,
        }
        for runtime in runtimes_of("nodejs")
    },
}


@pytest.mark.parametrize("language", PACKAGES)
def test_an_extension_is_told_of_invocations_and_of_the_end(
    with_extensions, functions, invoke, retire, said, messages, language
):
    name = with_extensions({"watcher": OBSERVER}, **PACKAGES[language])
    identities = []
    for _ in range(3):
        answer, response = invoke(name, "headers")
        assert "FunctionError" not in response, answer
        identities.append(response["ResponseMetadata"]["RequestId"])
    eventually(lambda: len(events_of(said(name))) == 3, "three events were logged")
    retire(name)
    shut_down = [{"eventType": "SHUTDOWN", "shutdownReason": "spindown"}]
    sandboxes = sum("registered" in each for each in said(name))
    eventually(lambda: len(events_of(said(name))) == 3 + sandboxes, "the end was logged")
    told = said(name)
    assert told[0] == {
        "extension": "watcher",
        "registered": [
            200,
            {"functionName": name, "functionVersion": "$LATEST", "handler": "app.handler"},
        ],
    }
    arn = functions.get_function_configuration(FunctionName=name)["FunctionArn"]
    invoked = [each for each in events_of(told) if each["eventType"] == "INVOKE"]
    assert sorted(each["requestId"] for each in invoked) == sorted(identities)
    for event in invoked:
        assert event.pop("deadlineMs") > 0
        assert event.pop("requestId") in identities
        event.pop("tracing", None)
        assert event == {"eventType": "INVOKE", "invokedFunctionArn": arn}
    ended = [each for each in events_of(told) if each["eventType"] == "SHUTDOWN"]
    for event in ended:
        assert event.pop("deadlineMs") > 0
    assert ended == shut_down * sandboxes
    assert "EXTENSION\tName: watcher\tState: Ready\tEvents: [INVOKE, SHUTDOWN]\n" in messages(name)


def test_an_extension_in_sh_works_as_where_sh_is_bash(with_extensions, invoke, retire, messages):
    name = with_extensions({"in-shell": SHELL})
    assert "FunctionError" not in invoke(name)[1]
    retire(name)
    eventually(
        lambda: any(line.startswith("shell was told {") for line in messages(name)),
        "it got its event",
    )


def test_an_extension_has_the_functions_variables_but_not_the_runtimes(
    with_extensions, invoke, said
):
    program = CLIENT + (
        "identifier, _ = register()\n"
        "say(environment=dict(os.environ), folder=os.getcwd(), user=os.getuid())\n"
        "following(identifier)\n"
    )
    name = with_extensions({"watcher": program}, Environment={"Variables": {"MINE": "1"}})
    function, _ = invoke(name, "environment")
    eventually(lambda: said(name), "it has said so")
    extension = said(name)[0]["environment"]
    for kept in (
        "AWS_ACCESS_KEY_ID",
        "AWS_ENDPOINT_URL",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LD_LIBRARY_PATH",
        "MINE",
        "PATH",
        "TZ",
    ):
        assert extension[kept] == function[kept]
    for dropped in (
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_XRAY_DAEMON_ADDRESS",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "PYTHONPATH",
        "_HANDLER",
    ):
        assert dropped in function
        assert dropped not in extension
    assert said(name)[0]["user"] != 0


def test_an_extension_that_goes_on_delays_no_answer_but_is_timed_out(
    with_extensions, invoke, said, messages
):
    program = CLIENT + (
        'identifier, _ = register("INVOKE", "SHUTDOWN")\n'
        "say(event=following(identifier))\n"
        "def end():\n    say(event=following(identifier))\n    os._exit(0)\n"
        "threading.Event().wait()\n"
    )
    name = with_extensions({"watcher": program}, Timeout=2)
    answer, response = invoke(name, None, LogType="Tail")
    request_id = response["ResponseMetadata"]["RequestId"]
    assert "FunctionError" not in response
    # What it is not done with, it cannot keep another sandbox from.
    other, response = invoke(name)
    assert "FunctionError" not in response
    assert other != answer
    eventually(
        lambda: any(f"{request_id} Task timed out" in line for line in messages(name)),
        "the first has ended",
    )
    eventually(
        lambda: any(
            line.startswith(f"REPORT RequestId: {request_id}") and "Status: timeout" in line
            for line in messages(name)
        ),
        "its end was reported",
    )


def test_a_function_that_times_out_is_reported_to_its_extensions(with_extensions, invoke, said):
    name = with_extensions({"watcher": OBSERVER}, Timeout=1)
    answer, _, _ = error_of(invoke, name, "hang")
    assert answer["errorType"] == "Sandbox.Timedout"
    eventually(lambda: len(events_of(said(name))) == 2, "it was told")
    end = events_of(said(name))[1]
    assert (end["eventType"], end["shutdownReason"]) == ("SHUTDOWN", "timeout")


def test_a_function_that_exits_is_reported_to_its_extensions(with_extensions, invoke, said):
    name = with_extensions({"watcher": OBSERVER})
    answer, tail, request_id = error_of(invoke, name, "exit")
    assert answer == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {request_id} Error: Runtime exited with error: exit status 3",
    }
    assert "Status: error\tError Type: Runtime.ExitError" in tail
    eventually(lambda: len(events_of(said(name))) == 2, "it was told")
    assert events_of(said(name))[1]["shutdownReason"] == "failure"
    assert "FunctionError" not in invoke(name)[1]


def test_a_function_that_uses_up_its_memory_is_reported_to_its_extensions(
    with_extensions, invoke, said, memory_limits
):
    name = with_extensions({"watcher": OBSERVER}, MemorySize=256)
    answer, tail, _ = error_of(invoke, name, "swell")
    assert answer["errorType"] == "Runtime.OutOfMemory"
    assert "Status: error\tError Type: Runtime.OutOfMemory" in tail
    assert all(each["eventType"] in ("INVOKE", "SHUTDOWN") for each in events_of(said(name)))
    assert "FunctionError" not in invoke(name)[1]


def test_an_error_of_the_handler_is_no_failure_to_extensions(with_extensions, invoke, said):
    name = with_extensions({"watcher": OBSERVER})
    assert error_of(invoke, name, "raise")[0]["errorType"] == "ValueError"
    assert "FunctionError" not in invoke(name)[1]
    eventually(lambda: len(events_of(said(name))) >= 2, "both were logged")
    assert all(each["eventType"] == "INVOKE" for each in events_of(said(name)))


def test_an_extension_that_crashes_fails_the_invocation(with_extensions, invoke):
    program = CLIENT + 'following(register("INVOKE")[0])\nos._exit(7)\n'
    name = with_extensions({"crasher": program}, Timeout=5)
    answer, tail, request_id = error_of(invoke, name, "hang")
    assert answer == {
        "errorType": "Extension.Crash",
        "errorMessage": f"RequestId: {request_id} Error: exit status 7",
    }
    assert f"RequestId: {request_id} Error: exit status 7\nExtension.Crash\n" in tail
    assert "Status: error\tError Type: Extension.Crash" in tail


@pytest.mark.parametrize(
    ("program", "kind", "how"),
    [
        ("sys.exit(4)\n", "Extension.Crash", "exit status 4"),
        (
            'identifier, _ = register("INVOKE")\n'
            'report("init", identifier, "Extension.NoConfig")\nsys.exit(1)\n',
            "Extension.InitError",
            "exit status 1",
        ),
        (
            'identifier, _ = register("INVOKE")\n'
            'report("exit", identifier, "Extension.Broken")\nsys.exit(2)\n',
            "Extension.ExitError",
            "exit status 2",
        ),
    ],
    ids=["exits", "init error", "exit error"],
)
def test_an_extension_that_fails_to_start_fails_the_start(
    with_extensions, invoke, messages, program, kind, how
):
    name = with_extensions({"broken": CLIENT + program})
    answer, tail, request_id = error_of(invoke, name)
    assert answer == {
        "errorType": kind,
        "errorMessage": f"RequestId: {request_id} Error: {how}",
    }
    assert f"Phase: init\tStatus: error\tError Type: {kind}\n" in tail
    assert not any(line.startswith("handling") for line in messages(name))


def test_a_file_that_is_not_executable_is_a_launch_error(with_extensions, invoke, messages):
    name = with_extensions({"plain": OBSERVER}, mode=0o644)
    answer, _, request_id = error_of(invoke, name)
    how = "fork/exec /opt/extensions/plain: permission denied"
    assert answer == {
        "errorType": "Extension.LaunchError",
        "errorMessage": f"RequestId: {request_id} Error: {how}",
    }
    assert (
        "EXTENSION\tName: plain\tState: LaunchError\tEvents: []\tError Type: PermissionDenied\n"
        in messages(name)
    )


def test_ten_extensions_run_and_eleven_do_not(with_extensions, invoke, messages):
    quiet = CLIENT + "following(register()[0])\n"
    ten = {f"e{number:02}": quiet for number in range(10)}
    name = with_extensions(ten, Timeout=60, MemorySize=1024)
    assert "FunctionError" not in invoke(name)[1]
    assert sum(line.startswith("EXTENSION\tName: ") for line in messages(name)) == 10
    name = with_extensions({**ten, "one-more": quiet})
    answer, _, request_id = error_of(invoke, name)
    assert answer == {
        "errorType": "Extension.LaunchError",
        "errorMessage": f"RequestId: {request_id} Error: Extension limit (10) reached",
    }


def test_an_extension_that_never_registers_uses_up_the_init_phase(
    with_extensions, invoke, messages
):
    name = with_extensions({"idler": CLIENT + "threading.Event().wait()\n"}, Timeout=1)
    assert error_of(invoke, name)[0]["errorType"] == "Sandbox.Timedout"
    assert any(line.endswith("\tPhase: init\tStatus: timeout\n") for line in messages(name))
    assert not any(line.startswith("handling") for line in messages(name))


def test_extensions_leave_nothing_behind(with_extensions, functions, invoke):
    mark = f"extension-{uuid.uuid4().hex}"
    deaf = CLIENT + 'following(register("INVOKE")[0])\nthreading.Event().wait()\n'
    name = with_extensions({mark: deaf}, Timeout=2)
    assert "FunctionError" not in invoke(name)[1]
    assert processes_with(mark)
    functions.update_function_configuration(FunctionName=name, Description="new")
    eventually(lambda: not processes_with(mark), "its processes are gone")


INTERNAL = (
    CLIENT.partition("\n")[2]
    + """
identifier, told = register("INVOKE", name="inner")
refused = register("SHUTDOWN", name="other")[1]
seen = []


def listen():
    while True:
        seen.append(following(identifier))


threading.Thread(target=listen, daemon=True).start()


def handler(event, context):
    if event == "late":
        return register("INVOKE", name="latecomer")[1]
    return {"told": told, "refused": refused, "seen": len(seen), "id": context.aws_request_id}
"""
)


def test_an_internal_extension_takes_part(deploy, invoke, messages):
    name = deploy(INTERNAL, MemorySize=512, Timeout=10)
    answer, response = invoke(name)
    assert "FunctionError" not in response, answer
    assert answer["told"] == [
        200,
        {"functionName": name, "functionVersion": "$LATEST", "handler": "app.handler"},
    ]
    assert answer["refused"] == [
        403,
        {
            "errorType": "Extension.InvalidEventType",
            "errorMessage": "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension",
        },
    ]
    assert "EXTENSION\tName: inner\tState: Ready\tEvents: [INVOKE]\n" in messages(name)
    eventually(lambda: invoke(name)[0]["seen"] > 0, "a sandbox saw what it did before")
    closed = {
        "errorType": "Extension.RegistrationClosed",
        "errorMessage": "Extension registration closed already",
    }
    assert invoke(name, "late")[0] == [403, closed]


def test_who_comes_after_the_init_phase_cannot_register(deploy, invoke):
    source = (
        INTERNAL.replace('identifier, told = register("INVOKE", name="inner")\n', "")
        .replace('refused = register("SHUTDOWN", name="other")[1]\n', "")
        .replace("threading.Thread(target=listen, daemon=True).start()\n", "")
    )
    name = deploy(source, MemorySize=512, Timeout=10)
    for _ in range(2):
        status, told = invoke(name, "late")[0]
        assert (status, told["errorType"]) == (403, "Extension.RegistrationClosed")
