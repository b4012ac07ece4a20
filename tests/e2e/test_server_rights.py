"""The process that parses what comes from the network has no rights and sees few files."""

import os
import subprocess
import tempfile
import uuid
from pathlib import Path

import pytest

from tests.e2e.server import INGLE, Server

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give up")

HELLO = "def handler(event, context):\n    return 'Hello, ' + event"
SOMEBODY = 54_321


def status(pid: int) -> dict[str, str]:
    """The fields of /proc/<pid>/status."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_the_server_gives_up_root_and_every_capability(own_server):
    fields = status(own_server.process.pid)
    assert "0" not in fields["Uid"].split() + fields["Gid"].split()
    assert fields["Groups"] == ""
    assert {fields[name] for name in ("CapPrm", "CapEff", "CapInh", "CapBnd", "CapAmb")} == {
        "0" * 16
    }
    assert fields["NoNewPrivs"] == "1"


def test_every_thread_of_the_server_gives_them_up(own_server, invoke_on):
    invoke_on(own_server, HELLO)("Sally")  # by now it has threads
    tasks = list(Path(f"/proc/{own_server.process.pid}/task").iterdir())
    assert len(tasks) > 1
    for task in tasks:
        fields = (task / "status").read_text()
        assert "CapEff:\t0000000000000000" in fields
        assert "\nUid:\t0\t" not in fields


def test_the_server_sees_nothing_of_the_host_s_files_but_its_own(own_server, tmp_path):
    (tmp_path / "secret").write_text("the host's")
    root = Path(f"/proc/{own_server.process.pid}/root")
    inside = Path(str(root) + str(own_server.data_dir))
    assert (inside / "ingle.db").exists()
    assert not Path(f"{root}{tmp_path}/secret").exists()
    assert not (root / "home").exists()
    assert not (root / "var").exists()


def test_a_data_folder_of_somebody_s_stays_somebody_s(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, SOMEBODY, SOMEBODY)
    server = Server(home / "data").start()
    try:
        assert status(server.process.pid)["Uid"].split() == [str(SOMEBODY)] * 4
        owners = {path.lstat().st_uid for path in [server.data_dir, *server.data_dir.rglob("*")]}
        assert owners == {SOMEBODY}
    finally:
        server.stop()


def test_a_data_folder_that_root_kept_is_handed_over_and_works_on(own_server, invoke_on):
    call = invoke_on(own_server, HELLO)
    assert call("Sally") == "Hello, Sally"
    own_server.stop()
    subprocess.run(["chown", "-R", "0:0", str(own_server.data_dir)], check=True)
    own_server.start()
    client = own_server.client("lambda")
    (function,) = client.list_functions()["Functions"]
    answer = client.invoke(FunctionName=function["FunctionName"], Payload=b'"Sally"')
    assert answer["Payload"].read() == b'"Hello, Sally"'
    assert own_server.data_dir.stat().st_uid != 0


def test_a_strict_umask_keeps_neither_the_server_nor_functions_from_their_files(
    tmp_path, invoke_on
):
    strict = ("/bin/sh", "-c", 'umask 077; exec "$@"', "sh")
    server = Server(tmp_path / "server" / "data", wrapper=strict).start()
    try:
        assert invoke_on(server, HELLO)("Sally") == "Hello, Sally"
        assert server.data_dir.stat().st_mode & 0o777 == 0o700
    finally:
        server.stop()


def test_a_folder_of_images_is_seen_also_below_one_that_python_looks_into(tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    (images / "one").touch()
    (tmp_path / "secret").touch()
    wrapper = ("/usr/bin/env", "PYTHONPATH=/tmp")
    server = Server(tmp_path / "data", "--images", str(images), wrapper=wrapper).start()
    try:
        root = f"/proc/{server.process.pid}/root"
        assert Path(f"{root}{images}/one").exists()
        assert not Path(f"{root}{tmp_path}/secret").exists()
    finally:
        server.stop()


def test_optional_software_s_folder_can_be_one_of_images(tmp_path):
    server = Server(tmp_path / "data", "--images", "/opt")
    with tempfile.NamedTemporaryFile(dir="/opt") as image:
        server.start()
        try:
            assert Path(f"/proc/{server.process.pid}/root{image.name}").exists()
        finally:
            server.stop()


def test_a_folder_that_the_server_has_of_its_own_cannot_be_one_of_images():
    data = Path("/opt", uuid.uuid4().hex)
    command = [INGLE, "serve", "--port", "0", "--data-dir", str(data), "--images", "/tmp"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "images: a server that root starts has a /tmp of its own" in ended.stderr
    assert not data.exists()
