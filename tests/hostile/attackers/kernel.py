"""Asks the kernel for what a function must not have."""

import ctypes
import fcntl
import os
import resource
import socket
import struct
import subprocess

from lab import call, in_child, libc, machine_code, outcome, outcomes

MACHINE = ("x86_64", "aarch64").index(os.uname().machine)
NUMBERS = {
    "_sysctl": (156, None),
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "clone3": (435, 435),
    "create_module": (174, None),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "iopl": (172, None),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "lookup_dcookie": (212, 18),
    "memfd_secret": (447, 447),
    "migrate_pages": (256, 238),
    "modify_ldt": (154, None),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "uselib": (134, None),
    "userfaultfd": (323, 282),
    "vhangup": (153, 58),
}
CLONE = (56, 220)[MACHINE]
FCNTL = (72, 25)[MACHINE]
F_SETPIPE_SZ, F_GETPIPE_SZ = 1031, 1032
NAMESPACES = {
    "mount": 0x00020000,
    "control group": 0x02000000,
    "host name": 0x04000000,
    "ipc": 0x08000000,
    "user": 0x10000000,
    "process": 0x20000000,
    "network": 0x40000000,
    "time": 0x00000080,
}
FAMILIES = {"AF_PACKET": 17, "AF_ALG": 38, "AF_VSOCK": 40, "AF_XDP": 44, "AF_BLUETOOTH": 31}
FAMILIES |= {"AF_KEY": 15, "AF_TIPC": 30, "AF_RDS": 21, "AF_CAN": 29, "AF_KCM": 41, "AF_SMC": 43}
FAMILIES |= {"AF_AX25": 3, "AF_X25": 9, "AF_LLC": 26, "AF_NFC": 39, "AF_QIPCRTR": 42}


def system(number, *arguments):
    """Make a system call with these arguments, and zeros up to six."""
    filled = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    return call("syscall", *(ctypes.c_long(each) for each in (number, *filled)))


def system_calls():
    """Make each forbidden call, with nothing in its hands, which would do no harm."""
    return outcomes(
        {
            name: lambda number=numbers[MACHINE]: system(number)
            for name, numbers in NUMBERS.items()
            if numbers[MACHINE] is not None
        }
    )


def namespaces():
    """Leave, make and join namespaces."""
    attempts = {}
    for name, flag in NAMESPACES.items():
        attempts[f"unshare {name}"] = lambda flag=flag: call("unshare", flag)
        if name != "time":  # that flag means something else to clone
            attempts[f"clone {name}"] = lambda flag=flag: system(CLONE, flag | 17)
    for name in os.listdir("/proc/self/ns"):
        path = f"/proc/self/ns/{name}"
        attempts[f"setns {name}"] = lambda path=path: call("setns", os.open(path, os.O_RDONLY), 0)
    return outcomes(attempts)


def mounts():
    """Change what is mounted."""
    return outcomes(
        {
            "mount a tmpfs": lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, None),
            "mount a proc": lambda: call("mount", b"proc", b"/tmp", b"proc", 0, None),
            "bind": lambda: call("mount", b"/usr", b"/tmp", None, 4096, None),
            "remount": lambda: call("mount", None, b"/var/task", None, 4096 | 32, None),
            "unmount": lambda: call("umount2", b"/tmp", 2),
            "unmount the code": lambda: call("umount2", b"/var/task", 2),
            "chroot": lambda: call("chroot", b"/tmp"),
            "pivot_root": lambda: system(NUMBERS["pivot_root"][MACHINE]),
        }
    )


def pipes():
    """Enlarge pipes, also in ways that a filter may overlook."""
    own = os.pipe()[1]
    upper_half = F_SETPIPE_SZ | 1 << 32
    return outcomes(
        {
            "the log's": lambda: system(FCNTL, 1, F_SETPIPE_SZ, 1 << 20),
            "its own": lambda: system(FCNTL, own, F_SETPIPE_SZ, 1 << 20),
            "with an upper half": lambda: system(FCNTL, 1, upper_half, 1 << 20),
            "a size with an upper half": lambda: system(FCNTL, 1, F_SETPIPE_SZ, 1 << 32 | 1 << 20),
        }
    )


def descriptors():
    """Do with descriptors what programs do."""
    file = os.memfd_create("file", os.MFD_ALLOW_SEALING)
    return outcomes(
        {
            "duplicate": lambda: fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, 100),
            "flags": lambda: fcntl.fcntl(file, fcntl.F_GETFD),
            "lock": lambda: fcntl.lockf(file, fcntl.LOCK_EX),
            "seal": lambda: fcntl.fcntl(file, 1033, 1),
            "the size of a pipe": lambda: fcntl.fcntl(1, F_GETPIPE_SZ),
            "a smaller pipe": lambda: fcntl.fcntl(os.pipe()[1], F_SETPIPE_SZ, 4096),
        }
    )


