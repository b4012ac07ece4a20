"""Folders of the machine that functions mount under the ARNs of access points."""

import json
import os
import stat
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import RUNTIME, create, refusal
from tests.e2e.server import INGLE, Server

PREFIX = "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-"
SHARED, READ_ONLY, GONE, ROOTS, UNKNOWN = (PREFIX + f"{number:017x}" for number in range(5))
OF_S3 = (
    "arn:aws:s3files:us-east-1:000000000000:file-system/fs-00000000000000001"
    "/access-point/fsap-00000000000000001"
)
OWNER = 54_321
IS_ROOT = os.geteuid() == 0
SOURCE = """
import os
import pathlib
import stat
import subprocess

def handler(event, context):
    try:
        return {"answer": eval(event), "failed": None}
    except OSError as error:
        return {"answer": None, "failed": type(error).__name__}
"""


class Shares:
    """A server with shared folders, and functions that evaluate what they are sent."""

    def __init__(self, server: Server, folders: Path) -> None:
        self.server = server
        self.client = server.client("lambda")
        self.folder = folders / "shared"
        self.folders = folders

    def function(self, arn: str = SHARED, path: str = "/mnt/shared", **settings: Any) -> str:
        mounts = [{"Arn": arn, "LocalMountPath": path}]
        return create(self.client, SOURCE, FileSystemConfigs=mounts, **settings)

    def run(self, name: str, code: str, **settings: Any) -> Any:
        """Evaluate an expression in a function; return its value."""
        answer = self.answer(name, code, **settings)
        assert answer["failed"] is None, answer
        return answer["answer"]

    def answer(self, name: str, code: str, **settings: Any) -> dict[str, Any]:
        response = self.client.invoke(
            FunctionName=name, Payload=json.dumps(code).encode(), **settings
        )
        answer: dict[str, Any] = json.loads(response["Payload"].read())
        assert "FunctionError" not in response, answer
        return answer


