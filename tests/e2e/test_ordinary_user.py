"""Ingle as an ordinary user runs it, in a shell that allows few open files."""

import json
import os
from pathlib import Path

import pytest

from tests.e2e.conftest import create
from tests.e2e.server import Server
from tests.e2e.test_images import Maker
from tests.images.building import Layout

FEW = 1024
"""More than all servers of the tests have under way between processes, which the kernel adds up for
a user: this one is, outside, whoever runs the tests.
"""
INVOCATIONS = 99
USER = ("unshare", "--user", "--map-user=12345", "--map-group=12345")
"""Somebody without rights, but who may read what whoever runs the tests may."""
SOURCE = """
import os, resource

def handler(event, context):
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    return {
        "event": event,
        "capabilities": status["CapEff"].strip(),
        "files": resource.getrlimit(resource.RLIMIT_NOFILE),
        "data": os.path.exists(event),
    }
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    """A server of an ordinary user."""
    wrapper = ("prlimit", f"--nofile={FEW}:{FEW}", *(USER if os.geteuid() == 0 else ()))
    folder = tmp_path_factory.mktemp("user")
    (folder / "images").mkdir()
    flags = ("--images", str(folder / "images"))
    running = Server(folder / "data", *flags, wrapper=wrapper).start()
    yield running
    assert running.stop() == 0


def test_functions_run_without_rights(server):
    client = server.client("lambda")
    name = create(client, SOURCE)
    event = str(server.data_dir)
    response = client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    assert json.loads(response["Payload"].read()) == {
        "event": event,
        "capabilities": "0" * 16,
        "files": [FEW, FEW],
        "data": False,
    }


def test_container_images_run_without_rights(server):
    layout = Layout(server.data_dir.parent / "images" / "probe")
    make = Maker(server.client("lambda"), layout)
    name = make.create(make.probe())
    found = make.ask(
        name,
        """
status = open("/proc/self/status").read()
open("/tmp/new", "w").close()
open("/dev/null", "w").write("x")
try:
    open("/new", "w")
except OSError as error:
    refused = error.strerror
answer = ["CapEff:\\t" + "0" * 16 in status, refused, sorted(os.listdir("/etc"))]
""",
    )
    assert found == [True, "Read-only file system", ["hosts", "resolv.conf"]]


def test_what_is_weaker_is_said_at_the_start(server):
    said = [line for line in server.log.splitlines() if line.startswith("weaker on this machine")]
    assert len(said) == len(server.log.splitlines())
    names = [line.split(": ")[1] for line in said]
    assert names[:2] == ["open files", "sandbox users"]
    assert "outbound network" in names


def test_no_more_runs_at_a_time_than_there_are_open_files_for(server):
    (line,) = [line for line in server.log.splitlines() if "open files" in line]
    assert f"up to {FEW:,}; at most {INVOCATIONS} invocations run at a time, not 1,000" in line
    settings = server.client("lambda").get_account_settings()
    assert settings["AccountLimit"]["ConcurrentExecutions"] == INVOCATIONS


def test_the_data_folder_is_the_users(server):
    owners = {path.lstat().st_uid for path in Path(server.data_dir).rglob("*")}
    assert owners == {os.geteuid()}


def test_a_function_mounts_a_folder_of_the_users(tmp_path):
    arn = "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-" + "0" * 17
    (tmp_path / "shared").mkdir(mode=0o700)
    told = json.dumps({arn: {"folder": str(tmp_path / "shared")}})
    wrapper = USER if os.geteuid() == 0 else ()
    server = Server(tmp_path / "server" / "data", "--file-systems", told, wrapper=wrapper).start()
    try:
        client = server.client("lambda")
        mounts = [{"Arn": arn, "LocalMountPath": "/mnt/shared"}]
        source = "def handler(event, context):\n    open('/mnt/shared/note', 'w').write(event)\n"
        name = create(client, source, FileSystemConfigs=mounts)
        answer = client.invoke(FunctionName=name, Payload=b'"hello"')
        assert "FunctionError" not in answer, answer["Payload"].read()
    finally:
        server.kill()
    assert (tmp_path / "shared" / "note").read_text() == "hello"
    assert (tmp_path / "shared" / "note").stat().st_uid == os.geteuid()
