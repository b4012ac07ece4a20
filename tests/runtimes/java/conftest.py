import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.java import JAR
from ingle.runtimes.java.archive import archive
from ingle.runtimes.python import frames
from tests.runtimes.java import driver
from tests.runtimes.java.driver import Answer, Runtime

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def java() -> Interpreter:
    return driver.interpreter()


@pytest.fixture(scope="session")
def class_archive(java: Interpreter, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = asyncio.run(archive(java, tmp_path_factory.mktemp("archives")))
    assert made is not None
    return made


@pytest.fixture(scope="session")
def compiled(java: Interpreter, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The tests' functions, and what stands for libraries that functions use; by folder."""
    folders = {}
    for name, release in (("functions", 8), ("records", 17), ("events", 8)):
        folders[name] = tmp_path_factory.mktemp(name)
        driver.compile_java(java, HERE / name, folders[name], JAR, release)
    return folders


@pytest.fixture
def var(tmp_path: Path) -> Path:
    """What stands for /var."""
    folder = tmp_path / "var"
    (folder / "task").mkdir(parents=True)
    return folder


@pytest.fixture
def task(var: Path) -> Path:
    """What stands for /var/task."""
    return var / "task"


@pytest.fixture
def layers(tmp_path: Path) -> Path:
    """What stands for /opt/java/lib."""
    folder = tmp_path / "layers"
    folder.mkdir()
    return folder


@pytest.fixture
def bring_up(
    java: Interpreter, class_archive: Path, var: Path, layers: Path
) -> Iterator[Callable[..., Runtime]]:
    """Start a runtime that is still anonymous."""
    runtimes: list[Runtime] = []

    def make(*flags: str, memory_mb: int | None = None, archived: bool = True) -> Runtime:
        used = class_archive if archived else None
        runtimes.append(Runtime(java, used, var, layers, memory_mb, *flags))
        return runtimes[-1]

    yield make
    for runtime in runtimes:
        runtime.close()


@pytest.fixture
def put(compiled: dict[str, Path], task: Path) -> Callable[[str], None]:
    """Make one of the tests' folders of classes part of the function's package."""

    def copy(name: str) -> None:
        shutil.copytree(compiled[name], task, dirs_exist_ok=True)

    return copy


@pytest.fixture
def start(bring_up: Callable[..., Runtime], put: Callable[[str], None]) -> Callable[..., Runtime]:
    """Bring a function of the tests up, and assert that it is ready."""

    def make(handler: str, *, folder: str = "functions", **variables: str) -> Runtime:
        put(folder)
        runtime = bring_up()
        assert runtime.initialise(handler, **variables) == (frames.READY, None)
        return runtime

    return make


@pytest.fixture(scope="session")
def call(
    java: Interpreter,
    class_archive: Path,
    compiled: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., Answer]]:
    """Invoke a handler that keeps nothing; a process of it serves all tests that do."""
    runtimes: dict[tuple[str, str], Runtime] = {}

    def invoke(handler: str, event: Any = None, *, folder: str = "functions") -> Answer:
        if (handler, folder) not in runtimes:
            root = tmp_path_factory.mktemp("root")
            shutil.copytree(compiled[folder], root / "var" / "task")
            runtime = Runtime(java, class_archive, root / "var", root / "layers")
            runtimes[handler, folder] = runtime
            assert runtime.initialise(handler) == (frames.READY, None)
        return runtimes[handler, folder].invoke(event)

    yield invoke
    for each in runtimes.values():
        each.close()


@pytest.fixture
def refused(bring_up: Callable[..., Runtime], put: Callable[[str], None]) -> Callable[..., Any]:
    """Bring a function of the tests up whose initialisation fails; return the error."""

    def make(handler: str, **variables: str) -> tuple[dict[str, Any], Runtime]:
        put("functions")
        runtime = bring_up()
        kind, error = runtime.initialise(handler, **variables)
        assert kind == frames.INIT_ERROR
        return error, runtime

    return make
