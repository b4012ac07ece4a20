"""The `ingle` command against the real server."""

import json
import re
import signal
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ingle.cli import event_templates
from tests.e2e.commands import Ingle
from tests.e2e.conftest import ROLE, RUNTIME, zip_of
from tests.e2e.server import INGLE, Server
from tests.images.building import Entry, Layout, tar
from tests.images.roots import python_layer

HELLO = """
def handler(event, context):
    print("greeting", event["username"])
    return "Hello, " + event["username"]
"""
EVENT = '{"username": "Sally"}'
OWN_ROLE = "arn:aws:iam::000000000000:role/service-role/ingle-deploy"


@pytest.fixture
def ingle(server: Server, tmp_path: Path) -> Ingle:
    return Ingle(server, tmp_path)


@pytest.fixture
def name(functions: Any) -> Iterator[str]:
    """A name for a function that the test makes."""
    unique = f"ingle-{uuid.uuid4().hex[:8]}"
    yield unique
    functions.delete_function(FunctionName=unique)


@pytest.fixture
def hello(deploy: Callable[..., str]) -> str:
    """A function that says hello, deleted after the test."""
    return deploy(HELLO)


def test_a_file_becomes_a_function_that_is_named_after_it(
    ingle: Ingle, name: str, functions: Any
) -> None:
    (ingle.folder / f"{name}.py").write_text(HELLO)
    made = ingle("deploy", f"{name}.py")
    assert made.status == 0, made.error
    assert re.search(
        rf"created {name}: {RUNTIME}, {name}\.handler, \d+ bytes\nrole: {OWN_ROLE}\n"
        rf"run it with: ingle invoke {name} --event '{{}}'\n\Z",
        made.output,
    )
    assert functions.get_function_configuration(FunctionName=name)["Role"] == OWN_ROLE
    assert ingle("invoke", name, "--event", EVENT).output == '"Hello, Sally"\n'


def test_a_folder_is_deployed_updated_and_left_alone(
    ingle: Ingle, name: str, functions: Any
) -> None:
    folder = ingle.folder / name
    (folder / "texts").mkdir(parents=True)
    (folder / "texts" / "greeting.txt").write_text("Hello")
    (folder / "app.py").write_text(
        "import os, pathlib\n"
        "TEXT = pathlib.Path(__file__).with_name('texts') / 'greeting.txt'\n"
        "def handler(event, context):\n"
        "    return f'{TEXT.read_text()}, {os.environ.get(\"WHO\")}'\n"
    )
    assert ingle("deploy", name, "--env", "WHO=Sally").status == 0
    assert ingle("invoke", name).output == '"Hello, Sally"\n'

    unchanged = ingle("deploy", name, "--env", "WHO=Sally")
    assert (unchanged.status, unchanged.output) == (0, f"{name} is as it should be already\n")

    (folder / "texts" / "greeting.txt").write_text("Good day")
    updated = ingle("deploy", name, "--memory", "256", "--env", "WHO=Harry")
    assert re.fullmatch(
        rf"updated {name}\n"
        r"  code: \d+ bytes → \d+ bytes, sha256 \S{10}…\n"
        r"  MemorySize: 128 → 256\n"
        r"  Environment: WHO\n",
        updated.output,
    )
    assert ingle("invoke", name).output == '"Good day, Harry"\n'
    assert functions.get_function_configuration(FunctionName=name)["MemorySize"] == 256


