"""ministack: an emulator of AWS whose functions run in plain subprocesses.

Configured as its documentation tells (https://pypi.org/project/ministack/): the default
`LAMBDA_EXECUTOR=local` keeps a pool of warm worker processes for each function, one for every
concurrent invocation seen so far. After each answer it waits up to 50 ms for log lines that the
function may still print, which is most of what a warm invocation takes there, with any client.
Signatures are not checked (its default).
"""

import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import ClassVar

from bench import aws_functions
from bench.endpoint import Endpoint, Key
from bench.load import invoke_once
from bench.peer_environment import peer_script
from bench.peers import HOST, Peer, accepts
from bench.processes import Managed, descendants, plain_environment

KEY = Key("test", "test", "us-east-1")


class MinistackPeer(Peer):
    """`ministack` on its default settings."""

    name: ClassVar[str] = "ministack"
    cold_means: ClassVar[str] = "first invocation of a function"

    def launch(self) -> Managed:
        environment = plain_environment(self.folder) | {
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self.port),
            "STATE_DIR": str(self.folder / "state"),
            "S3_DATA_DIR": str(self.folder / "s3"),
            # At its start it removes the containers of other instances: keep it from any daemon.
            "DOCKER_HOST": f"unix://{self.folder}/no-docker.sock",
        }
        return self.keeper.start(
            self.name,
            [peer_script("ministack")],
            folder=self.folder,
            environment=environment,
        )

    def is_ready(self, server: Managed) -> bool:
        if not accepts(self.port):
            return False
        try:
            with urllib.request.urlopen(
                f"http://{HOST}:{self.port}/_ministack/health", timeout=10
            ) as answer:
                return bool(answer.status == 200)
        except urllib.error.URLError:
            return False

    def deploy(self, functions: Sequence[str]) -> None:
        aws_functions.deploy(self.port, KEY, functions)

    def endpoint(self, function: str) -> Endpoint:
        return aws_functions.endpoint(self.port, KEY, function)

    def cold_start(self, function: str) -> float:
        return invoke_once(self.endpoint(function))

    def environments(self) -> list[list[int]]:
        """Its worker processes, one an environment."""
        return [[process.pid] for process in descendants([self.running().pid])]
