"""Functions that attack the runtime's channel to the server harm nobody but themselves."""

import pytest

from tests.e2e.conftest import create, eventually, refusal
from tests.e2e.processes import children, open_files, sandboxes

CHANNEL = """
import os, socket, struct, time

def frame(kind, body=b""):
    return struct.pack("<IB", len(body), kind) + body

def channel():
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink("/proc/self/fd/" + name).startswith("socket:"):
                return int(name)
        except OSError:
            pass

READY, INIT_ERROR, RESULT, FAULT, SETUP_FAILED = 3, 4, 5, 6, 7
STRANGER = b"00000000-0000-4000-8000-000000000000"
"""

ATTACKS = {
    "garbage": "os.write(fd, bytes(range(256)) * 64)",
    "nothing but zeros": "os.write(fd, bytes(100_000))",
    "a frame of 4 GB": "os.write(fd, struct.pack('<IB', 0xFFFFFFFF, RESULT))",
    "a frame of an unknown kind": "os.write(fd, frame(99, b'x'))",
    "a second READY": "os.write(fd, frame(READY))",
    "an INIT_ERROR that is none": "os.write(fd, frame(INIT_ERROR, b'nonsense'))",
    "a failed setup": "os.write(fd, frame(SETUP_FAILED, b'\\xff\\xfe'))",
    "another's request id": "os.write(fd, frame(RESULT, STRANGER + b'1'))",
    "an answer without a request id": "os.write(fd, frame(RESULT))",
    "an error with another's request id": "os.write(fd, frame(FAULT, STRANGER + b'{}'))",
    "a closed channel": "os.close(fd)",
    "a channel shut down": "socket.socket(fileno=os.dup(fd)).shutdown(socket.SHUT_RDWR)",
}


@pytest.fixture(scope="module")
def bystander(functions, server):
    """A function that must go on answering from one and the same warm sandbox."""
    name = create(
        functions, "calls = []\ndef handler(e, c):\n    calls.append(e)\n    return len(calls)\n"
    )
    yield name
    functions.delete_function(FunctionName=name)


@pytest.fixture(autouse=True)
def _others_go_on(bystander, invoke):
    before, _ = invoke(bystander)
    yield
    assert invoke(bystander)[0] == before + 1


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_function_that_breaks_the_protocol_ends_only_its_own_sandbox(deploy, invoke, attack):
    name = deploy(
        f"{CHANNEL}"
        "def handler(event, context):\n"
        "    fd = channel()\n"
        "    if event == 'attack':\n"
        f"        {ATTACKS[attack]}\n"
        "    return context.log_stream_name\n",
        Timeout=5,
    )
    first, _ = invoke(name)
    answer, response = invoke(name, "attack")
    assert response["FunctionError"] == "Unhandled"
    request_id = response["ResponseMetadata"]["RequestId"]
    assert answer["errorType"] == "Runtime.ExitError"
    assert answer["errorMessage"].startswith(f"RequestId: {request_id} Error: Runtime exited ")
    after, _ = invoke(name)
    assert after != first


@pytest.mark.parametrize("attack", sorted(ATTACKS.keys() - {"a second READY", "a failed setup"}))
def test_a_function_that_breaks_the_protocol_while_it_is_loaded_gets_an_error(
    functions, deploy, attack
):
    name = deploy(
        f"{CHANNEL}fd = channel()\n{ATTACKS[attack]}\n"
        "def handler(event, context):\n    return 'fine'\n",
        Timeout=5,
    )
    for _ in range(2):
        # The answer need not be JSON: it may be the function's own nonsense.
        assert functions.invoke(FunctionName=name)["FunctionError"] == "Unhandled"


def test_sandboxes_that_claim_that_they_never_started_do_not_stay(functions, server, deploy):
    name = deploy(f"{CHANNEL}os.write(channel(), frame(SETUP_FAILED, b'no'))\ntime.sleep(600)\n")
    before = len(sandboxes(server.process.pid))
    for _ in range(8):
        assert refusal(functions.invoke, FunctionName=name) == (
            500,
            "ServiceException",
            "No sandbox could be made: no",
        )
    # Zygotes keep a few children that wait to become sandboxes; they may have been none before.
    eventually(lambda: len(sandboxes(server.process.pid)) < before + 8, "they are gone")


def test_an_answer_that_is_sent_twice_never_answers_another_invocation(deploy, invoke):
    name = deploy(
        f"{CHANNEL}"
        "def handler(event, context):\n"
        "    answer = context.aws_request_id.encode() + b'\"mine\"'\n"
        "    os.write(channel(), frame(RESULT, answer) + frame(RESULT, answer))\n"
        "    return 'late'\n"
    )
    for _ in range(5):
        answer, response = invoke(name)
        assert answer == "mine" or answer["errorType"] == "Runtime.ExitError", response


CALLS = """
import ctypes, errno, os, socket
libc = ctypes.CDLL(None, use_errno=True)

def call(name, *arguments):
    return -1 if getattr(libc, name)(*arguments) == -1 else 0

ATTEMPTS = {
    "unshare": lambda: call("unshare", 0x10000000),
    "clone into a user namespace": lambda: call("syscall", 56, 0x10000000 | 17, 0, 0, 0, 0),
    "setns": lambda: call("setns", os.open("/proc/self/ns/net", os.O_RDONLY), 0),
    "mount": lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, None),
    "umount": lambda: call("umount2", b"/tmp", 2),
    "chroot": lambda: call("chroot", b"/tmp"),
    "ptrace": lambda: call("ptrace", 0, 0, 0, 0),
    "a key": lambda: call("syscall", 250, 0, -3, 1),
    "bpf": lambda: call("syscall", 321, 0, 0, 0),
    "io_uring": lambda: call("syscall", 425, 1, 0),
    "userfaultfd": lambda: call("syscall", 323, 0),
    "perf events": lambda: call("syscall", 298, 0, 0, 0, 0, 0),
    "a raw socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1) and 0,
    "a packet socket": lambda: socket.socket(17, socket.SOCK_RAW) and 0,
    "a vsock": lambda: socket.socket(40, socket.SOCK_STREAM) and 0,
    "a device": lambda: call("mknod", b"/tmp/mem", 0o20666, 0x101),
    "the host name": lambda: call("sethostname", b"x", 1),
    "a sysctl": lambda: open("/proc/sys/kernel/core_pattern", "w") and 0,
    "sysrq": lambda: open("/proc/sysrq-trigger", "w") and 0,
}

def handler(event, context):
    done = []
    for name, attempt in ATTEMPTS.items():
        try:
            if attempt() == 0:
                done.append(name)
        except OSError:
            pass
    return done
"""


def test_what_reaches_into_the_kernel_is_refused(deploy, invoke):
    assert invoke(deploy(CALLS))[0] == []


@pytest.mark.parametrize("call", ["os._exit(1)", "os.write(fd, frame(99))", "os.close(fd)"])
def test_sandboxes_that_end_leave_no_descriptors_open(functions, server, deploy, call):
    name = deploy(f"{CHANNEL}def handler(event, context):\n    fd = channel()\n    {call}\n")
    of_server = (server.process.pid, *children(server.process.pid))

    def invoke_often():
        for _ in range(20):
            assert functions.invoke(FunctionName=name)["FunctionError"] == "Unhandled"

    invoke_often()
    before = sum(map(open_files, of_server))
    invoke_often()
    eventually(lambda: sum(map(open_files, of_server)) < before + 10, "descriptors are closed")