def sockets():
    """Open sockets that see or make traffic of others, or that lead into the kernel."""
    attempts = {
        name: lambda family=family: socket.socket(family, socket.SOCK_DGRAM)
        for name, family in FAMILIES.items()
    }
    attempts |= {
        f"{name} as a stream": lambda family=family: socket.socket(family, socket.SOCK_STREAM)
        for name, family in FAMILIES.items()
    }
    attempts["raw packets"] = lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3)
    for number in (1, 6, 255):
        attempts[f"raw IP {number}"] = lambda number=number: socket.socket(
            socket.AF_INET, socket.SOCK_RAW, number
        )
    attempts["raw IPv6"] = lambda: socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58)
    attempts["a mark"] = lambda: option(socket.SOL_SOCKET, 36, 1)
    attempts["a forced buffer"] = lambda: option(socket.SOL_SOCKET, 32, 1 << 30)
    attempts["another interface"] = lambda: option(socket.IPPROTO_IP, 19, 1)
    return outcomes(attempts)


def option(level, name, value):
    """Set an option of a socket."""
    with socket.socket() as sock:
        sock.setsockopt(level, name, value)


def netlink():
    """Change the network through netlink; the kernel answers each with an error number."""
    loopback = struct.pack("=BxHiII", 0, 0, 1, 0, 0xFFFFFFFF)
    address = struct.pack("=BBBBI", socket.AF_INET, 24, 0, 0, 1)
    address += struct.pack("=HH4s", 8, 2, bytes((10, 0, 0, 1)))
    name = struct.pack("=HH8s", 12, 3, b"evil0\0\0\0")
    info = struct.pack("=HH", 16, 18) + struct.pack("=HH8s", 10, 1, b"dummy\0\0\0")
    link = struct.pack("=BxHiII", 0, 0, 0, 0, 0) + name + info
    route = struct.pack("=BBBBBBBBI", socket.AF_INET, 0, 0, 0, 254, 4, 253, 1, 0)
    return {
        "bring the loopback down": netlink_error(16, 0, loopback),
        "an address": netlink_error(20, 0x600, address),
        "an interface": netlink_error(16, 0x600, link),
        "a route": netlink_error(24, 0x600, route),
        "no loopback": netlink_error(17, 0, loopback),
        "audit": outcome(audit),
    }


def netlink_error(kind, flags, body):
    """Send one request to the kernel's routing; return the name of its error."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as sock:
        sock.settimeout(1)
        sock.send(struct.pack("=IHHII", 16 + len(body), kind, flags | 5, 1, 0) + body)
        answer = sock.recv(4096)
    number = struct.unpack_from("=i", answer, 16)[0]
    return outcome(lambda: refuse(-number)) if number else "done"


def refuse(number):
    """Raise the error of this number."""
    raise OSError(number, os.strerror(number))


def audit():
    """Tell the kernel's audit who its daemon is."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9) as sock:
        sock.settimeout(1)
        body = struct.pack("=8I", 4, 0, 0, os.getpid(), 0, 0, 0, 0)
        sock.send(struct.pack("=IHHII", 16 + len(body), 1001, 5, 1, 0) + body)
        number = struct.unpack_from("=i", sock.recv(4096), 16)[0]
        if number:
            refuse(-number)


def rights():
    """Get another user's rights, or more of one's own."""
    header = struct.pack("<Ii", 0x20080522, 0)
    everything = b"\xff" * 24
    attempts = {
        "a capability": lambda: call("capset", header, everything),
        "an ambient capability": lambda: call("prctl", 47, 2, 21, 0, 0),
        "a bounding set": lambda: call("prctl", 24, 0, 0, 0, 0),
        "secure bits": lambda: call("prctl", 28, 0x2F, 0, 0, 0),
        "new privileges again": lambda: call("prctl", 38, 0, 0, 0, 0),
        "another executable": lambda: call("prctl", 35, 13, 0, 0, 0),
        "groups": lambda: os.setgroups([0]),
        "a gid": lambda: os.setresgid(7, 7, 7),
        "a uid": lambda: os.setresuid(7, 7, 7),
        "more open files": lambda: raise_limit(resource.RLIMIT_NOFILE, 4096),
        "endless open files": lambda: raise_limit(resource.RLIMIT_NOFILE, 2**64 - 1),
        "core dumps": lambda: raise_limit(resource.RLIMIT_CORE, 1),
        "to be more important": lambda: os.setpriority(os.PRIO_PROCESS, 0, -5),
        "real time": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
        "a device": lambda: os.mknod("/tmp/mem", 0o20666, os.makedev(1, 1)),
        "a block device": lambda: os.mknod("/tmp/disk", 0o60666, os.makedev(254, 0)),
        "a terminal's input": terminal_input,
        "a terminal": lambda: os.open("/dev/ptmx", os.O_RDWR),
        "an old personality": lambda: call("personality", 0x0400000),
        "a foreign personality": lambda: call("personality", 0x0008),
    }
    return outcomes(attempts)


