"""The server's side of a Node.js runtime, without a sandbox around it."""

import os
import shutil
import subprocess
from pathlib import Path

from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.nodejs.command import command
from tests.runtimes import driver


def interpreter() -> Interpreter:
    """The Node.js that the shell finds."""
    found = shutil.which("node")
    assert found is not None, "these tests need Node.js: scripts/setup node"
    executable = Path(os.path.realpath(found))
    said = subprocess.run([executable, "--version"], capture_output=True, text=True, check=True)
    version = said.stdout.strip().removeprefix("v")
    major = version.split(".")[0]
    return Interpreter(f"nodejs{major}.x", executable, version, executable.parent.parent)


class Runtime(driver.Runtime):
    """A Node.js that came up without knowing what it will run.

    Args:
        node: what runs it.
        folder: what stands for `/var` of a sandbox; `task` in it holds the function.
    """

    def __init__(self, node: Interpreter, folder: Path) -> None:
        told = command(node)
        variables = {
            "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs20.x",
            # What the shell of whoever runs the tests may need to find `node`.
            "PATH": f"{node.executable.parent}:{os.environ['PATH']}",
        }
        super().__init__(driver.shown_on_host(told), told.environment, folder, variables)
