"""A real Kinesis of somebody else's: kinesalite, in a process of its own."""

import contextlib
import gzip
import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

_PROGRAM = Path(__file__).parent / "js" / "node_modules" / "kinesalite" / "cli.js"
KEY = ("AKIDELSEWHERE", "elsewhere-secret")
"""It takes any key pair."""


class Kinesis:
    """Starts and stops one; its streams outlive that.

    Args:
        folder: where they are.

    Attributes:
        endpoint: its URL.
    """

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{self._port}"
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> "Kinesis":
        """Start it and wait until it listens."""
        if not _PROGRAM.exists():
            pytest.skip("kinesalite is not installed; `scripts/setup node` does it")
        settings = {"port": self._port, "path": self._folder, "shardLimit": 1000}
        settings |= dict.fromkeys(("createStreamMs", "deleteStreamMs", "updateStreamMs"), 0)
        flags = [text for name, each in settings.items() for text in (f"--{name}", str(each))]
        self._process = subprocess.Popen(
            ["node", str(_PROGRAM), *flags], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline().startswith("Listening")
        return self

    def stop(self) -> None:
        """End it, where it runs."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait(10)
            assert process.stdout is not None
            process.stdout.close()

    def client(self) -> Any:
        """Return a client that calls it, and not Ingle."""
        return boto3.client(
            "kinesis",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=KEY[0],
            aws_secret_access_key=KEY[1],
        )

    def records(self, stream: str) -> list[dict[str, Any]]:
        """Return all records of a stream."""
        client, found = self.client(), []
        for shard in client.list_shards(StreamName=stream)["Shards"]:
            where = {"StreamName": stream, "ShardId": shard["ShardId"]}
            place = client.get_shard_iterator(**where, ShardIteratorType="TRIM_HORIZON")
            found += client.get_records(ShardIterator=place["ShardIterator"])["Records"]
        return found

    def documents(self, stream: str) -> list[dict[str, Any]]:
        """Return what log groups sent to a stream, without what tries the way."""
        read = [json.loads(gzip.decompress(each["Data"])) for each in self.records(stream)]
        return [each for each in read if each["messageType"] == "DATA_MESSAGE"]

    def messages(self, stream: str) -> list[str]:
        """Return the messages of the events that log groups sent to a stream."""
        documents = self.documents(stream)
        return [event["message"] for each in documents for event in each["logEvents"]]


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Kinesis]:
    """Have one that is not in use by anybody else."""
    kinesis = Kinesis(folder).start()
    try:
        yield kinesis
    finally:
        kinesis.stop()
