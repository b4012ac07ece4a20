"""A real `ingle serve` in a process of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

INGLE = str(Path(sys.executable).with_name("ingle"))
ROOT = Path(__file__).parents[2]
ROLE_NAME = "lambda-ex"
INVOKER_ROLE_NAME = "lambda-invoker"
DURABLE_ROLE_NAME = "lambda-durable"
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
DURABLE = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicDurableExecutionRolePolicy"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


class Process(Protocol):
    """What `subprocess.Popen` and its like are to a test."""

    pid: int
    stdout: IO[str] | None

    def send_signal(self, number: int, /) -> None: ...

    def kill(self) -> None: ...

    def wait(self, timeout: float) -> int: ...


class Server:
    """Starts, stops and kills one server, with a role for functions; knows its clients.

    Args:
        data_dir: its data folder.
        flags: more flags of `ingle serve`.
        wrapper: a command that runs the one that follows it.

    Attributes:
        data_dir: its data folder, kept over restarts.
        endpoint: its URL, for instance `http://127.0.0.1:40123`.
        credentials: the variables that `ingle env` printed at the first start.
    """

    def __init__(self, data_dir: Path, *flags: str, wrapper: tuple[str, ...] = ()) -> None:
        self.data_dir = data_dir
        self.endpoint = ""
        self.credentials: dict[str, str] = {}
        self._flags = flags
        self._wrapper = wrapper
        self._process: Process | None = None

    @property
    def running(self) -> bool:
        """Whether it was started and neither stopped nor killed since."""
        return self._process is not None

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, for a socket to connect to."""
        parts = urlsplit(self.endpoint)
        assert parts.hostname is not None
        assert parts.port is not None
        return parts.hostname, parts.port

    def start(self) -> "Server":
        """Start it and wait until it is ready."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "INGLE_"))}
        environment["INGLE_RUNTIMES_NODEJS_SDK"] = "false"  # 200 MB that few tests want
        environment["INGLE_RUNTIMES_PYTHON_SDK"] = "false"
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        own = ["serve", "--port", "0", "--data-dir", str(self.data_dir)]
        with self._open_log() as log:
            self._process = self._launch([*own, *self._flags], environment, log)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("ready "), f"{line!r}; {self.log}"
        self.endpoint = line.split()[1]
        if not self.credentials:
            told = self._tell(["env", "--data-dir", str(self.data_dir), "--format", "json"])
            self.credentials = json.loads(told)
            self._make_roles()
        return self

    def _launch(self, arguments: list[str], environment: dict[str, str], log: IO[str]) -> "Process":
        return subprocess.Popen(
            [*self._wrapper, INGLE, *arguments],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment,
            cwd=ROOT,
        )

    def _open_log(self) -> IO[str]:
        return (self.data_dir.parent / "server.log").open("a")

    def _tell(self, arguments: list[str]) -> str:
        """Return what `ingle` prints."""
        return subprocess.run(
            [INGLE, *arguments], capture_output=True, check=True, text=True
        ).stdout

    def _make_roles(self) -> None:
        """Make the roles that functions of tests have; a copied data folder has them already."""
        identities = self.client("iam")
        may_invoke = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}
        with contextlib.suppress(identities.exceptions.EntityAlreadyExistsException):
            for name in (ROLE_NAME, INVOKER_ROLE_NAME, DURABLE_ROLE_NAME):
                identities.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
                identities.attach_role_policy(RoleName=name, PolicyArn=BASIC)
            identities.attach_role_policy(RoleName=DURABLE_ROLE_NAME, PolicyArn=DURABLE)
            for name in (INVOKER_ROLE_NAME, DURABLE_ROLE_NAME):
                identities.put_role_policy(
                    RoleName=name,
                    PolicyName="invoke",
                    PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": may_invoke}),
                )

    @property
    def log(self) -> str:
        """What it wrote to standard error."""
        return (self.data_dir.parent / "server.log").read_text()

    @property
    def process(self) -> "Process":
        """The running process."""
        assert self._process is not None
        return self._process

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop with a signal and return its exit status."""
        self.process.send_signal(number)
        status = self.process.wait(40)
        self._forget()
        return status

    def kill(self) -> None:
        """`kill -9` it."""
        self.process.kill()
        self.process.wait(10)
        self._forget()

    def _forget(self) -> None:
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._process = None

    def environment(self) -> dict[str, str]:
        """The environment of a client process."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "INGLE_"))}
        return {**kept, **self.credentials, "AWS_ENDPOINT_URL": self.endpoint}

    def client(self, service: str, **overrides: Any) -> Any:
        """A boto3 client of this server that does not retry."""
        config = Config(
            retries={"max_attempts": 0, "mode": "standard"},
            read_timeout=60,
            max_pool_connections=32,
        ).merge(overrides.pop("config", Config()))
        settings: dict[str, Any] = {
            "endpoint_url": self.endpoint,
            "aws_access_key_id": self.credentials["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": self.credentials["AWS_SECRET_ACCESS_KEY"],
            "region_name": self.credentials["AWS_DEFAULT_REGION"],
            "config": config,
        }
        return boto3.client(service, **{**settings, **overrides})