def test_an_image_is_deployed_and_updated(ingle: Ingle, name: str, images: Path) -> None:
    layout = Layout(images / name)
    run = {"Entrypoint": ["/usr/local/bin/python", "-m", "awslambdaric"], "WorkingDir": "/function"}

    def put(source: str) -> None:
        app = tar([Entry("function/app.py", source.encode())])
        layout.manifests.clear()
        layout.tag(layout.image([python_layer(), app], run, compression="none"))

    put(HELLO)
    options = ("--memory", "256", "--timeout", "20")
    made = ingle("deploy", "--image", f"oci:{images}/{name}:latest", *options)
    assert made.status == 0, made.error
    # Before it, where it is the first, it says that it made a role.
    assert re.search(rf"^created {name}: image, sha256 [0-9a-f]{{10}}…\n", made.output, re.M)
    failed = ingle("invoke", name)  # nothing says which handler
    assert failed.status == 1
    run["Cmd"] = ["app.handler"]
    put(HELLO)
    updated = ingle("deploy", "--image", f"oci:{images}/{name}:latest")
    assert re.fullmatch(rf"updated {name}\n  image: sha256 [0-9a-f]{{10}}…\n", updated.output)
    assert ingle("invoke", name, "--event", EVENT).output == '"Hello, Sally"\n'
    again = ingle("deploy", "--image", f"oci:{images}/{name}:latest")
    assert again.output == f"{name} is as it should be already\n"
    (next((layout.root / "blobs/sha256").glob("*"))).write_bytes(b"")
    for wrong, said in (
        (("--image", f"oci:{images}/nothing"), "does not exist. Provide a valid source image."),
        (("--image", "x", "--runtime", RUNTIME), "--runtime is not for container images"),
        ((), "what to deploy is not clear"),
        (("app.py", "--image", "x"), "what to deploy is not clear"),
    ):
        refused = ingle("deploy", "--name", name, *wrong)
        assert refused.status in (1, 2)
        assert said in refused.error


def test_a_role_is_made_once_for_functions_that_are_given_none(
    own_server: Server, tmp_path: Path
) -> None:
    ingle, functions = Ingle(own_server, tmp_path), own_server.client("lambda")
    for name in ("one", "two", "three"):
        (tmp_path / f"{name}.py").write_text(HELLO)
    said = f"made the role {OWN_ROLE}, which may write logs and nothing else\n"
    assert ingle("deploy", "one.py").output.startswith(said)
    second = ingle("deploy", "two.py")
    assert (second.status, said in second.output) == (0, False)
    given = ingle("deploy", "three.py", "--role", ROLE)
    assert f"\nrole: {ROLE}\n" in given.output
    (tmp_path / "three.py").write_text(HELLO + "# changed\n")
    assert ingle("deploy", "three.py").status == 0
    roles = {each["FunctionName"]: each["Role"] for each in functions.list_functions()["Functions"]}
    assert roles == {"one": OWN_ROLE, "two": OWN_ROLE, "three": ROLE}
    attached = own_server.client("iam").list_attached_role_policies(RoleName="ingle-deploy")
    assert [each["PolicyName"] for each in attached["AttachedPolicies"]] == [
        "AWSLambdaBasicExecutionRole"
    ]
    assert ingle("invoke", "one", "--event", EVENT).status == 0
    assert "greeting Sally" in ingle("logs", "one").output


def test_a_zip_is_deployed_as_it_is(ingle: Ingle, name: str, functions: Any) -> None:
    (ingle.folder / "package.zip").write_bytes(zip_of(main=HELLO))
    made = ingle("deploy", "package.zip", "--name", name)
    assert made.status == 0, made.error
    assert functions.get_function_configuration(FunctionName=name)["Handler"] == "main.handler"


def test_what_the_server_refuses_is_one_line(ingle: Ingle) -> None:
    (ingle.folder / "app.py").write_text(HELLO)
    refused = ingle("deploy", "app.py", "--runtime", "go1.x", "--role", ROLE)
    assert (refused.status, refused.output) == (1, "")
    assert refused.error.startswith("error: CreateFunction: ")
    assert refused.error.endswith(" (InvalidParameterValueException)\n")


def test_an_event_comes_from_the_command_line_a_file_or_standard_input(
    ingle: Ingle, hello: str
) -> None:
    (ingle.folder / "event.json").write_text(EVENT)
    for source in (EVENT, "@event.json", "-"):
        ran = ingle("invoke", hello, "--event", source, "--no-log", event=EVENT)
        assert (ran.status, ran.output, ran.error) == (0, '"Hello, Sally"\n', "")


