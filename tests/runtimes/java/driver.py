"""The server's side of a Java runtime, without a sandbox around it."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.java import command as java
from tests.runtimes import driver
from tests.runtimes.driver import Answer, on_host

__all__ = ["Answer", "Runtime", "compile_java", "interpreter", "on_host", "pretender"]

_MISSING = (
    "these tests compile functions and need a JDK 17 or later with javac, which {}; on Debian and "
    "Ubuntu: apt-get install openjdk-17-jdk-headless"
)


def interpreter() -> Interpreter:
    """The Java that the shell finds, which must be a JDK."""
    found = shutil.which("javac")
    if found is None:
        pytest.fail(_MISSING.format("is not on the PATH"))
    prefix = Path(os.path.realpath(found)).parent.parent
    release = (prefix / "release").read_text()
    version = re.search(r'JAVA_VERSION="([^"]+)"', release)
    if version is None or int(version[1].split(".")[0]) < 17:
        pytest.fail(_MISSING.format(f"{found} is not"))
    major = version[1].split(".")[0]
    return Interpreter(f"java{major}", prefix / "bin" / "java", version[1], prefix)


def pretender(folder: Path, script: str) -> Interpreter:
    """A Java that does something else."""
    executable = folder / "bin" / "java"
    executable.parent.mkdir(parents=True)
    executable.write_text(f"#!/bin/sh\n{script}\n")
    executable.chmod(0o755)
    return Interpreter("java17", executable, "17.0.1", folder)


def compile_java(java: Interpreter, sources: Path, classes: Path, path: Path, release: int) -> None:
    """Compile a folder of sources into a folder of classes."""
    done = subprocess.run(
        [
            *(java.prefix / "bin" / "javac", "--release", str(release), "-encoding", "UTF-8"),
            *("-proc:none", "-nowarn", "-cp", path, "-d", classes),
            *sorted(sources.rglob("*.java")),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


class Runtime(driver.Runtime):
    """A Java that came up without knowing what it will run.

    Args:
        java: what runs it.
        archive: its archive of classes, if it has one.
        var: what stands for `/var` of a sandbox; `task` in it holds the function.
        layers: what stands for `/opt/java/lib`.
        memory_mb: the memory of the functions that it may serve.
        flags: more of Java's.
    """

    patience_s = 60.0

    def __init__(
        self,
        java_home: Interpreter,
        archive: Path | None,
        var: Path,
        layers: Path,
        memory_mb: int | None = None,
        *flags: str,
    ) -> None:
        told = java.command(java_home, archive, memory_mb)
        places = {java.LAYERS: str(layers), java.TASK: str(var / "task")}
        for source, place in told.shows.items():
            if place.startswith("/var/"):
                shown = var.parent / place.removeprefix("/")
                shown.parent.mkdir(exist_ok=True)
                if not shown.exists():
                    shown.symlink_to(source)
                places[place] = str(shown)
        arguments = [on_host(each, places) for each in told.arguments]
        arguments[arguments.index("-jar") : 0] = flags
        variables = {
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_LOG_FORMAT": "Text",
        }
        super().__init__(arguments, told.environment, var, variables, cwd=var / "task")
        # The others are room for the function's own.
        self.environment = {
            name: value for name, value in self.environment.items() if not name.startswith("_")
        }

    def receive(self) -> tuple[int, bytes]:
        """Return the next frame; raise EOFError, with what was printed, when there is none."""
        try:
            return super().receive()
        except EOFError:
            raise EOFError("\n".join(self.events())) from None

    def rehearse(self) -> None:
        """Wait until it waits to be told what it runs."""
        deadline = time.monotonic() + self.patience_s
        while self._process.poll() is None and not self._reads():
            assert time.monotonic() < deadline, "it does not read from its channel"
            time.sleep(0.002)

    def _reads(self) -> bool:
        waits = Path(f"/proc/{self.pid}/task").glob("*/wchan")
        return any(each.read_text().startswith("unix_stream_read") for each in waits)

    def initialise(
        self, handler: str, *, rehearsed: bool = True, **variables: str
    ) -> tuple[int, Any]:
        """Tell it what it runs, after its rehearsal or instead of it.

        Returns the kind of its answer, and the error if it is one.
        """
        if rehearsed:
            self.rehearse()
        return super().initialise(handler, **variables)
