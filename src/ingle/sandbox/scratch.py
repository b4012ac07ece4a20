"""Where a sandbox's /tmp is: a file system of its own on a nameless file.

What functions write there is on disk, so it does not count against their memory, and its size is a
hard bound. The file has no name and the loop device lets go of it with the last mount, so nothing
is left behind, however everything ends.

Sources: https://man7.org/linux/man-pages/man4/loop.4.html and
https://man7.org/linux/man-pages/man2/fsmount.2.html
"""

import ctypes
import errno
import fcntl
import os
import shutil
import stat
import struct
import subprocess
from pathlib import Path

_LOOP_MAJOR = 7
_LOOP_CTL_GET_FREE = 0x4C82
_LOOP_CONFIGURE = 0x4C0A
_LO_FLAGS_AUTOCLEAR = 4
_LOOP_INFO_SIZE, _LOOP_INFO_FLAGS = 232, 52
_LOOP_RESERVED = bytes(64)
_BLOCK = 4096
_TRIES = 16
"""Others may take the loop device that was free a moment ago."""
_SYS_FSOPEN, _SYS_FSCONFIG, _SYS_FSMOUNT = 430, 431, 432
_FSOPEN_CLOEXEC, _FSMOUNT_CLOEXEC = 1, 1
_FSCONFIG_SET_STRING, _FSCONFIG_CMD_CREATE = 1, 6
_MOUNT_ATTR_NOSUID, _MOUNT_ATTR_NODEV = 2, 4
_MKFS_TIMEOUT_S = 30
_FEATURES = "^has_journal,^resize_inode,uninit_bg"
_FOLDERS = "/usr/sbin:/sbin:/usr/bin:/bin"

_libc = ctypes.CDLL(None, use_errno=True)


class ScratchUnavailable(Exception):
    """The machine cannot give sandboxes a /tmp on disk; the message says why."""


class Scratch:
    """Makes file systems for sandboxes.

    Args:
        folder: where the nameless files are made.

    Raises:
        ScratchUnavailable: this machine or this user cannot.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._templates: dict[int, int] = {}
        mkfs = shutil.which("mkfs.ext4", path=_FOLDERS)
        if mkfs is None:
            raise ScratchUnavailable("mkfs.ext4 is missing (Debian, Ubuntu: e2fsprogs)")
        self._mkfs = mkfs
        try:
            self._control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
            os.close(self.mount(512, None))
        except (OSError, subprocess.SubprocessError) as error:
            raise ScratchUnavailable(f"no loop devices: {error}") from error

    def mount(self, size_mb: int, uid: int | None) -> int:
        """Make an empty file system and return a descriptor of its detached mount.

        Args:
            size_mb: its size.
            uid: the user and group to own it; None for the caller's.

        Raises:
            OSError: a step failed.
            subprocess.SubprocessError: mkfs.ext4 failed.
        """
        image = self._copy(self._template(size_mb))
        try:
            device, name = self._attach(image)
        finally:
            os.close(image)
        try:
            mount = _mount(name)
        finally:
            os.close(device)
        try:
            os.rmdir("lost+found", dir_fd=mount)
            os.chmod(".", 0o700, dir_fd=mount)
            if uid is not None:
                os.chown(".", uid, uid, dir_fd=mount)
        except OSError:
            os.close(mount)
            raise
        return mount

    def _template(self, size_mb: int) -> int:
        template = self._templates.get(size_mb)
        if template is None:
            # A little more, for the file system's own tables.
            template = self._nameless((size_mb + size_mb // 25 + 1) << 20)
            subprocess.run(  # noqa: S603 - a fixed program and fixed arguments
                [
                    self._mkfs,
                    "-q",
                    "-F",
                    "-m0",
                    f"-b{_BLOCK}",
                    "-O",
                    _FEATURES,
                    "-E",
                    "lazy_itable_init=1,nodiscard",
                    f"/proc/self/fd/{template}",
                ],
                pass_fds=(template,),
                check=True,
                capture_output=True,
                timeout=_MKFS_TIMEOUT_S,
            )
            self._templates[size_mb] = template
        return template

    def _nameless(self, size: int) -> int:
        fd = os.open(self._folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
        os.truncate(fd, size)
        return fd

    def _copy(self, template: int) -> int:
        """Copy only what is not a hole."""
        copy = self._nameless(os.fstat(template).st_size)
        end = 0
        while True:
            try:
                start = os.lseek(template, end, os.SEEK_DATA)
            except OSError as error:
                if error.errno != errno.ENXIO:
                    os.close(copy)
                    raise
                return copy  # nothing but a hole is left
            end = os.lseek(template, start, os.SEEK_HOLE)
            os.pwrite(copy, os.pread(template, end - start, start), start)

    def _attach(self, image: int) -> tuple[int, str]:
        """Return a descriptor of a loop device that shows the image, and the device's path."""
        info = bytearray(_LOOP_INFO_SIZE)
        struct.pack_into("<I", info, _LOOP_INFO_FLAGS, _LO_FLAGS_AUTOCLEAR)
        config = struct.pack("<II", image, _BLOCK) + bytes(info) + _LOOP_RESERVED
        tries = 0
        while True:
            number = fcntl.ioctl(self._control, _LOOP_CTL_GET_FREE)
            name = f"/dev/loop{number}"
            device = _open_device(name, number)
            try:
                fcntl.ioctl(device, _LOOP_CONFIGURE, config)
            except OSError as error:
                os.close(device)
                tries += 1
                if error.errno != errno.EBUSY or tries == _TRIES:
                    raise
            else:
                return device, name


def _open_device(name: str, number: int) -> int:
    flags = os.O_RDWR | os.O_CLOEXEC
    try:
        return os.open(name, flags)
    except FileNotFoundError:  # where nobody makes the nodes of new devices
        os.mknod(name, 0o600 | stat.S_IFBLK, os.makedev(_LOOP_MAJOR, number))
        return os.open(name, flags)


def _mount(device: str) -> int:
    context = _call(_SYS_FSOPEN, b"ext4", _FSOPEN_CLOEXEC)
    try:
        for key, value in ((b"source", device.encode()), (b"noinit_itable", None)):
            command = _FSCONFIG_SET_STRING if value is not None else 0
            _call(_SYS_FSCONFIG, context, command, key, value, 0)
        _call(_SYS_FSCONFIG, context, _FSCONFIG_CMD_CREATE, None, None, 0)
        attributes = _MOUNT_ATTR_NOSUID | _MOUNT_ATTR_NODEV
        return _call(_SYS_FSMOUNT, context, _FSMOUNT_CLOEXEC, attributes)
    finally:
        os.close(context)


def _call(number: int, *arguments: int | bytes | None) -> int:
    result: int = _libc.syscall(number, *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