def raise_limit(which, value):
    """Allow oneself more."""
    call("setrlimit", which, struct.pack("=QQ", value, value))


def terminal_input():
    """Type into the terminal that the server may have been started from."""
    for fd in (0, 1, 2):
        fcntl.ioctl(fd, 0x5412, b"x")


def status(text):
    """The user and the capabilities in the text of a /proc/…/status."""
    kept = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapAmb", "NoNewPrivs", "Seccomp")
    lines = (line.partition(":") for line in text.splitlines())
    return {name: value.split() for name, _, value in lines if name in kept}


def set_user_id_programs():
    """What processes of a set-user-id program have: as much as this one."""
    with open("/proc/self/status") as file:
        own = status(file.read())
    found = []
    for folder in ("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/libexec", "/usr/local/bin"):
        for top, _, files in os.walk(folder):
            for name in files:
                path = os.path.join(top, name)
                if not os.path.islink(path) and os.lstat(path).st_mode & 0o6000:
                    found.append(path)
    copy = "/tmp/cat"
    with open("/bin/cat", "rb") as source, open(copy, "wb") as target:
        target.write(source.read())
    os.chmod(copy, 0o6755)
    printed = subprocess.run([copy, "/proc/self/status"], capture_output=True, text=True)
    quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    running = {}
    for program in ("su", "sudo", "mount", "umount", "passwd", "newgrp", "chsh", "pkexec"):
        arguments = {"mount": ["none", "/tmp", "-t", "tmpfs"], "umount": ["/tmp"]}.get(program, [])
        try:
            running[program] = subprocess.Popen([program, *arguments], **quiet)
        except (FileNotFoundError, PermissionError):
            continue
    ends = {}
    for program, process in running.items():
        try:
            ends[program] = process.wait(0.5)
        except subprocess.TimeoutExpired:  # it asks, or punishes a wrong answer with delay
            process.kill()
            ends[program] = process.wait()
    return {
        "own": own,
        "through a program": status(printed.stdout),
        "ends": ends,
        "found": len(found),
        "mounted": "none /tmp" in open("/proc/mounts").read(),
    }


def other_architectures():
    """Make system calls as programs of other architectures do, which a filter may not know.

    A child makes each, because a filter may end who does.
    """
    if MACHINE != 0:
        return {}
    getpid_32 = machine_code(b"\x53\xb8\x14\x00\x00\x00\xcd\x80\x5b\xc3")
    unshare_32 = machine_code(b"\x53\xb8\x36\x01\x00\x00\xbb\x00\x00\x00\x10\xcd\x80\x5b\xc3")
    getpid_x32 = machine_code(b"\xb8\x27\x00\x00\x40\x0f\x05\xc3")
    return {
        "32 bits": in_child(lambda: 1 if getpid_32() > 0 else 2),
        "32 bits, unshare": in_child(lambda: 1 if unshare_32() == 0 else 2),
        "x32": in_child(lambda: 1 if getpid_x32() > 0 else 2),
    }


def proc_writes():
    """Write to the kernel's settings; return what was written."""
    done = []
    for top, _, names in os.walk("/proc/sys"):
        for name in names:
            path = os.path.join(top, name)
            try:
                with open(path) as file:
                    value = file.read()
                with open(path, "w") as file:
                    file.write(value)
            except (OSError, ValueError):
                continue
            done.append(path)
    for path in ("/proc/sysrq-trigger", "/proc/self/oom_score_adj", "/proc/self/timens_offsets"):
        try:
            with open(path, "w") as file:
                file.write("-1000\n" if "oom" in path else "x")
            done.append(path)
        except OSError:
            continue
    for name in ("uid_map", "gid_map", "setgroups", "loginuid", "attr/current", "attr/exec"):
        try:
            with open(f"/proc/self/{name}", "w") as file:
                file.write("0 0 1\n")
            done.append(name)
        except OSError:
            continue
    return done


def tracing():
    """Look into and change other processes; a child with the same rights stands for them."""
    pid = os.fork()
    if pid == 0:
        os.read(os.pipe()[0], 1)
        os._exit(0)
    libc.ptrace.argtypes = (ctypes.c_long,) * 4
    try:
        return outcomes(
            {
                "to be traced": lambda: call("ptrace", 0, 0, 0, 0),
                "attach": lambda: call("ptrace", 16, pid, 0, 0),
                "seize": lambda: call("ptrace", 0x4206, pid, 0, 0),
                "attach to the first": lambda: call("ptrace", 16, 1, 0, 0),
                "read": lambda: system(NUMBERS["process_vm_readv"][MACHINE], pid),
                "write": lambda: system(NUMBERS["process_vm_writev"][MACHINE], pid),
                "take a descriptor": lambda: system(438, os.pidfd_open(pid), 1),
                "its key ring": lambda: system(NUMBERS["keyctl"][MACHINE], 0, -4, 1),
            }
        )
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def handler(event, context):
    """Attack in the way that the event names."""
    return globals()[event]()
