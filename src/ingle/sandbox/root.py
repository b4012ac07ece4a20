"""The root file system that functions see: an interpreter, a system to run it on, and no more.

A zygote enters it before it starts, so that every sandbox it forks begins there: a small tmpfs with
read-only bind mounts of what the machine's programs need. Nothing of the host is reachable from it
but these.
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from ingle.runtimes.python import image_root, lock
from ingle.sandbox.mounts import (
    MS_BIND,
    MS_NODEV,
    MS_NOSUID,
    MS_PRIVATE,
    MS_REC,
    bind_read_only,
    make_folder,
    mount,
    pivot,
    show,
    show_system,
)

_BASH = Path("/bin/bash")
_HOME = "/var/lang"
_ETC = (
    "alternatives",
    "ca-certificates",
    "ca-certificates.conf",
    "fonts",
    "ImageMagick-6",
    "ImageMagick-7",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "pki/tls/certs",
    "protocols",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
)
_WRITTEN = {
    "group": "root:x:0:\nsandbox:x:{uid}:\n",
    "hosts": "127.0.0.1 sandbox sandbox.localdomain localhost\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "passwd": "root:x:0:0:root:/root:/sbin/nologin\n",
}
_LIBRARIES = ("opt/lib", "var/task/lib")
"""Where functions and layers have libraries. The dynamic linker looks once whether its folders are
there, when a program starts, and that is before the function's are."""
_DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9)}
_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}


def enter(
    staging: Path,
    *,
    shows: Mapping[str, str],
    links: Mapping[str, str],
    home: str,
    code: Path,
    cgroups: Mapping[str, Path],
    resolv_conf: str,
) -> None:
    """Make the root and make it the calling process's own; raise OSError where a step fails.

    Args:
        staging: an empty folder; it is mounted over, in a new mount namespace only.
        shows: host folders to show read-only, and where.
        links: symbolic links to make, and where they lead.
        home: what `/var/lang` leads to, or is: the runtime's own installation.
        code: the folder of unpacked packages.
        cgroups: what the sandboxes' processes must be able to join, by name.
        resolv_conf: which name servers to ask.
    """
    lock.unshare(lock.CLONE_NEWNS)
    mount("", "/", "", MS_REC | MS_PRIVATE)
    inner = {"code": str(code), "proc": "/proc"}
    inner |= {f"cgroup/{name}": str(folder) for name, folder in cgroups.items()}
    root = str(staging)
    mount("ingle", root, "tmpfs", MS_NOSUID, "mode=0755,size=16m")
    for folder in ("dev", "etc", "mnt", "proc", "tmp", "var/runtime", *_LIBRARIES):
        make_folder(root, folder)
    show_system(root)
    _show_shell(root)
    for source, place in shows.items():
        if not Path(root + place).exists():  # else it is part of what the system shows
            show(root, source, place)
    for place, target in links.items():
        make_folder(root, str(Path(place).parent))
        Path(root + place).symlink_to(target)
    _fill_etc(root)
    Path(root, "etc/resolv.conf").write_text(resolv_conf)
    _fill_dev(root)
    make_folder(root, lock.INNER)
    mount("ingle", root + lock.INNER, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700")
    if home != _HOME:
        Path(root + _HOME).symlink_to(home)
    make_folder(root, image_root.PLACE)
    for name, source in inner.items():
        target = make_folder(root, f"{lock.INNER}/{name}")
        mount(source, target, "", MS_BIND)
    pivot(root)


def _show_shell(root: str) -> None:
    """Show bash as /bin/sh, which it is on AWS; bootstraps rely on that (`set -o pipefail`)."""
    shell = Path("/bin/sh").resolve()
    if shell.name == "dash" and _BASH.exists():
        bind_read_only(str(_BASH.resolve()), root + str(shell))


def _fill_etc(root: str) -> None:
    for name in _ETC:
        source = Path("/etc", name)
        if source.exists():
            show(root, str(source), f"/etc/{name}")
    for name, text in _WRITTEN.items():
        Path(root, "etc", name).write_text(text.format(uid=65534))


def _fill_dev(root: str) -> None:
    for name, numbers in _DEVICES.items():
        target = Path(root, "dev", name)
        try:
            os.mknod(target, 0o666 | stat.S_IFCHR, os.makedev(*numbers))
            target.chmod(0o666)
        except PermissionError:  # in a user namespace devices can only be borrowed
            target.touch()
            mount(f"/dev/{name}", str(target), "", MS_BIND)
    for name, text in _LINKS.items():
        Path(root, "dev", name).symlink_to(text)
