"""Issue point 6: what a function can see and use of the machine that it runs on."""

import errno
import os
import socket
import uuid
from pathlib import Path

import pytest

from tests.e2e.conftest import create

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="without root all sandboxes have the operator's own user"
)

PROBE = """
import ctypes, errno, os, resource, socket, threading

def handler(event, context):
    return eval(event)

def error_of(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        return error.errno

def status():
    with open("/proc/self/status") as lines:
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

def count(make, limit):
    made = []
    try:
        while len(made) < limit:
            made.append(make())
    except (OSError, RuntimeError) as error:
        return len(made), getattr(error, "errno", str(error))
    finally:
        release.set()
        for each in made:
            if isinstance(each, int):
                os.close(each)
            else:
                each.join()
    return len(made), None

release = threading.Event()

def thread():
    new = threading.Thread(target=release.wait)
    new.start()
    return new

def writable(*folders):
    tops = [top for folder in folders for top, *_ in os.walk(folder)]
    return [top for top in tops if os.access(top, os.W_OK)]

def open_files():
    names = [f"/proc/self/fd/{number}" for number in range(1024)]
    return [os.readlink(name) for name in names if os.path.lexists(name)]

def connect(family, address):
    with socket.socket(family) as sock:
        return error_of(sock.connect, address)
"""


@pytest.fixture(scope="module")
def probes(functions):
    """Two functions that evaluate what they are sent, and the one with much memory a third."""
    names = [create(functions, PROBE), create(functions, PROBE)]
    yield names
    for name in names:
        functions.delete_function(FunctionName=name)


@pytest.fixture
def inside(probes, invoke):
    """Evaluate an expression in the sandbox of the first function, or of another."""

    def evaluate(expression, of=0):
        answer, response = invoke(probes[of], expression)
        assert "FunctionError" not in response, answer
        return answer

    return evaluate


@pytest.mark.parametrize("kind", ["pid", "mnt", "net", "ipc", "uts", "cgroup"])
def test_each_sandbox_has_a_namespace_of_its_own(inside, kind):
    link = f"/proc/self/ns/{kind}"
    seen = [inside(f"os.readlink({link!r})", of) for of in (0, 1)] + [str(Path(link).readlink())]
    assert len(set(seen)) == 3


def test_a_function_sees_no_process_but_its_own(inside):
    assert inside("os.getpid()") == 1
    assert inside("[name for name in os.listdir('/proc') if name.isdigit()]") == ["1"]


@needs_root
def test_each_sandbox_has_an_unprivileged_user_of_its_own(inside):
    first, second = (
        inside("[*os.getresuid(), *os.getresgid(), *os.getgroups()]", of) for of in (0, 1)
    )
    for ids in (first, second):
        assert len(set(ids)) == 1
        assert ids[0] >= 0x70000000
    assert first != second
    assert inside("error_of(os.setuid, 0)") == errno.EPERM


def test_a_function_has_no_rights_and_cannot_get_any(inside):
    status = inside("status()")
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(status[name], 16) == 0, name
    assert status["NoNewPrivs"] == "1"
    assert inside("error_of(os.chroot, '/tmp')") == errno.EPERM
    assert inside("error_of(socket.sethostname, 'mine')") == errno.EPERM
    mount = "ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, None)"
    assert inside(mount) == -1


def test_the_code_and_the_system_are_read_only(inside):
    for path in ("/var/task/new", "/usr/bin/new", "/etc/new", "/new", "/.ingle/new", "/dev/new"):
        assert inside(f"error_of(open, {path!r}, 'w')") == errno.EROFS, path
    for path in ("/var/task/app.py", "/etc/passwd", "/var/runtime/ingle_runtime/handler.py"):
        assert inside(f"error_of(open, {path!r}, 'a')") in (errno.EROFS, errno.EACCES), path
    assert inside("writable('/dev', '/etc', '/opt', '/tmp', '/var', '/.ingle')") == ["/tmp"]
    assert inside("os.listdir('/var/task')") == ["app.py"]


def test_tmp_is_a_sandbox_s_own(inside):
    inside("open('/tmp/secret', 'w').close()")
    assert inside("os.path.exists('/tmp/secret')")
    assert not inside("os.path.exists('/tmp/secret')", of=1)


