"""The functions that servers with the Lambda API run, as packages to be uploaded."""

import io
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

NODEJS = "nodejs"
JAVA = "java"
LANGUAGES = {NODEJS: "Node.js", JAVA: "Java"}
"""The languages besides Python that are measured, and their names as people write them."""
PYTHON = f"python3.{sys.version_info.minor}"
HELLO_SOURCE = """\
def handler(event, context):
    return "Hello, " + event["username"]
"""
HELD_SOURCE = """\
import time

served = 0


def handler(event, context):
    global served
    served += 1
    if served > 1:
        raise RuntimeError("this sandbox has served before: not a cold start")
    time.sleep({hold_s})
    return "Hello, " + event["username"]
"""
VERSIONED_SOURCE = """\
def handler(event, context):
    return context.function_version
"""
COUNTING_SOURCE = """\
def handler(event, context):
    return len(event["Records"])
"""
PRINTING_SOURCE = """\
import sys
import time


def handler(event, context):
    line = "printed " + "x" * 91 + "\\n"
    began, written = time.monotonic(), 0
    while (passed := time.monotonic() - began) < event["seconds"]:
        due = int(passed * event["rate"]) - written
        sys.stdout.write(line * due)
        sys.stdout.flush()
        written += due
        time.sleep(0.01)
    return written
"""
TELLING_SOURCE = """\
import json
import time


def handler(event, context):
    found = {"at": time.time(), "id": event["Records"][0]["Sns"]["MessageId"]}
    print("CALLED", json.dumps(found))
"""
PUNCTUAL_SOURCE = """\
import json
import time


def handler(event, context):
    print("CALLED", json.dumps({"at": time.time(), "due": event["due"]}))
"""
NOTIFIED_SOURCE = """\
import json
import time


def handler(event, context):
    at, key = time.time(), event["Records"][0]["s3"]["object"]["key"]
    if key.startswith("single-"):
        print("CALLED", json.dumps({"at": at, "key": key}))
"""
WAITING_SOURCE = """\
import time


def handler(event, context):
    time.sleep(max(0.0, {until} - time.time()))
    return "Hello, " + event["username"]
"""


@dataclass(frozen=True, slots=True)
class Program:
    """What CreateFunction takes of a function, its name aside.

    Attributes:
        runtime: the runtime's name.
        handler: where its code begins.
        files: its package, by the path of each file.
        memory_mb: its memory limit.
        snap_start: whether its published versions start from a snapshot.
    """

    runtime: str
    handler: str
    files: Mapping[str, bytes]
    memory_mb: int = 128
    snap_start: bool = False

    def package(self) -> bytes:
        """The files as a zip archive."""
        buffer = io.BytesIO()
        # The fastest level: a large package need only fit into an upload.
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
            for path, content in self.files.items():
                package.writestr(path, content)
        return buffer.getvalue()


def python_program(source: str) -> Program:
    """A module whose `handler` is called, in the Python that runs the benchmark."""
    return Program(PYTHON, "app.handler", {"app.py": source.encode()})


HELLO = python_program(HELLO_SOURCE)
"""Greets."""

VERSIONED = python_program(VERSIONED_SOURCE)
"""Answers which version of the function it is."""

COUNTING = python_program(COUNTING_SOURCE)
"""Counts the records that it gets."""

PRINTING = python_program(PRINTING_SOURCE)
"""Prints so many lines a second for so many seconds, and answers how many those were."""

TELLING = python_program(TELLING_SOURCE)
NOTIFIED = python_program(NOTIFIED_SOURCE)
"""Prints when it was called with which message of a topic."""


PUNCTUAL = python_program(PUNCTUAL_SOURCE)
"""Prints when it was called, and when that was due."""


def waiting_until(until: float) -> Program:
    """Greets, but not before a moment, in seconds since the epoch."""
    return python_program(WAITING_SOURCE.format(until=until))


def held(hold_s: float) -> Program:
    """Greets after `hold_s` seconds, and only once a sandbox: a second greeting is an error.

    As long as it holds its sandbox, every concurrent invocation has to have one of its own.
    """
    return python_program(HELD_SOURCE.format(hold_s=hold_s))
