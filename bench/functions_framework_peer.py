"""functions-framework: one function a server process, without isolation or signatures.

Started as in production (https://pypi.org/project/functions-framework/): without `--debug` it
serves through gunicorn, with one worker and four threads a core.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from bench.endpoint import Endpoint
from bench.load import invoke_once
from bench.peer_environment import peer_script
from bench.peers import HOST, POLL_S, START_TIMEOUT_S, Peer, accepts, free_port
from bench.processes import Managed, descendants, plain_environment

SOURCE = """\
def hello(request):
    return "Hello, " + request.get_json()["username"]
"""


class FunctionsFrameworkPeer(Peer):
    """`functions-framework` serving the hello function."""

    name: ClassVar[str] = "functions-framework"

    def launch(self) -> Managed:
        return self._launch(self.folder, self.port)

    def _launch(self, folder: Path, port: int) -> Managed:
        source = folder / "main.py"
        source.write_text(SOURCE)
        command = [peer_script("functions-framework"), "--target", "hello"]
        command += ["--source", str(source), "--host", HOST, "--port", str(port)]
        return self.keeper.start(
            self.name, command, folder=folder, environment=plain_environment(folder)
        )

    def is_ready(self, server: Managed) -> bool:
        """It listens before its worker has loaded the function, so only an answer tells."""
        if not accepts(self.port):
            return False
        invoke_once(self.endpoint(""))
        return True

    def deploy(self, functions: Sequence[str]) -> None:
        """Nothing: a server holds the one function that it was started with."""

    def endpoint(self, function: str) -> Endpoint:
        return Endpoint(HOST, self.port, "/")

    def cold_start(self, function: str) -> float:
        """Seconds from the start of another server's process to its first answer."""
        folder = self.folder / function
        folder.mkdir()
        port = free_port()
        started = time.perf_counter()
        server = self._launch(folder, port)
        try:
            while not accepts(port):
                server.check_running()
                if time.perf_counter() - started > START_TIMEOUT_S:
                    raise TimeoutError(f"{self.name} did not listen:\n{server.log_tail()}")
                time.sleep(POLL_S)
            invoke_once(Endpoint(HOST, port, "/"))
            return time.perf_counter() - started
        finally:
            self.keeper.stop(server)

    def environments(self) -> list[list[int]]:
        """The worker processes of gunicorn."""
        return [[process.pid] for process in descendants([self.running().pid])]
