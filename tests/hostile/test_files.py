"""Functions that look for what is not theirs in the file system find nothing."""

import os
import uuid
from pathlib import Path

import pytest

SECRET = f"secret-{uuid.uuid4().hex}"


@pytest.fixture
def attack(deploy_attacker, invoke):
    """Attack in the way that a name says; return what became of it."""
    name = deploy_attacker("files", Environment={"Variables": {"OWN": "its own"}})

    def run(*event):
        answer, response = invoke(name, event)
        assert "FunctionError" not in response, answer
        return answer

    return run


def test_the_host_s_files_and_the_data_folder_are_not_there(attack, server):
    secret = server.data_dir.parent / "secret"
    secret.write_text(SECRET)
    folders = [server.data_dir, *server.data_dir.iterdir(), secret, Path.cwd(), Path(__file__)]
    found = ["/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/hostname", "/etc/machine-id"]
    found += [
        "/root/.bashrc",
        "/root/.ssh",
        "/home",
        "/boot",
        "/srv",
        "/mnt",
        "/var/lib",
        "/var/log",
        "/var/run",
    ]
    found += ["/.ingle", "/.ingle/code", "/.ingle/proc", "/.ingle/cgroup", "/dev/shm"]
    found += map(str, folders)
    for prefix in ("/proc/1/root", "/proc/self/cwd/../../..", "/../../.."):
        found += [f"{prefix}{path}" for path in ("/etc/shadow", *folders)]
    assert attack("peek", found) == {}


def test_no_descriptor_leads_to_anything_of_the_host_s(attack):
    found = attack("open_files")
    assert found
    own = ("/dev/null", "pipe:", "socket:")
    assert [each for each in found if not each.startswith(own)] == []


def test_the_kernel_s_and_the_machine_s_files_are_not_there(attack):
    assert attack("kernel_files") == {}


def test_another_function_s_code_and_environment_are_not_there(
    attack, server, deploy, invoke, functions
):
    other = deploy(
        f"SECRET = '{SECRET}'\ndef handler(event, context):\n    return 'fine'\n",
        Environment={"Variables": {"HIDDEN": SECRET}},
    )
    assert invoke(other)[0] == "fine"
    code = [path for path in (server.data_dir / "code").iterdir() if holds(path, SECRET)]
    assert code
    names = [path.name for path in code]
    paths = [f"{top}/{name}" for name in names for top in ("/.ingle/code", "/var", "/var/task/..")]
    assert attack("peek", [*paths, *map(str, code)]) == {}
    seen = attack("processes")
    assert (seen["pids"], seen["roots"], seen["parents"]) == (["1"], ["/"], ["0"])
    assert seen["shared"] == []
    assert not [text for text in seen["text"] if SECRET in text or "HIDDEN" in text]
    key = server.credentials["AWS_SECRET_ACCESS_KEY"]
    assert not [text for text in seen["text"] if key in text]


def test_of_the_server_a_function_sees_no_more_than_where_the_code_lies(attack, server):
    secrets = {server.credentials["AWS_SECRET_ACCESS_KEY"], "PYTEST_CURRENT_TEST", "ingle serve"}
    folder = str(server.data_dir)
    found = attack("mentions", [folder, *secrets])
    assert set(found.pop(folder)) <= {"/proc/self/mountinfo"}
    assert {name: paths for name, paths in found.items() if paths} == {}


def holds(folder, text):
    return any(text in path.read_text() for path in folder.glob("*.py"))


def test_files_are_not_reached_by_their_numbers(attack):
    assert attack("inodes") == []


def test_no_link_or_name_leads_to_a_change_of_the_code_or_the_system(attack, server):
    refused = {"EROFS", "EXDEV", "EACCES", "EPERM", "EBADF", "ETXTBSY", "EBUSY"}
    found = attack("links")
    assert {name: error for name, error in found.items() if error not in refused} == {}


def test_nothing_can_be_made_of_the_host_s_that_outlives_the_sandbox(attack, server):
    # Those of images are removed some time after the functions of other tests.
    folders = [each for each in (server.data_dir / "code").iterdir() if "image" not in each.name]
    paths = [path for folder in folders for path in folder.rglob("*")]
    assert paths
    before = {path: path.stat().st_mtime_ns for path in paths}
    attack("links")
    after = {path: path.stat().st_mtime_ns for path in before if path.exists()}
    assert after == before
    assert not os.path.lexists("/new")
