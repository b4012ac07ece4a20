"""What tests of a runtime's bootstrap start functions with."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ingle.runtimes.command import Command
from ingle.runtimes.python import frames
from tests.runtimes.driver import Runtime, shown_on_host


class Bench:
    """A folder that stands for `/var`, and the runtimes that were started on it.

    Args:
        command: how they are started.
        folder: stands for `/var`.
        file: what the function's file is called.
        variables: what every function finds.
    """

    def __init__(
        self, command: Command, folder: Path, file: str, variables: dict[str, str]
    ) -> None:
        self.task = folder / "task"
        self.task.mkdir(parents=True)
        self._command = command
        self._folder = folder
        self._file = file
        self._variables = variables
        self._runtimes: list[Runtime] = []

    def bring_up(self) -> Runtime:
        """Start a runtime that is still anonymous."""
        command = self._command
        arguments = shown_on_host(command)
        runtime = Runtime(arguments, command.environment, self._folder, self._variables)
        self._runtimes.append(runtime)
        return self._runtimes[-1]

    def start(
        self, code: str | None = None, handler: str = "index.handler", **variables: str
    ) -> Runtime:
        """Bring a function up, and assert that its handler is loaded."""
        runtime = self._written(code)
        assert runtime.initialise(handler, **variables) == (frames.READY, None)
        return runtime

    def refused(
        self, code: str | None = None, handler: str = "index.handler", **variables: str
    ) -> tuple[dict[str, Any], Runtime]:
        """Bring a function up whose handler cannot be loaded; return the error."""
        runtime = self._written(code)
        kind, error = runtime.initialise(handler, **variables)
        assert kind == frames.INIT_ERROR
        return error, runtime

    def write(self, name: str, text: str) -> None:
        """Write a file of the function."""
        path = self.task / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        # Python 2.7 takes what it compiled within the same second for current.
        path.with_name(f"{path.name}c").unlink(missing_ok=True)

    def _written(self, code: str | None) -> Runtime:
        if code is not None:
            self.write(self._file, code)
        return self.bring_up()

    def close(self) -> None:
        """End what was started."""
        for runtime in self._runtimes:
            runtime.close()


@contextmanager
def bench(command: Command, folder: Path, file: str, variables: dict[str, str]) -> Iterator[Bench]:
    """Have a bench as long as a test runs."""
    made = Bench(command, folder, file, variables)
    try:
        yield made
    finally:
        made.close()
