"""What a function needs, and the server no longer has."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.e2e.documented.cases import Case, each
from tests.e2e.documented.stage import SOURCE, Stage
from tests.e2e.server import INGLE, Server

EFS = "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-00000000000000001"
S3_FILES = (
    "arn:aws:s3files:us-east-1:000000000000:file-system/fs-00000000000000001"
    "/access-point/fsap-00000000000000001"
)
INVOKES = "Invoke InvokeWithResponseStream"


class LostStage(Stage):
    """A server of one's own, whose functions lose what they need.

    Args:
        server: the server.
        folders: what its file systems stand for.
    """

    def __init__(self, server: Server, folders: Path) -> None:
        super().__init__(server)
        self._folders = folders
        self._names: dict[str, str] = {}

    def prepare(self, runtime: str) -> None:
        """Create the functions, one of them with this runtime; then remove the folders."""
        for kind, arn in (("efs", EFS), ("s3 files", S3_FILES)):
            mounts = [{"Arn": arn, "LocalMountPath": "/mnt/x"}]
            self._names[kind] = self.new(FileSystemConfigs=mounts)
        self._names["runtime"] = self.new(Runtime=runtime)
        self._names["zip"] = self.new(SOURCE + "# whose package gets lost\n")
        shutil.rmtree(self._folders)

    def named(self, kind: str) -> dict[str, Any]:
        """Name the function that lost this."""
        return {"FunctionName": self._names[kind]}

    def restart_without(self) -> None:
        """Start the server without its file systems, substitutes and packages."""
        self.server.kill()
        for place in ("blobs", "code"):
            for child in (self.server.data_dir / place).iterdir():
                shutil.rmtree(child)
        again = Server(self.server.data_dir)
        again.credentials = self.server.credentials
        self.connect(again.start())


def shared(folders: Path) -> str:
    """Make the folders; say what file systems they stand for, as `--file-systems` takes it."""
    told = {}
    for arn, name in ((EFS, "efs"), (S3_FILES, "s3")):
        (folders / name).mkdir(parents=True)
        told[arn] = {"folder": str(folders / name), "uid": 5, "gid": 5}
    return json.dumps(told)


def substituted() -> str:
    """Find a Python that is not on this machine, and for which a newer one can stand in."""
    told = subprocess.run(
        [INGLE, "runtimes", "--substitutes", "true", "--format", "json"],
        capture_output=True,
        check=True,
    ).stdout
    return next(
        str(row["runtime"])
        for row in json.loads(told)
        if row["runtime"].startswith("python3") and row["served_by"] == "substitute"
    )


NOT_MOUNTED = [
    *each(INVOKES, "EFSMountFailureException", lambda stage: stage.named("efs")),
    *each(INVOKES, "S3FilesMountFailureException", lambda stage: stage.named("s3 files")),
]
GONE = [
    *each(INVOKES, "EFSMountConnectivityException", lambda stage: stage.named("efs")),
    *each(INVOKES, "S3FilesMountConnectivityException", lambda stage: stage.named("s3 files")),
    *each(INVOKES, "InvalidRuntimeException", lambda stage: stage.named("runtime")),
    *each(INVOKES, "InvalidZipFileException", lambda stage: stage.named("zip")),
]
CASES: list[Case] = [*NOT_MOUNTED, *GONE]
