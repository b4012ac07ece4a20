"""Durable functions for tests: with AWS's SDK in their packages, and its clock put forward."""

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.e2e.clocked import ClockedServer
from tests.e2e.conftest import DURABLE_ROLE, RUNTIME, eventually
from tests.e2e.languages import zip_of_files
from tests.official_clients import durable_sdk

OVER = ("SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED")
# A sandbox has the machine's time, which is not the server's: requests are signed with the latter.
_CLOCK = """
import datetime
import botocore.auth

def _now(remove_tzinfo=True):
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None) + _ahead

def align(context):
    global _ahead
    left_s = context.get_remaining_time_in_millis() / 1000  # by the server's time
    _ahead = datetime.timedelta(seconds=max(0, left_s - 60))

botocore.auth.get_current_datetime = _now
"""
_APP = """
import clock
import flow

def handler(event, context):
    clock.align(context)
    return flow.handler(event, context)
"""
_WITH_SDK = """
from aws_durable_execution_sdk_python import durable_execution, durable_step
from aws_durable_execution_sdk_python.config import *
"""


def package(source: str, *, sdk: bool = True) -> bytes:
    """A package whose module `flow` is this; with the SDK, its main names are imported."""
    files: dict[str, str | bytes] = {
        "clock.py": _CLOCK,
        "app.py": _APP,
        "flow.py": _WITH_SDK * sdk + source,
    }
    if sdk:
        files |= {place: path.read_bytes() for place, path in durable_sdk().items()}
    return zip_of_files(files)


class Durable:
    """A server with durable functions.

    Args:
        server: the server, which is running.
    """

    def __init__(self, server: ClockedServer) -> None:
        self.server = server
        self.client = server.client("lambda")

    def create(self, source: str, *, sdk: bool = True, **settings: Any) -> str:
        """Create a durable function, and return its name with a qualifier."""
        name = f"d-{uuid.uuid4().hex[:12]}"
        config = {"ExecutionTimeout": settings.pop("ExecutionTimeout", 900)}
        self.client.create_function(
            FunctionName=name,
            Role=settings.pop("Role", DURABLE_ROLE),
            Runtime=RUNTIME,
            Handler="app.handler",
            Code={"ZipFile": package(source, sdk=sdk)},
            DurableConfig=settings.pop("DurableConfig", config),
            **{"Timeout": 60, "MemorySize": 512, **settings},
        )
        return f"{name}:$LATEST"

    def start(self, name: str, event: Any = None, **members: Any) -> str:
        """Start an execution, and return its ARN."""
        response = self.client.invoke(
            FunctionName=name,
            InvocationType="Event",
            Payload=json.dumps(event).encode(),
            **members,
        )
        assert (response["StatusCode"], response["Payload"].read()) == (202, b"")
        return str(response["DurableExecutionArn"])

    def run(self, name: str, event: Any = None, **members: Any) -> tuple[Any, dict[str, Any]]:
        """Start an execution and wait for it; return what it answered, and the response."""
        response = self.client.invoke(
            FunctionName=name, Payload=json.dumps(event).encode(), **members
        )
        return json.loads(response["Payload"].read()), response

    def get(self, arn: str) -> dict[str, Any]:
        """Describe an execution."""
        return dict(self.client.get_durable_execution(DurableExecutionArn=arn))

    def history(self, arn: str) -> list[dict[str, Any]]:
        """List what happened to an execution."""
        found: list[dict[str, Any]] = []
        more: dict[str, str] = {}
        while True:
            page = self.client.get_durable_execution_history(
                DurableExecutionArn=arn, MaxItems=1000, **more
            )
            found += page["Events"]
            if "NextMarker" not in page:
                return found
            more = {"Marker": page["NextMarker"]}

    def kinds(self, arn: str) -> list[str]:
        """List what happened to an execution, by the kinds of events."""
        return [event["EventType"] for event in self.history(arn)]

    def happened(self, arn: str, kind: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until something has happened to an execution so often; return the details."""

        def details() -> list[dict[str, Any]]:
            return [e[f"{kind}Details"] for e in self.history(arn) if e["EventType"] == kind]

        eventually(lambda: len(details()) >= count, f"{count} {kind}", 30)
        return details()

    def rests(self, arn: str, invocations: int = 1) -> None:
        """Wait until so many invocations of an execution are over."""
        self.happened(arn, "InvocationCompleted", invocations)

    def over(self, arn: str) -> dict[str, Any]:
        """Wait until an execution is over, and describe it."""
        eventually(lambda: self.get(arn)["Status"] in OVER, "the execution is over", 60)
        return self.get(arn)

    def result(self, arn: str) -> Any:
        """Wait until an execution has succeeded, and return what it answered."""
        ended = self.over(arn)
        assert ended["Status"] == "SUCCEEDED", ended
        return json.loads(ended["Result"])


def started(folder: Path) -> Iterator[Durable]:
    """Start a server, and end it afterwards."""
    server = ClockedServer(folder / "data")
    server.start()
    yield Durable(server)
    if server.running:
        server.kill()


Make = Callable[..., Durable]
