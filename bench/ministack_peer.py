"""ministack: an emulator of AWS whose functions run in plain subprocesses.

Configured as its documentation tells (https://pypi.org/project/ministack/): the default
`LAMBDA_EXECUTOR=local` keeps a pool of warm worker processes for each function, one for every
concurrent invocation seen so far. After each answer it waits up to 50 ms for log lines that the
function may still print, which is most of what a warm invocation takes there, with any client.
Signatures are not checked (its default).
"""

import urllib.error
import urllib.request
from typing import ClassVar

from bench.endpoint import Key
from bench.lambda_peer import LambdaPeer
from bench.peer_environment import peer_script
from bench.peers import HOST, accepts
from bench.processes import Managed, descendants, plain_environment
from bench.programs import NODEJS

KEY = Key("test", "test", "us-east-1")


class MinistackPeer(LambdaPeer):
    """`ministack` on its default settings."""

    name: ClassVar[str] = "ministack"
    languages: ClassVar[frozenset[str]] = frozenset({NODEJS})

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

    def key(self) -> Key:
        return KEY

    def environments(self) -> list[list[int]]:
        """Its worker processes, one an environment."""
        return [[process.pid] for process in descendants([self.running().pid])]
