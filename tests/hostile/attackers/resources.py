"""Takes as much as there is of memory, files and other things of the kernel's."""

import ctypes
import fcntl
import mmap
import os
import resource
import signal
import socket
import threading

from lab import call, in_child, libc

MB = 1 << 20
held = []


def objects():
    """Hold ever more objects."""
    while True:
        held.append([object() for _ in range(10_000)])


def mapped():
    """Map memory and write to it."""
    while True:
        memory = mmap.mmap(-1, 16 * MB)
        for offset in range(0, len(memory), 4096):
            memory[offset] = 1
        held.append(memory)


def in_children():
    """Hold bytes in child processes, each below what one may have; return how one ended."""
    for _ in range(8):
        if os.fork() == 0:
            held.append(b"x" * (40 * MB))
            while True:
                signal.pause()
    return os.wait()[1]


def memory_files():
    """Write to files without a name that are kept in memory."""
    while True:
        fd = os.memfd_create("hoard")
        held.append(fd)
        for _ in range(16):
            os.write(fd, b"x" * MB)


def shared_segments():
    """Hold System V shared memory, which outlives its process."""
    libc.shmat.restype = ctypes.c_void_p
    while True:
        segment = call("shmget", 0, 16 * MB, 0o1000 | 0o600)
        ctypes.memset(libc.shmat(segment, None, 0), 1, 16 * MB)


def pipes():
    """Fill pipes, whose buffers are the kernel's memory; return how many MB they took."""
    taken = 0
    try:
        while True:
            read, write = os.pipe2(os.O_NONBLOCK)
            held.extend((read, write))
            try:
                fcntl.fcntl(write, 1031, MB)
            except PermissionError:
                pass
            try:
                while True:
                    taken += os.write(write, b"x" * 65536)
            except BlockingIOError:
                continue
    except OSError:
        return taken / MB


def socket_buffers():
    """Fill sockets, whose buffers are the kernel's memory; return how many MB they took."""
    taken = 0
    try:
        while True:
            pair = socket.socketpair()
            held.extend(pair)
            pair[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 30)
            pair[0].setblocking(False)
            try:
                while True:
                    taken += pair[0].send(b"x" * 65536)
            except BlockingIOError:
                continue
    except OSError:
        return taken / MB


def locked():
    """Have memory kept from being written out, as far as one may."""
    memory = mmap.mmap(-1, 4 * MB)
    call("mlock", ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(memory))), len(memory))
    held.append(memory)
    return mapped()


def least_killable():
    """Have others killed first for want of memory."""
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("-1000")
    except OSError:
        pass
    return mapped()


def page_cache():
    """Read every large file of the system, which the kernel keeps in memory; return MB."""
    read = 0
    for top, _, names in os.walk("/usr/lib"):
        for name in names:
            path = os.path.join(top, name)
            if os.path.islink(path) or os.path.getsize(path) < MB:
                continue
            with open(path, "rb") as file:
                while data := file.read(MB):
                    read += len(data)
            if read > 300 * MB:
                return read / MB
    return read / MB


def descriptors():
    """Open files without end, in this process and in its children; return the most of one."""
    counts = [open_many()]
    for _ in range(4):
        in_child(lambda: open_many() and 0)
    return counts[0]


def open_many():
    """Open files until that is refused; return how many."""
    try:
        while True:
            held.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        return len(held)


def descriptors_under_way():
    """Hold descriptors in messages that nobody receives, which count against no process."""
    sent = 0
    fd = os.open("/dev/null", os.O_RDONLY)
    pairs = []
    try:
        while sent < 100_000:
            pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
            pairs.append(pair)
            pair[0].setblocking(False)
            try:
                while True:
                    socket.send_fds(pair[0], [b"x"], [fd] * 250)
                    sent += 250
            except BlockingIOError:
                continue
    except OSError:
        pass
    held.append(pairs)
    return sent


def watches():
    """Take every inotify instance and watch of this user's."""
    made = 0
    while made < 200:
        fd = libc.inotify_init1(0)
        if fd < 0:
            break
        held.append(fd)
        made += 1
    return made


def timers():
    """Take every timer, queued signal, message queue and semaphore of this user's."""
    taken = {}
    taken["queues"] = count(lambda n: call("mq_open", b"/q%d" % n, os.O_CREAT, 0o600, None))
    taken["semaphores"] = count(lambda n: call("semget", 0, 250, 0o1000 | 0o600))
    taken["messages"] = count(lambda n: call("msgget", 0, 0o1000 | 0o600))
    taken["epoll"] = count(lambda n: libc.epoll_create1(0) if n < 900 else refuse())
    return taken


def refuse():
    """Say that it is enough."""
    raise OSError("enough")


def count(take):
    """Take until it is refused, or a few thousand times; return how often that worked."""
    for number in range(5000):
        try:
            if take(number) < 0:
                return number
        except OSError:
            return number
    return 5000


def fill_tmp():
    """Fill /tmp with one large file, then with many small ones; return what each gave."""
    ends = []
    with open("/tmp/big", "wb") as file:
        try:
            while True:
                file.write(b"x" * MB)
        except OSError as error:
            ends.append(error.errno)
    os.unlink("/tmp/big")
    return ends


def names_in_tmp():
    """Make files without content until that is refused; return how many."""
    for number in range(300_000):
        try:
            os.close(os.open(f"/tmp/{number}", os.O_CREAT | os.O_WRONLY))
        except OSError:
            return number
    return 300_000


def deep_folders():
    """Make a folder in a folder in a folder, deeper than any path is long."""
    os.chdir("/tmp")
    for _ in range(5000):
        os.mkdir("d")
        os.chdir("d")


def sparse():
    """Make a file that is larger than everything, with nothing in it."""
    with open("/tmp/sparse", "wb") as file:
        try:
            file.truncate(1 << 60)
        except OSError as error:
            return error.errno
    return os.stat("/tmp/sparse").st_blocks


def processor_time():
    """Compute in more threads than there are processors."""
    for _ in range(8):
        threading.Thread(target=spin, daemon=True).start()
    spin()


def spin():
    """Count."""
    while True:
        pass


def limits():
    """Tell which limits the kernel has for this process."""
    return {
        "files": resource.getrlimit(resource.RLIMIT_NOFILE),
        "cores": resource.getrlimit(resource.RLIMIT_CORE),
    }


def handler(event, context):
    """Attack in the way that the event names."""
    if event == "fine":
        return context.log_stream_name
    return globals()[event]()
