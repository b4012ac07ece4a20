from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.python import frames
from tests.runtimes.nodejs import driver
from tests.runtimes.nodejs.driver import Runtime


class Start(Protocol):
    """Brings a function up, and asserts that its handler is loaded."""

    def __call__(
        self, code: str | None = None, handler: str = "index.handler", **variables: str
    ) -> Runtime: ...


class Refused(Protocol):
    """Brings a function up whose handler cannot be loaded; returns the error."""

    def __call__(
        self, code: str | None = None, handler: str = "index.handler", **variables: str
    ) -> tuple[dict[str, Any], Runtime]: ...


@pytest.fixture(scope="session")
def node() -> Interpreter:
    return driver.interpreter()


@pytest.fixture(scope="session")
def major(node: Interpreter) -> int:
    return int(node.version.split(".")[0])


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """What stands for /var/task."""
    folder = tmp_path / "var" / "task"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def bring_up(node: Interpreter, task: Path) -> Iterator[Any]:
    """Start a runtime that is still anonymous."""
    runtimes: list[Runtime] = []

    def make() -> Runtime:
        runtimes.append(Runtime(node, task.parent))
        return runtimes[-1]

    yield make
    for runtime in runtimes:
        runtime.close()


@pytest.fixture
def start(bring_up: Any, task: Path) -> Start:
    def make(code: str | None = None, handler: str = "index.handler", **variables: str) -> Runtime:
        if code is not None:
            (task / "index.js").write_text(code)
        runtime: Runtime = bring_up()
        assert runtime.initialise(handler, **variables) == (frames.READY, None)
        return runtime

    return make


@pytest.fixture
def refused(bring_up: Any, task: Path) -> Refused:
    def make(
        code: str | None = None, handler: str = "index.handler", **variables: str
    ) -> tuple[dict[str, Any], Runtime]:
        if code is not None:
            (task / "index.js").write_text(code)
        runtime: Runtime = bring_up()
        kind, error = runtime.initialise(handler, **variables)
        assert kind == frames.INIT_ERROR
        return error, runtime

    return make
