"""The note in the data folder that tells clients on this machine where its server listens."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from ingle.storage.files import write_atomically

FILE_NAME = "server.json"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the latest server of a data folder listens, or listened.

    Attributes:
        endpoint: its URL, for instance `http://127.0.0.1:4566`.
        region: its default region.
        account_id: its account, twelve digits.
        pid: its process.
    """

    endpoint: str
    region: str
    account_id: str
    pid: int

    def write(self, data_dir: Path) -> None:
        """Replace the note of this data folder.

        Raises:
            OSError: the folder cannot be written to.
        """
        write_atomically(data_dir / FILE_NAME, json.dumps(asdict(self)).encode() + b"\n")

    @classmethod
    def read(cls, data_dir: Path) -> "Endpoint":
        """Return the note of this data folder.

        Raises:
            FileNotFoundError: no server has run on this folder.
            OSError: the note cannot be read.
            ValueError: the note is not one.
        """
        file = data_dir / FILE_NAME
        content = json.loads(file.read_text(encoding="utf-8"))
        try:
            note = cls(
                endpoint=str(content["endpoint"]),
                region=str(content["region"]),
                account_id=str(content["account_id"]),
                pid=int(content["pid"]),
            )
        except (TypeError, KeyError) as error:
            raise ValueError(f"{file} is not a note that Ingle wrote") from error
        return note