def test_tmp_is_as_large_as_it_is_configured_and_no_larger(deploy, invoke):
    name = deploy(PROBE, EphemeralStorage={"Size": 600})
    size = "os.statvfs('/tmp').f_blocks * os.statvfs('/tmp').f_frsize"
    assert invoke(name, size)[0] == 600 << 20
    fill = "error_of(os.posix_fallocate, os.open('/tmp/big', os.O_CREAT | os.O_RDWR), 0, {})"
    assert invoke(name, fill.format((600 << 20) + 1))[0] == errno.ENOSPC
    assert invoke(name, fill.format(1 << 20))[0] is None


def test_nothing_of_the_host_s_files_is_there(inside, server):
    secret = server.data_dir.parent / "secret"
    secret.write_text("the host's")
    paths = [
        "/etc/shadow",
        "/etc/hostname",
        "/home",
        "/sys",
        "/run",
        "/var/lib",
        "/root/.bashrc",
        "/dev/shm",
        "/dev/mem",
        str(secret),
        str(server.data_dir),
        str(server.data_dir / "credentials"),
        "/proc/1/root" + str(server.data_dir),
    ]
    assert inside(f"[path for path in {paths!r} if os.path.exists(path)]") == []
    assert inside("os.listdir('/.ingle')") == []
    for link in inside("open_files()"):
        assert link.startswith(("/dev/null", "pipe:", "socket:")), link


def test_nothing_of_another_function_s_is_there(inside, server):
    other = next(path for path in (server.data_dir / "code").iterdir())
    assert not inside(f"os.path.exists({str(other)!r})")
    assert not inside(f"os.path.exists('/.ingle/code/{other.name}')")
    # Not even by the name of the folder that its own code is in.
    assert inside("os.path.realpath('/var/task/..')") == "/var"
    assert inside("os.listdir('/var/task/../task')") == ["app.py"]


def test_the_host_s_loopback_is_not_reachable(inside, server):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for port in (listener.getsockname()[1], server.address[1]):
            address = ("127.0.0.1", port)
            assert inside(f"connect(socket.AF_INET, {address!r})") == errno.ECONNREFUSED


def test_the_host_s_abstract_sockets_are_not_reachable(inside):
    name = f"\0ingle-test-{uuid.uuid4().hex}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(name)
        listener.listen()
        assert inside(f"connect(socket.AF_UNIX, {name!r})") == errno.ECONNREFUSED


def test_a_function_has_a_loopback_of_its_own(inside):
    assert inside("socket.create_server(('127.0.0.1', 4566)).getsockname()[1]") == 4566


def test_a_function_may_open_1024_files(inside):
    assert inside("resource.getrlimit(resource.RLIMIT_NOFILE)") == [1024, 1024]
    opened, error = inside("count(lambda: os.open('/dev/null', os.O_RDONLY), 2000)")
    assert 1000 < opened < 1024
    assert error == errno.EMFILE


def test_a_function_may_have_1024_processes_and_threads(deploy, invoke):
    name = deploy(PROBE, MemorySize=512, Timeout=60)
    assert invoke(name, "count(thread, 2000)")[0] == [1023, "can't start new thread"]


def test_a_fork_bomb_harms_only_its_own_sandbox(deploy, invoke, inside):
    name = deploy(
        "import os\n"
        "def handler(event, context):\n"
        "    while True:\n"
        "        try:\n            os.fork()\n"
        "        except OSError:\n            pass\n",
        Timeout=1,
    )
    inside("globals().__setitem__('kept', 1)")
    assert invoke(name)[1]["FunctionError"] == "Unhandled"
    assert inside("kept") == 1


def test_a_function_s_memory_is_limited_with_its_children_s(deploy, invoke, inside):
    name = deploy(
        "import os\n"
        "def handler(event, context):\n"
        "    for _ in range(4):\n"
        "        if os.fork() == 0:\n"
        "            hoard = b'x' * (60 << 20)\n"
        "            os.read(os.pipe()[0], 1)\n"
        "    return os.wait()[1]\n",
        Timeout=30,
    )
    answer, _ = invoke(name)
    # Version 1 of control groups ends one process, version 2 all of them.
    assert answer == 9 or answer["errorType"] == "Runtime.OutOfMemory"
    assert inside("1 + 1") == 2
