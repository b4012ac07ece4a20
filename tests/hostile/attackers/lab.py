"""What attackers share: calling the kernel, finding their channel, telling what came of it."""

import ctypes
import errno
import mmap
import os
import struct

libc = ctypes.CDLL(None, use_errno=True)

READY, INIT_ERROR, RESULT, FAULT, SETUP_FAILED, CHUNK, PRELUDE, LISTENING = 3, 4, 5, 6, 7, 8, 9, 10
STRANGER = b"00000000-0000-4000-8000-000000000000"


def call(name, *arguments):
    """Call a function of the C library; raise OSError where it returns -1."""
    ctypes.set_errno(0)
    result = getattr(libc, name)(*arguments)
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def frame(kind, body=b""):
    """Make a frame of the channel."""
    return struct.pack("<IB", len(body), kind) + body


def channel():
    """Find the descriptor of the socket to the server."""
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink("/proc/self/fd/" + name).startswith("socket:"):
                return int(name)
        except OSError:
            continue
    raise LookupError("there is no channel")


def write_all(fd, data):
    """Write all of it."""
    while data:
        data = data[os.write(fd, data) :]


def outcome(attempt):
    """Attempt something; return the name of the error that refused it, or what it gave."""
    try:
        result = attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
    return f"done: {result!r}"


def outcomes(attempts):
    """Attempt everything in a table of names; return what became of each."""
    return {name: outcome(attempt) for name, attempt in attempts.items()}


def in_child(work):
    """Run something in a child process; return its exit status, negative for a signal."""
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(work() or 0)
        except BaseException:
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def machine_code(code):
    """Make a function without arguments of machine code."""
    memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    memory.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    function = ctypes.CFUNCTYPE(ctypes.c_int)(address)
    function.memory = memory
    return function