def test_the_log_goes_to_standard_error(ingle: Ingle, hello: str) -> None:
    ran = ingle("invoke", hello, "--event", EVENT)
    assert ran.output == '"Hello, Sally"\n'
    kinds = [line.split()[0] for line in ran.error.splitlines()]
    assert kinds == ["INIT_START", "START", "greeting", "END", "REPORT"]


def test_a_function_that_fails_makes_the_command_fail(ingle: Ingle, hello: str) -> None:
    ran = ingle("invoke", hello, "--no-log")
    assert ran.status == 1
    assert json.loads(ran.output)["errorType"] == "KeyError"
    assert ran.error == "Unhandled: KeyError: 'username'\n"


@pytest.mark.parametrize("command", ["invoke", "logs"])
def test_a_function_that_is_not_there_is_named(ingle: Ingle, command: str) -> None:
    ran = ingle(command, "nobody")
    assert (ran.status, ran.output) == (1, "")
    assert ran.error.startswith("error: ")
    assert "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody" in ran.error


def test_logs_are_printed_oldest_first_and_filtered(ingle: Ingle, hello: str) -> None:
    silent = ingle("logs", hello)
    assert (silent.status, silent.output) == (0, "")
    assert silent.error == f"{hello} has not logged anything yet\n"

    ingle("invoke", hello, "--event", EVENT)
    ingle("invoke", hello, "--event", EVENT.replace("Sally", "Harry"))
    lines = ingle("logs", hello).output.splitlines()
    assert [line.split()[2] for line in lines] == [
        "INIT_START",
        *["START", "greeting", "END", "REPORT"] * 2,
    ]
    assert lines == sorted(lines, key=lambda line: line[:23])
    [found] = ingle("logs", hello, "--filter", "Harry").output.splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}  greeting Harry", found)


