"""One real server for all end-to-end tests, and one of its own for those that stop it."""

import io
import json
import sys
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.server import Server

ROLE = "arn:aws:iam::000000000000:role/lambda-ex"
RUNTIME = f"python3.{sys.version_info.minor}"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that all tests share; functions have names of their own."""
    running = Server(tmp_path_factory.mktemp("ingle") / "data").start()
    yield running
    running.stop()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server that the test may stop, kill and start again."""
    running = Server(tmp_path / "data").start()
    yield running
    if running._process is not None:
        running.stop()


@pytest.fixture(scope="session")
def functions(server: Server) -> Any:
    """The shared server's Lambda client."""
    return server.client("lambda")


@pytest.fixture(scope="session")
def logs(server: Server) -> Any:
    """The shared server's CloudWatch Logs client."""
    return server.client("logs")


def zip_of(**files: str) -> bytes:
    """A package; `app="…"` becomes `app.py`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.py", text)
    return buffer.getvalue()


def create(client: Any, source: str, **settings: Any) -> str:
    """Create a function of one module, `app`, and return its name."""
    name = settings.pop("FunctionName", f"f-{uuid.uuid4().hex[:12]}")
    client.create_function(
        FunctionName=name,
        Role=ROLE,
        Runtime=RUNTIME,
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