@pytest.fixture(scope="module")
def shares(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folders = tmp_path_factory.mktemp("shares")
    for name in ("shared", "read-only", "gone", "roots", "s3"):
        (folders / name).mkdir(mode=0o700)
        if IS_ROOT and name != "roots":
            os.chown(folders / name, OWNER, OWNER)
    (folders / "read-only" / "model").write_text("weights")
    (folders / "read-only" / "model").chmod(0o644)
    (folders / "read-only").chmod(0o755)
    told = {
        SHARED: {"folder": str(folders / "shared")},
        READ_ONLY: {"folder": str(folders / "read-only"), "read_only": True},
        GONE: {"folder": str(folders / "gone")},
        ROOTS: {"folder": str(folders / "roots")},
        OF_S3: {"folder": str(folders / "s3")},
    }
    server = Server(tmp_path_factory.mktemp("server") / "data", "--file-systems", json.dumps(told))
    server.start()
    yield Shares(server, folders)
    server.kill()


def test_a_file_system_is_told_as_it_was_given(shares: Shares) -> None:
    name = shares.function(path="/mnt/my.files-1_x")
    told = shares.client.get_function_configuration(FunctionName=name)
    mounts = [{"Arn": SHARED, "LocalMountPath": "/mnt/my.files-1_x"}]
    assert told["FileSystemConfigs"] == mounts
    assert shares.client.publish_version(FunctionName=name)["FileSystemConfigs"] == mounts
    updated = shares.client.update_function_configuration(FunctionName=name, FileSystemConfigs=[])
    assert "FileSystemConfigs" not in updated
    assert shares.run(name, "os.path.exists('/mnt/my.files-1_x')") is False
    assert shares.run(name, "os.listdir('/mnt')", Qualifier="1") == ["my.files-1_x"]


def test_functions_share_what_they_write_with_each_other_and_the_machine(shares: Shares) -> None:
    one, other = shares.function(), shares.function(path="/mnt/elsewhere")
    name = f"note-{uuid.uuid4().hex}"
    shares.run(one, f"open('/mnt/shared/{name}', 'w').write('hello')")
    assert shares.run(other, f"open('/mnt/elsewhere/{name}').read()") == "hello"
    file = shares.folder / name
    assert file.read_text() == "hello"
    assert file.stat().st_uid == shares.folder.stat().st_uid
    assert file.stat().st_gid == shares.folder.stat().st_gid
    # To a function it is its own, so that it may change its mode, and remove it.
    assert shares.run(other, f"os.stat('/mnt/elsewhere/{name}').st_uid == os.getuid()")
    shares.run(other, f"os.chmod('/mnt/elsewhere/{name}', 0o600)")
    shares.run(other, f"os.unlink('/mnt/elsewhere/{name}')")
    assert not file.exists()


def test_what_is_written_outlives_the_server(shares: Shares) -> None:
    name = shares.function()
    shares.run(name, "open('/mnt/shared/kept', 'w').write('kept')")
    shares.server.kill()
    shares.server.start()
    shares.client = shares.server.client("lambda")
    assert shares.run(name, "open('/mnt/shared/kept').read()") == "kept"


def test_a_read_only_file_system_is_only_read(shares: Shares) -> None:
    name = shares.function(READ_ONLY)
    assert shares.run(name, "open('/mnt/shared/model').read()") == "weights"
    for code in ("open('/mnt/shared/new', 'w')", "os.chmod('/mnt/shared/model', 0o777)"):
        assert shares.answer(name, code)["failed"] == "OSError"


@pytest.mark.skipif(not IS_ROOT, reason="another user's files take root")
def test_what_belongs_to_others_is_not_the_functions(shares: Shares) -> None:
    for name, mode in (("secret", 0o600), ("public", 0o644)):
        (shares.folder / name).write_text(name)
        (shares.folder / name).chmod(mode)
    function = shares.function()
    assert shares.answer(function, "open('/mnt/shared/secret').read()")["failed"] == (
        "PermissionError"
    )
    assert shares.run(function, "open('/mnt/shared/public').read()") == "public"
    assert shares.answer(function, "open('/mnt/shared/public', 'w')")["failed"] == (
        "PermissionError"
    )
    # There is no user 1 behind the mount.
    assert shares.answer(function, "os.chown('/mnt/shared/public', 1, 1)")["failed"] == "OSError"


def test_links_lead_nowhere_but_into_the_sandbox(shares: Shares) -> None:
    secret = shares.folders / "outside"
    secret.write_text("secret")
    (shares.folder / "absolute").symlink_to(secret)
    (shares.folder / "relative").symlink_to("../outside")
    (shares.folder / "etc").symlink_to("/etc/shadow")
    (shares.folder / "up").symlink_to("../../../../../../../../")
    name = shares.function()
    for link in ("absolute", "relative", "etc"):
        assert shares.answer(name, f"open('/mnt/shared/{link}').read()")["failed"] == (
            "FileNotFoundError"
        )
    assert shares.run(name, "os.listdir('/mnt/shared/up')") == shares.run(name, "os.listdir('/')")
    assert shares.run(name, "os.listdir('/mnt/shared/..')") == ["shared"]


def test_a_folder_that_became_a_link_is_not_followed(shares: Shares) -> None:
    name = shares.function(GONE)
    folder = shares.folders / "gone"
    shares.run(name, "1")
    shares.client.update_function_configuration(FunctionName=name, Timeout=9)
    folder.rmdir()
    folder.symlink_to("/")
    try:
        assert refusal(shares.client.invoke, FunctionName=name) == (
            403,
            "EFSMountFailureException",
            f"The Lambda function couldn't mount the file system of {GONE} due to a permission or "
            "configuration issue.",
        )
        assert "leads through a symbolic link" in shares.server.log
    finally:
        folder.unlink()
        folder.mkdir()
        if IS_ROOT:
            os.chown(folder, OWNER, OWNER)
    assert shares.run(name, "os.listdir('/mnt/shared')") == []


@pytest.mark.skipif(not IS_ROOT, reason="devices take root")
def test_a_device_in_it_is_none(shares: Shares) -> None:
    os.mknod(shares.folder / "null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    (shares.folder / "null").chmod(0o666)
    name = shares.function()
    assert shares.answer(name, "open('/mnt/shared/null').read()")["failed"] == "PermissionError"


@pytest.mark.skipif(not IS_ROOT, reason="set-user-id programs take root")
def test_a_set_user_id_program_in_it_gives_no_rights(shares: Shares) -> None:
    program = shares.folder / "id"
    program.write_bytes(Path("/usr/bin/id").resolve().read_bytes())
    program.chmod(0o4755)
    name = shares.function()
    user = shares.run(name, "os.getuid()")
    assert shares.run(name, "subprocess.check_output(['/mnt/shared/id', '-u']).decode()") == (
        f"{user}\n"
    )


def test_nothing_can_be_mounted_over_or_beside_it(shares: Shares) -> None:
    name = shares.function()
    assert shares.answer(name, "os.mkdir('/mnt/other')")["failed"] == "OSError"
    assert shares.answer(name, "os.rmdir('/mnt/shared')")["failed"] == "OSError"
    assert shares.answer(name, "os.rename('/mnt/shared', '/mnt/x')")["failed"] == "OSError"
    assert shares.answer(name, "os.mknod('/mnt/shared/d', 0o600 | stat.S_IFBLK, 1)")["failed"] == (
        "PermissionError"
    )


@pytest.mark.skipif(not IS_ROOT, reason="what belongs to root takes root")
def test_a_folder_of_root_s_is_not_written_to(shares: Shares) -> None:
    name = shares.function(ROOTS)
    status, code, _ = refusal(shares.client.invoke, FunctionName=name)
    assert (status, code) == (403, "EFSMountFailureException")
    assert "is root's: give it to another user" in shares.server.log


def test_an_access_point_that_stands_for_nothing_is_refused(shares: Shares) -> None:
    code = {"ZipFile": b"x"}
    for arn, path, message in (
        (
            UNKNOWN,
            "/mnt/x",
            f"The access point {UNKNOWN} does not exist. Here it has to stand for a folder that "
            "the configuration of the server names: see file_systems.",
        ),
        (SHARED, "/mnt/..", "LocalMountPath /mnt/.. is not a folder below /mnt."),
    ):
        assert refusal(
            shares.client.create_function,
            FunctionName="never",
            Role="arn:aws:iam::000000000000:role/r",
            Runtime=RUNTIME,
            Handler="a.b",
            Code=code,
            FileSystemConfigs=[{"Arn": arn, "LocalMountPath": path}],
        ) == (400, "InvalidParameterValueException", message)


def test_snap_start_and_a_file_system_exclude_each_other(shares: Shares) -> None:
    name = shares.function()
    snap = {"ApplyOn": "PublishedVersions"}
    assert refusal(
        shares.client.update_function_configuration, FunctionName=name, SnapStart=snap
    ) == (
        400,
        "InvalidParameterValueException",
        "FileSystemConfigs is not supported for SnapStart enabled functions.",
    )


def test_an_s3_files_access_point_is_a_folder_too(shares: Shares) -> None:
    name = shares.function(OF_S3)
    shares.run(name, "open('/mnt/shared/object', 'w').write('x')")
    assert (shares.folders / "s3" / "object").read_text() == "x"
    config = {"Arn": OF_S3, "LocalMountPath": "/mnt/x", "S3FilesConfig": {"DirectS3Read": "AUTO"}}
    refused = refusal(
        shares.client.update_function_configuration, FunctionName=name, FileSystemConfigs=[config]
    )
    assert refused[2] == (
        "FileSystemConfigs.S3FilesConfig is not supported by this version of Ingle. Leave it out."
    )
    config["Arn"] = SHARED
    refused = refusal(
        shares.client.update_function_configuration, FunctionName=name, FileSystemConfigs=[config]
    )
    assert "valid only for an S3 Files access point" in refused[2]


def test_a_file_system_that_the_operator_no_longer_allows_cannot_be_reached(
    start_server: Callable[..., Server], tmp_path: Path
) -> None:
    (tmp_path / "shared").mkdir()
    told = json.dumps({SHARED: {"folder": str(tmp_path / "shared"), "uid": 5, "gid": 5}})
    server = start_server("--file-systems", told)
    mounts = [{"Arn": SHARED, "LocalMountPath": "/mnt/x"}]
    name = create(server.client("lambda"), SOURCE, FileSystemConfigs=mounts, Publish=True)
    server.client("lambda").put_provisioned_concurrency_config(
        FunctionName=name, Qualifier="1", ProvisionedConcurrentExecutions=1
    )
    server.stop()
    other = Server(server.data_dir)
    other.credentials = server.credentials
    other.start()
    try:
        client = other.client("lambda")
        assert refusal(client.invoke, FunctionName=name)[:2] == (
            408,
            "EFSMountConnectivityException",
        )
        kept = client.get_provisioned_concurrency_config(FunctionName=name, Qualifier="1")
        assert kept["Status"] == "FAILED"
        assert kept["StatusReason"].startswith("EFSMountConnectivityException: ")
    finally:
        other.kill()


@pytest.mark.parametrize(
    ("folder", "problem"),
    [("/", "the whole machine cannot be shared"), ("DATA/c", "lie in one")],
)
def test_ingle_s_own_folder_cannot_be_shared(tmp_path: Path, folder: str, problem: str) -> None:
    data = tmp_path / "data"
    told = json.dumps({SHARED: {"folder": folder.replace("DATA", str(data))}})
    command = [INGLE, "serve", "--port", "0", "--data-dir", str(data), "--file-systems", told]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert problem in ended.stderr
    assert f"file_systems.{SHARED}" in ended.stderr
