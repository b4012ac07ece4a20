"""Looks for what is not its own in the file system."""

import ctypes
import mmap
import os

from lab import libc, outcome, outcomes

CODE = "/var/task/app.py"
OPEN_BY_HANDLE_AT = {"x86_64": 304, "aarch64": 265}[os.uname().machine]


def read(path):
    """Read a little of a file."""
    with open(path, "rb") as file:
        return file.read(64)


def listing(path):
    """List a folder."""
    return os.listdir(path)


def peek(paths):
    """Open files, list folders; return those of the paths that gave anything."""
    found = {}
    for path in paths:
        for way in (read, listing, os.readlink):
            result = outcome(lambda path=path, way=way: way(path))
            if result.startswith("done") and result not in ("done: b''", "done: []"):
                found[f"{way.__name__} {path}"] = result
    return found


def kernel_files():
    """Read what the kernel tells of the machine and of others."""
    paths = [
        "/proc/kcore",
        "/proc/kmsg",
        "/proc/kpagecount",
        "/proc/kpageflags",
        "/proc/timer_list",
        "/proc/slabinfo",
        "/proc/vmallocinfo",
        "/sys",
        "/sys/kernel/debug",
        "/dev/mem",
        "/dev/kmem",
        "/dev/kmsg",
        "/dev/port",
        "/dev/vda",
        "/dev/sda",
        "/dev/loop0",
        "/dev/fuse",
        "/dev/kvm",
        "/dev/ptmx",
        "/dev/net/tun",
        "/run",
    ]
    found = peek(paths)
    with open("/proc/keys") as file:
        others = [line for line in file if line.split()[5] != str(os.getuid())]
    if others:
        found["keys of others"] = others
    with open("/proc/kallsyms") as file:
        addresses = {line.split()[0].strip("0") for line in file.readlines()[:1000]}
    if addresses - {""}:
        found["addresses of the kernel"] = len(addresses)
    return found


def processes():
    """Tell which processes there are, and what their links and environments give away."""
    pids = [name for name in os.listdir("/proc") if name.isdigit()]
    roots = [os.readlink(f"/proc/{pid}/root") for pid in pids]
    parents = []
    for pid in pids:
        with open(f"/proc/{pid}/status") as file:
            parents += [line.split()[1] for line in file if line.startswith("PPid:")]
    texts = []
    for pid in pids:
        for name in ("environ", "cmdline", "maps", "mountinfo", "cgroup", "mounts"):
            with open(f"/proc/{pid}/{name}", "rb") as file:
                texts.append(file.read().decode("utf-8", "replace"))
    shared = [line for line in texts[2].splitlines() if " rw-s " in line or " r-xs " in line]
    return {"pids": pids, "roots": roots, "parents": parents, "shared": shared, "text": texts}


def mentions(strings):
    """Read everything that the kernel tells in /proc; return which files have which strings."""
    found = {each: [] for each in strings}
    for top in ("/proc", "/proc/self"):
        for name in os.listdir(top):
            path = os.path.join(top, name)
            if not os.path.isfile(path):
                continue
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
                text = os.read(descriptor, 1 << 20).decode("utf-8", "replace")
                os.close(descriptor)
            except OSError:
                continue
            for each in strings:
                if each in text:
                    found[each].append(path)
    return found


def open_files():
    """Tell what its descriptors lead to."""
    paths = [f"/proc/self/fd/{number}" for number in range(1024)]
    return [os.readlink(path) for path in paths if os.path.lexists(path)]


def inodes(limit=4096):
    """Reach files by their inode numbers, which needs no path that leads to them."""
    opened = []
    folder = os.open("/var/task", os.O_RDONLY)
    handle = ctypes.create_string_buffer(128)
    for number in range(2, limit):
        ctypes.memmove(handle, (8).to_bytes(4, "little") + (1).to_bytes(4, "little"), 8)
        ctypes.memmove(ctypes.addressof(handle) + 8, number.to_bytes(8, "little"), 8)
        if libc.syscall(OPEN_BY_HANDLE_AT, folder, handle, os.O_RDONLY) >= 0:
            opened.append(number)
    return opened


def links():
    """Change the code and the system through links, names and open files."""
    os.symlink(CODE, "/tmp/link")
    os.symlink("/var/task", "/tmp/folder")
    os.mkdir("/tmp/task")
    descriptor = os.open(CODE, os.O_RDONLY)
    folder = os.open("/var/task", os.O_RDONLY)
    attempts = {
        "through a link": lambda: open("/tmp/link", "a"),
        "through a linked folder": lambda: open("/tmp/folder/new", "w"),
        "through a descriptor": lambda: open(f"/proc/self/fd/{descriptor}", "a"),
        "through a folder's descriptor": lambda: os.open("new", os.O_CREAT, dir_fd=folder),
        "through its root": lambda: open("/proc/1/root" + CODE, "a"),
        "through its folder": lambda: open("/proc/1/cwd/app.py", "a"),
        "through its program": lambda: open("/proc/1/exe", "a"),
        "a hard link out": lambda: os.link(CODE, "/tmp/hard"),
        "a hard link in": lambda: os.link("/tmp/link", "/var/task/hard"),
        "a hard link of a descriptor": lambda: os.link(
            f"/proc/self/fd/{descriptor}", "/tmp/hard", follow_symlinks=True
        ),
        "moved out": lambda: os.rename(CODE, "/tmp/app.py"),
        "moved in": lambda: os.rename("/tmp/task", "/var/task"),
        "replaced": lambda: os.rename("/tmp/link", CODE),
        "removed": lambda: os.unlink(CODE),
        "chmod": lambda: os.chmod(CODE, 0o777),
        "chmod of a descriptor": lambda: os.fchmod(descriptor, 0o777),
        "chown": lambda: os.chown(CODE, os.getuid(), os.getgid()),
        "times": lambda: os.utime(CODE, (0, 0)),
        "attributes": lambda: os.setxattr(CODE, "user.x", b"y"),
        "truncated": lambda: os.truncate(CODE, 0),
        "allocated": lambda: os.posix_fallocate(descriptor, 0, 1),
        "mapped": lambda: write_mapping(descriptor),
        "the runtime": lambda: open("/var/runtime/ingle_runtime/frames.py", "a"),
        "the C library": lambda: open("/proc/self/root/usr/bin/env", "a"),
        "the system's folder": lambda: os.mkdir("/usr/new"),
        "the accounts": lambda: open("/etc/passwd", "a"),
        "the names of hosts": lambda: open("/etc/hosts", "a"),
        "the linker's preloads": lambda: open("/etc/ld.so.preload", "w"),
        "a device of its own": lambda: os.mknod("/dev/new", 0o10666),
        "a device's mode": lambda: os.chmod("/dev/null", 0),
        "the root": lambda: os.mkdir("/new"),
        "outside": lambda: open("/../../new", "w"),
    }
    return outcomes(attempts)


def write_mapping(descriptor):
    """Write to a file through memory that is shared with it."""
    mmap.mmap(descriptor, 1, mmap.MAP_SHARED, mmap.PROT_WRITE)[0] = 0


def handler(event, context):
    """Attack in the way that the event names; what it has besides are the arguments."""
    way, *arguments = event
    return globals()[way](*arguments)