def test_logs_are_followed_until_ctrl_c(ingle: Ingle, hello: str) -> None:
    with subprocess.Popen(
        [INGLE, "logs", hello, "--follow", "--filter", "greeting"],
        cwd=ingle.folder,
        env=ingle.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as following:
        watchdog = threading.Timer(120, following.kill)
        watchdog.start()
        try:
            assert following.stdout is not None
            assert following.stderr is not None
            assert following.stderr.readline() == f"{hello} has not logged anything yet\n"
            for who in ("Sally", "Harry"):
                ingle("invoke", hello, "--event", json.dumps({"username": who}))
                assert following.stdout.readline().endswith(f"  greeting {who}\n")
            following.send_signal(signal.SIGINT)
            assert following.wait() == 130
        finally:
            watchdog.cancel()


def test_the_printed_variables_are_all_that_a_shell_needs(
    ingle: Ingle, hello: str, server: Server
) -> None:
    script = f'eval "$({INGLE} env)"; unset INGLE_DATA_DIR; {INGLE} invoke {hello} --event "$1"'
    done = subprocess.run(
        ["sh", "-c", script, "sh", EVENT],
        cwd=ingle.folder,
        env=ingle.environment(AWS_PROFILE="another"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, '"Hello, Sally"\n'), done.stderr
    assert json.loads(ingle("env", "--format", "json").output) == server.credentials
    assert server.credentials["AWS_ENDPOINT_URL"] == server.endpoint


def test_a_wrong_key_pair_is_refused_in_one_line(ingle: Ingle, server: Server) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "INGLE_DATA_DIR": ""}
    ran = ingle("invoke", "hello", "--endpoint-url", server.endpoint, **keys)
    assert ran.status == 1
    assert ran.error == (
        "error: Invoke: The security token included in the request is invalid. "
        "(UnrecognizedClientException)\n"
    )


def test_the_doctor_sees_the_server_and_a_machine_it_can_run_on(
    ingle: Ingle, server: Server
) -> None:
    host, port = server.address
    ran = ingle("doctor", "--host", host, "--port", str(port), "--format", "json")
    assert ran.status == 0, ran.output
    report = json.loads(ran.output)
    checks = {check["name"]: check for check in report["checks"]}
    assert report["can_run"]
    assert checks["sandboxes"]["state"] == "ok"
    assert checks["port"]["detail"] == f"Ingle answers at {host}:{port}"


def test_the_runtimes_shown_are_those_that_run(ingle: Ingle, functions: Any, name: str) -> None:
    rows = json.loads(ingle("runtimes", "--format", "json").output)
    present = {
        row["runtime"]: row["version"]
        for row in rows
        if row["path"] and row["runtime"].startswith("python3")
    }
    source = "import sys\ndef handler(event, context):\n    return sys.version.split()[0]\n"
    (ingle.folder / "app.py").write_text(source)
    assert ingle("deploy", "app.py", "--name", name).status == 0
    found = {}
    for runtime in present:
        functions.update_function_configuration(FunctionName=name, Runtime=runtime)
        found[runtime] = json.load(functions.invoke(FunctionName=name)["Payload"])
    assert found == present
    assert RUNTIME in present


def test_a_second_server_on_the_same_folder_refuses_to_start(
    ingle: Ingle, server: Server, invoke: Callable[..., Any], hello: str
) -> None:
    second = ingle("serve", "--port", "0")
    assert (second.status, second.output) == (1, "")
    assert second.error == (
        f"error: The data folder {server.data_dir} is in use by process {server.process.pid}. "
        "Stop that server first, or start this one on another folder with --data-dir.\n"
    )
    assert invoke(hello, {"username": "Sally"})[0] == "Hello, Sally"


def test_a_copy_of_a_stopped_servers_folder_is_a_backup(
    own_server: Server, start_server: Callable[..., Server], tmp_path: Path
) -> None:
    (tmp_path / "hello.py").write_text(HELLO)
    ingle = Ingle(own_server, tmp_path)
    assert ingle("deploy", "hello.py").status == 0
    assert ingle("invoke", "hello", "--event", EVENT).status == 0
    assert own_server.stop() == 0
    subprocess.run(["cp", "-a", own_server.data_dir, tmp_path / "copy"], check=True)

    restored = Server(tmp_path / "copy").start()
    try:
        ingle = Ingle(restored, tmp_path)
        assert ingle("invoke", "hello", "--event", EVENT).output == '"Hello, Sally"\n'
        assert len(ingle("logs", "hello", "--filter", "Sally").output.splitlines()) == 2
    finally:
        assert restored.stop() == 0


def test_only_a_development_server_takes_the_key_pair_test(
    start_server: Callable[..., Server], tmp_path: Path
) -> None:
    server = start_server("--dev", "--region", "eu-west-1", "--account-id", "123456789012")
    test = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    client = server.client("lambda", **test)
    assert client.list_functions()["Functions"] == []
    (tmp_path / "hello.py").write_text(HELLO)
    assert Ingle(server, tmp_path)("deploy", "hello.py").status == 0
    [function] = client.list_functions()["Functions"]
    assert function["FunctionArn"] == "arn:aws:lambda:eu-west-1:123456789012:function:hello"


def test_a_test_event_is_piped_into_a_function(ingle: Ingle, deploy: Callable[..., str]) -> None:
    hello = deploy(
        "import urllib.parse\n"
        "def handler(event, context):\n"
        "    found = event['Records'][0]['s3']\n"
        "    return [found['bucket']['name'], urllib.parse.unquote_plus(found['object']['key'])]\n"
    )
    made = ingle("event", "generate", "s3", "put", "--bucket", "b", "--key", "a b+c.txt")
    assert made.status == 0, made.error
    answer = ingle("invoke", hello, "--event", "-", "--no-log", event=made.output)
    assert answer.status == 0, answer.error
    assert (answer.status, json.loads(answer.output)) == (0, ["b", "a b+c.txt"])


def test_every_test_event_reaches_a_function_as_it_is(
    functions: Any, deploy: Callable[..., str]
) -> None:
    echo = deploy("def handler(event, context):\n    return event\n")
    for source in event_templates.sources():
        for kind in event_templates.kinds(source):
            event = event_templates.template(source, kind).filled_in({})
            answer = functions.invoke(FunctionName=echo, Payload=json.dumps(event))
            assert json.loads(answer["Payload"].read()) == event, (source, kind)
