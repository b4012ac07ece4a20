"""Issue point 6: what a function can see and use of the machine that it runs on."""

import errno
import os
from pathlib import Path

import pytest

from tests.e2e.conftest import create

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="without root all sandboxes have the operator's own user"
)

PROBE = """
import ctypes, errno, getpass, os, pathlib, pwd, socket

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

def writable(*folders):
    tops = [top for folder in folders for top, *_ in os.walk(folder)]
    return [top for top in tops if os.access(top, os.W_OK)]
"""


@pytest.fixture(scope="module")
def probes(functions):
    """Two functions that evaluate what they are sent."""
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


@needs_root
def test_a_function_s_user_has_the_name_and_the_home_that_it_has_on_aws(inside):
    assert inside("getpass.getuser()") == "sbx_user1051"
    assert inside("str(pathlib.Path.home())") == "/home/sbx_user1051"
    assert inside("pwd.getpwuid(os.getuid()).pw_uid == os.getuid()")
    assert inside("error_of(open, '/etc/passwd', 'a')") == errno.EACCES


def test_a_function_has_no_rights_and_cannot_get_any(inside):
    status = inside("status()")
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(status[name], 16) == 0, name
    assert status["NoNewPrivs"] == "1"
    assert inside("error_of(os.chroot, '/tmp')") == errno.EPERM
    assert inside("error_of(socket.sethostname, 'mine')") == errno.EPERM
    mount = "ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, None)"
    assert inside(mount) == -1


@pytest.mark.parametrize("number", ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"])
def test_programs_that_a_function_starts_end_when_they_are_told_to(inside, number):
    started = "__import__('subprocess').Popen(['sleep', '5'])"
    told = f"(lambda p, n: p.send_signal(n) or p.wait() == -n)({started}, signal.{number})"
    assert inside(f"(lambda signal: {told})(__import__('signal'))")


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


def test_the_aws_endpoint_is_on_the_function_s_own_loopback(inside, server):
    url = f"http://127.0.0.1:{server.address[1]}/_ingle/health"
    read = f"__import__('json').load(__import__('urllib.request').request.urlopen({url!r}))"
    assert inside(read)["status"] == "running"


def test_a_function_has_a_loopback_of_its_own(inside):
    assert inside("socket.create_server(('127.0.0.1', 4566)).getsockname()[1]") == 4566
