"""Ingle itself, started as its users start it."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from bench.commands import output_of
from bench.endpoint import Key
from bench.errors import BenchError
from bench.lambda_peer import LambdaPeer
from bench.processes import Keeper, Managed, descendants, plain_environment
from bench.programs import JAVA, NODEJS

COMMAND = Path(sys.executable).parent / "ingle"
ENV_TIMEOUT_S = 30.0


class InglePeer(LambdaPeer):
    """`ingle serve` with everything on: signatures checked, sandboxes, logs.

    Args:
        options: further ones of `ingle serve`.
    """

    name: ClassVar[str] = "ingle"
    languages: ClassVar[frozenset[str]] = frozenset({NODEJS, JAVA})

    def __init__(self, keeper: Keeper, folder: Path, options: Sequence[str] = ()) -> None:
        super().__init__(keeper, folder)
        self._options = options
        self._key: Key | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def launch(self) -> Managed:
        if not COMMAND.exists():
            raise BenchError("the environment that runs the benchmark holds no `ingle` command")
        command = [str(COMMAND), "serve", "--port", str(self.port), "--data-dir", str(self.data)]
        return self.keeper.start(
            self.name,
            [*command, *self._options],
            folder=self.folder,
            environment=plain_environment(self.folder),
        )

    def is_ready(self, server: Managed) -> bool:
        return any(line.startswith(b"ready ") for line in server.log.read_bytes().splitlines())

    def environments(self) -> list[list[int]]:
        """The sandboxes: descendants of the server in another pid namespace, by namespace.

        Children that the zygotes keep spare are no sandboxes yet, and still the server's user's.
        """
        server = self.running().pid
        own = _pid_namespace(server)
        found: dict[str | None, list[int]] = {}
        for process in descendants([server]):
            namespace = _pid_namespace(process.pid)
            if namespace not in (None, own) and not _belongs_to_us(process.pid):
                found.setdefault(namespace, []).append(process.pid)
        return list(found.values())

    def key(self) -> Key:
        """The root key that the server made at its first start.

        Raises:
            BenchError: `ingle env` failed.
        """
        if self._key is None:
            printed = output_of(
                [str(COMMAND), "env", "--format", "json", "--data-dir", str(self.data)],
                "`ingle env` failed",
                ENV_TIMEOUT_S,
                plain_environment(self.folder),
            )
            values = json.loads(printed)
            self._key = Key(
                values["AWS_ACCESS_KEY_ID"], values["AWS_SECRET_ACCESS_KEY"], values["AWS_REGION"]
            )
        return self._key


def _belongs_to_us(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}").stat().st_uid == os.geteuid()
    except FileNotFoundError:
        return True


def _pid_namespace(pid: int) -> str | None:
    try:
        return str(Path(f"/proc/{pid}/ns/pid").readlink())
    except FileNotFoundError:
        return None
