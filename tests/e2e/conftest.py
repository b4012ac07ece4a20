"""One real server for all end-to-end tests, and one of its own for those that stop it."""

import contextlib
import io
import json
import socket
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.e2e.forked import starting
from tests.e2e.raw import connect, head_of, signed
from tests.e2e.server import (
    DURABLE_ROLE_NAME,
    INGLE,
    INVOKER_ROLE_NAME,
    ROLE_NAME,
    Server,
)

ROLE = f"arn:aws:iam::000000000000:role/{ROLE_NAME}"
INVOKER_ROLE = f"arn:aws:iam::000000000000:role/{INVOKER_ROLE_NAME}"
"""May also invoke functions."""
DURABLE_ROLE = f"arn:aws:iam::000000000000:role/{DURABLE_ROLE_NAME}"
"""May also run durable executions."""
RUNTIME = f"python3.{sys.version_info.minor}"


class Stalled(NamedTuple):
    """Connections on which requests stopped halfway when the shared server started."""

    head: socket.socket
    body: socket.socket


@pytest.fixture(scope="session")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Stalled]]:
    folder = tmp_path_factory.mktemp("ingle")
    (folder / "images").mkdir()
    running = Server(folder / "data", "--images", str(folder / "images")).start()
    # As early as this, so that no test has to wait until the server's patience ends.
    with connect(running) as head, connect(running) as body:
        request = head_of(signed(running, "POST", "/2015-03-31/functions"), 1000)
        head.sendall(request[:-10])
        body.sendall(request + b"{")
        yield running, Stalled(head, body)
    running.stop()


@pytest.fixture(scope="session")
def server(_shared: tuple[Server, Stalled]) -> Server:
    """A server that all tests share; functions have names of their own."""
    return _shared[0]


@pytest.fixture(scope="session")
def images(server: Server) -> Path:
    """The folder from which the shared server reads container images."""
    return server.data_dir.parent / "images"


@pytest.fixture(scope="session")
def stalled(_shared: tuple[Server, Stalled]) -> Stalled:
    """Requests to the shared server that never go on."""
    return _shared[1]


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start a server with these flags that the test may stop, kill and start again."""
    with starting(tmp_path) as start:
        yield start


@pytest.fixture
def own_server(start_server: Callable[..., Server]) -> Server:
    """A server that the test may stop, kill and start again."""
    return start_server()


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What `ingle doctor` says of this machine: the state of each check, by its name."""
    folder = tmp_path_factory.mktemp("doctor")
    printed = subprocess.run(
        [INGLE, "doctor", "--port", "0", "--data-dir", str(folder), "--format", "json"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return {check["name"]: check["state"] for check in json.loads(printed)["checks"]}


@pytest.fixture(scope="session")
def memory_limits(machine: dict[str, str]) -> None:
    """Skip where sandboxes have no control group, and so no bound on memory and processes."""
    if machine["memory limits"] != "ok":
        pytest.skip("`ingle doctor`: no control groups that Ingle may use")


@pytest.fixture(scope="session")
def functions(server: Server) -> Any:
    """The shared server's Lambda client."""
    return server.client("lambda")


@pytest.fixture(scope="session")
def logs(server: Server) -> Any:
    """The shared server's CloudWatch Logs client."""
    return server.client("logs")


@pytest.fixture(scope="session")
def s3(server: Server) -> Any:
    """The shared server's S3 client."""
    return server.client("s3")


@pytest.fixture
def bucket(s3: Any) -> str:
    """A new bucket of the shared server."""
    name = f"b-{uuid.uuid4().hex[:16]}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture(scope="session")
def unchecked(server: Server) -> Any:
    """A Lambda client that leaves all checking of members to the server."""
    return server.client("lambda", config=Config(parameter_validation=False))


def zip_of(**files: str) -> bytes:
    """A package; `app="…"` becomes `app.py`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            # Without a time of its own, so that the same text makes the same package.
            archive.writestr(zipfile.ZipInfo(f"{name}.py"), text)
    return buffer.getvalue()


def refusal(call: Callable[..., Any], **members: Any) -> tuple[int, str, str]:
    """Call what must be refused; return the HTTP status, the error's code and its message."""
    with pytest.raises(ClientError) as caught:
        call(**members)
    response = caught.value.response
    error = response["Error"]
    return response["ResponseMetadata"]["HTTPStatusCode"], error["Code"], error["Message"]


def eventually(holds: Callable[[], bool], what: str, within_s: float = 15.0) -> None:
    """Wait until a condition holds, and fail where it does not within a generous while."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"still not so: {what}"
        time.sleep(0.02)


def create(client: Any, source: str, **settings: Any) -> str:
    """Create a function of one module, `app`, and return its name."""
    name = settings.pop("FunctionName", f"f-{uuid.uuid4().hex[:12]}")
    client.create_function(
        FunctionName=name,
        Role=settings.pop("Role", ROLE),
        Runtime=settings.pop("Runtime", RUNTIME),
        Handler=settings.pop("Handler", "app.handler"),
        Code={"ZipFile": zip_of(app=source)},
        **settings,
    )
    return name


@pytest.fixture
def deploy(functions: Any) -> Iterator[Callable[..., str]]:
    """Create functions that are deleted after the test: `deploy(source, Timeout=1)` → name."""
    made: list[str] = []

    def make(source: str, **settings: Any) -> str:
        made.append(create(functions, source, **settings))
        return made[-1]

    yield make
    for name in made:
        with contextlib.suppress(functions.exceptions.ResourceNotFoundException):
            functions.delete_function(FunctionName=name)


@pytest.fixture
def invoke(functions: Any) -> Callable[..., tuple[Any, dict[str, Any]]]:
    """Invoke a function: `invoke(name, event, LogType="Tail")` → (answer, response)."""

    def call(name: str, event: Any = None, **settings: Any) -> tuple[Any, dict[str, Any]]:
        response = functions.invoke(
            FunctionName=name, Payload=json.dumps(event).encode(), **settings
        )
        return json.loads(response["Payload"].read()), response

    return call


@pytest.fixture
def invoke_on() -> Callable[[Server, str], Callable[..., Any]]:
    """Create a function on a server: `call = invoke_on(server, source)`, `call(event)` → answer."""

    def make(server: Server, source: str) -> Callable[..., Any]:
        client = server.client("lambda")
        name = create(client, source)

        def call(event: Any = None) -> Any:
            response = client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
            return json.loads(response["Payload"].read())

        return call

    return make


@pytest.fixture
def events(logs: Any) -> Callable[..., list[dict[str, Any]]]:
    """All events of a function, the earliest first; settings select some of them."""

    def read(name: str, **settings: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        token: dict[str, str] = {}
        while True:
            page = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", **settings, **token)
            found += page["events"]
            if "nextToken" not in page:
                return found
            token = {"nextToken": page["nextToken"]}

    return read


@pytest.fixture
def messages(events: Callable[..., list[dict[str, Any]]]) -> Callable[..., list[str]]:
    """The messages of all events of a function."""
    return lambda name, **settings: [event["message"] for event in events(name, **settings)]


@pytest.fixture
def counted(deploy: Any, invoke: Any) -> Callable[[int], dict[str, str]]:
    """Run a function that writes so many numbered lines; return its group and stream."""

    def run(count: int) -> dict[str, str]:
        name = deploy(
            "def handler(event, context):\n"
            "    for number in range(event):\n        print('line', number)\n"
            "    return context.log_stream_name\n",
            Timeout=30,
        )
        stream, response = invoke(name, count)
        assert "FunctionError" not in response
        return {"logGroupName": f"/aws/lambda/{name}", "logStreamName": stream}

    return run
