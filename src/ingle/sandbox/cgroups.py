"""Control groups, versions 1 and 2, behind one small interface.

Sources: https://docs.kernel.org/admin-guide/cgroup-v1/memory.html and
https://docs.kernel.org/admin-guide/cgroup-v2.html
"""

import contextlib
import errno
import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from ingle.sandbox import delegation

_logger = logging.getLogger("ingle.warden")
_MOUNTS = Path("/proc/self/mounts")
_OWN = Path("/proc/self/cgroup")
_NAME = re.compile(r"ingle-(\d+)")
MB = 1024 * 1024
CORE_MB = 1769
"""Memory that goes with one processor;
https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""
_PERIOD_US = 100_000
_FREEZER = "unified"
_FREEZING_SINCE = (5, 2)
"""The kernel's version; https://kernelnewbies.org/Linux_5.2"""
_CORE_SHARES, _LEAST_SHARES = 1024, 2
_USUAL_WEIGHT, _CORE_WEIGHT, _MOST_WEIGHT = 100, 1000, 10_000
"""Of any group; of a sandbox with one processor, beside others; and what the kernel takes."""


class Cgroups(Protocol):
    """Makes one control group a sandbox, all below one folder of this server's."""

    version: ClassVar[int]

    @property
    def binds(self) -> dict[str, Path]:
        """The folders that a zygote needs to see, by the name under which it sees them."""
        ...

    @property
    def shares(self) -> bool:
        """Whether processor time can be shared out."""
        ...

    @property
    def freezes(self) -> bool:
        """Whether groups can be frozen."""
        ...

    def bound(self, most: int) -> int:
        """Let all groups together use no more memory than this.

        Args:
            most: in bytes.

        Returns:
            The same, or what the groups around them leave them, where that is less.
        """
        ...

    def open_usage(self) -> tuple[int, ...]:
        """Return descriptors of the files with what all groups use.

        The first holds the bytes of memory, the second what they are used for, a name and a number
        a line; the third, where there is one, the processor time that all of them ever used, in
        version 2's `cpu.stat`.
        """
        ...

    def create(self, name: str, processes: int) -> list[str]:
        """Make a group of at most so many processes; return the files by which one joins."""
        ...

    def open_members(self, files: list[str]) -> list[int]:
        """Return descriptors of the files by which one joins, as `create` returned them.

        Whoever has them can join by writing b"0".
        """
        ...

    def join(self, name: str, files: list[str], pid: int) -> None:
        """Move a process of one thread into a group, unless it has joined already.

        Args:
            name: the group's.
            files: what `create` returned.
            pid: the process, as the caller sees it.
        """
        ...

    def limit(self, name: str, memory_mb: int, *, quota: bool) -> None:
        """Bound a group's memory, and share out processor time in proportion to it.

        Args:
            name: the group's.
            memory_mb: the most memory.
            quota: whether the share holds on an idle machine too.
        """
        ...

    def extend(self, name: str, memory_mb: int) -> None:
        """Let a group whose memory is bounded have more."""
        ...

    def open_peak(self, name: str) -> int | None:
        """Return a descriptor of the file that holds the peak memory in bytes, or None."""
        ...

    def open_freezer(self, name: str) -> int | None:
        """Return a descriptor to which b"1" freezes the group and b"0" thaws it, or None."""
        ...

    def peak(self, name: str) -> int:
        """Return the most memory that the group used, in bytes; 0 where it is not measured."""
        ...

    def out_of_memory(self, name: str) -> bool:
        """Whether the kernel killed a process of the group for lack of memory."""
        ...

    def remove(self, name: str) -> bool:
        """Remove an empty group; False while it still has processes."""
        ...

    def close(self) -> None:
        """Remove the server's folder with all groups in it, as far as they are empty."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where this process may make control groups.

    Attributes:
        version: 1 or 2.
        parents: the folder to make them in, by controller; "unified" in version 2.
        freezer: with version 1, the folder of version 2's hierarchy that freezes, where there is
            one. Version 1's own freezer would hold back the kill of what is frozen.
    """

    version: int
    parents: dict[str, Path]
    freezer: Path | None = None

    @property
    def shares(self) -> bool:
        """Whether processor time can be shared out."""
        if self.version == 1:
            return "cpu" in self.parents
        return "cpu" in _read(self.parents["unified"] / "cgroup.controllers").split()

    @property
    def freezes(self) -> bool:
        """Whether groups can be frozen."""
        release = re.match(r"(\d+)\.(\d+)", os.uname().release)
        recent = release is not None and (int(release[1]), int(release[2])) >= _FREEZING_SINCE
        return recent and (self.freezer is not None or self.version == 2)


def find() -> Place | None:
    """Return where this process may make control groups that limit memory, or None."""
    mounts: dict[str, Path] = {}
    unified: Path | None = None
    for line in _MOUNTS.read_text().splitlines():
        _, target, kind, options, *_ = line.split(" ")
        if kind == "cgroup":
            for option in options.split(","):
                mounts.setdefault(option, Path(target))
        elif kind == "cgroup2":
            unified = Path(target)
    own = _own_groups()
    if unified is not None and "memory" in _read(unified / "cgroup.controllers").split():
        parent = delegation.find_parent(unified, own.get("", "/"))
        return None if parent is None else Place(2, {"unified": parent})
    if "memory" in mounts:
        parents: dict[str, Path] = {}
        for controller in ("memory", "pids", "cpu"):
            if controller in mounts:
                folder = mounts[controller] / own.get(controller, "/").lstrip("/")
                parents[controller] = folder if folder.is_dir() else mounts[controller]
        if all(os.access(folder, os.W_OK) for folder in parents.values()):
            freezer = None if unified is None else unified / own.get("", "/").lstrip("/")
            usable = freezer is not None and os.access(freezer, os.W_OK)
            return Place(1, parents, freezer if usable else None)
    return None


def claim() -> Cgroups | None:
    """Make this process's folder for the groups of its sandboxes; None where there is no place."""
    place = find()
    if place is None:
        return None
    try:
        if place.version == 2:
            return Version2(place.parents["unified"])
        return Version1(place.parents, place.freezer)
    except OSError as error:
        _logger.warning("control groups cannot be used: %s", error)
        return None


def _own_groups() -> dict[str, str]:
    groups = {}
    for line in _OWN.read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            groups[controller] = path
    return groups


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _write(path: Path, value: object) -> None:
    path.write_text(str(value))


def _remove_stale(parent: Path) -> None:
    """Remove what servers that were killed left behind."""
    for folder in parent.glob("ingle-*"):
        match = _NAME.fullmatch(folder.name)
        if match and not Path("/proc", match[1]).exists():
            _remove_tree(folder)


def _remove_tree(folder: Path) -> None:
    """Remove a folder of groups as far as they are empty; somebody else may be doing it, too."""
    with contextlib.suppress(OSError):
        for child in folder.iterdir():
            if child.is_dir():
                with contextlib.suppress(OSError):
                    child.rmdir()
        folder.rmdir()


def _rmdir(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno == errno.EBUSY:
            return False
        raise
    return True


def _number(path: Path) -> int:
    text = _read(path).strip()
    return int(text) if text.isdigit() else 0


def _counter(path: Path, key: str) -> int:
    for line in _read(path).splitlines():
        name, _, value = line.partition(" ")
        if name == key:
            return int(value)
    return 0


def _open_time(folder: Path | None) -> list[int]:
    """Open what a folder of version 2 tells of processor time, which needs no controller."""
    if folder is None:
        return []
    try:
        return [_open_to_read(folder / "cpu.stat")]
    except OSError:  # before Linux 4.15
        return []


def _open_to_read(file: Path) -> int:
    return os.open(file, os.O_RDONLY | os.O_CLOEXEC)


def _open_members(file: Path) -> int:
    return os.open(file, os.O_WRONLY | os.O_CLOEXEC)


def _has_joined(pid: int, name: str, hierarchies: int) -> bool:
    """Whether a process is in our group of this name, in so many hierarchies."""
    place = f"/ingle-{os.getpid()}/{name}"
    lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    return sum(line.endswith(place) for line in lines) == hierarchies


class Version1:
    """One hierarchy a controller; `memory` is always there, others where the kernel has them."""

    version: ClassVar[int] = 1

    def __init__(self, parents: dict[str, Path], freezer: Path | None) -> None:
        name = f"ingle-{os.getpid()}"
        self._folders = {controller: parent / name for controller, parent in parents.items()}
        if freezer is not None:
            self._folders[_FREEZER] = freezer / name
        for folder in self._folders.values():
            _remove_stale(folder.parent)
            folder.mkdir(exist_ok=True)
        if self.shares:
            _write(self._folders["cpu"] / "cpu.shares", _CORE_SHARES * (os.cpu_count() or 1))

    @property
    def binds(self) -> dict[str, Path]:
        return dict(self._folders)

    @property
    def shares(self) -> bool:
        return "cpu" in self._folders

    @property
    def freezes(self) -> bool:
        folder = self._folders.get(_FREEZER)
        return folder is not None and (folder / "cgroup.freeze").exists()

    def bound(self, most: int) -> int:
        memory = self._folders["memory"]
        most = min(most, _counter(memory / "memory.stat", "hierarchical_memory_limit") or most)
        _write(memory / "memory.limit_in_bytes", most)
        with contextlib.suppress(OSError):  # kernels without swap accounting have no such file
            _write(memory / "memory.memsw.limit_in_bytes", most)
        return most

    def open_usage(self) -> tuple[int, ...]:
        memory, folder = self._folders["memory"], self._folders.get(_FREEZER)
        return (
            _open_to_read(memory / "memory.usage_in_bytes"),
            _open_to_read(memory / "memory.stat"),
            *_open_time(folder),
        )

    def create(self, name: str, processes: int) -> list[str]:
        for folder in self._folders.values():
            (folder / name).mkdir()
        if "pids" in self._folders:
            _write(self._folders["pids"] / name / "pids.max", processes)
        # Moving one thread, and itself, spares the writer the kernel's wait for all processors
        # that `cgroup.procs` costs after a quiet while: 20 ms.
        return [
            f"{controller}/{name}/{'cgroup.procs' if controller == _FREEZER else 'tasks'}"
            for controller in self._folders
        ]

    def open_members(self, files: list[str]) -> list[int]:
        return [_open_members(self._place(each)) for each in files]

    def join(self, name: str, files: list[str], pid: int) -> None:
        if not _has_joined(pid, name, len(files)):
            for file in files:
                _write(self._place(file), pid)

    def _place(self, file: str) -> Path:
        controller, _, rest = file.partition("/")
        return self._folders[controller] / rest

    def limit(self, name: str, memory_mb: int, *, quota: bool) -> None:
        memory = self._folders["memory"] / name
        _write(memory / "memory.limit_in_bytes", memory_mb * MB)
        with contextlib.suppress(OSError):  # kernels without swap accounting have no such file
            _write(memory / "memory.memsw.limit_in_bytes", memory_mb * MB)
        if self.shares:
            cpu = self._folders["cpu"] / name
            shares = max(_LEAST_SHARES, memory_mb * _CORE_SHARES // CORE_MB)
            _write(cpu / "cpu.shares", shares)
            if quota:
                _write(cpu / "cpu.cfs_quota_us", memory_mb * _PERIOD_US // CORE_MB)

    def extend(self, name: str, memory_mb: int) -> None:
        memory = self._folders["memory"] / name
        with contextlib.suppress(OSError):  # as above
            _write(memory / "memory.memsw.limit_in_bytes", memory_mb * MB)
        _write(memory / "memory.limit_in_bytes", memory_mb * MB)

    def open_peak(self, name: str) -> int | None:
        path = self._folders["memory"] / name / "memory.max_usage_in_bytes"
        return _open_to_read(path)

    def open_freezer(self, name: str) -> int | None:
        if not self.freezes:
            return None
        return os.open(self._folders[_FREEZER] / name / "cgroup.freeze", os.O_WRONLY | os.O_CLOEXEC)

    def peak(self, name: str) -> int:
        return _number(self._folders["memory"] / name / "memory.max_usage_in_bytes")

    def out_of_memory(self, name: str) -> bool:
        return _counter(self._folders["memory"] / name / "memory.oom_control", "oom_kill") > 0

    def remove(self, name: str) -> bool:
        return all([_rmdir(folder / name) for folder in self._folders.values()])  # noqa: C419 - each in turn

    def close(self) -> None:
        for folder in self._folders.values():
            _remove_tree(folder)


class Version2:
    """The unified hierarchy."""

    version: ClassVar[int] = 2

    def __init__(self, parent: Path) -> None:
        _remove_stale(parent)
        self._folder = parent / f"ingle-{os.getpid()}"
        self._folder.mkdir(exist_ok=True)
        try:
            delegation.hand_down(parent)
            self._shares = "cpu" in delegation.hand_down(self._folder)
        except OSError:
            self._folder.rmdir()
            raise
        if self._shares:
            weight = min(_MOST_WEIGHT, _USUAL_WEIGHT * (os.cpu_count() or 1))
            _write(self._folder / "cpu.weight", weight)

    @property
    def binds(self) -> dict[str, Path]:
        return {"unified": self._folder}

    @property
    def shares(self) -> bool:
        return self._shares

    @property
    def freezes(self) -> bool:
        return (self._folder / "cgroup.freeze").exists()  # Linux 5.2

    def bound(self, most: int) -> int:
        for folder in self._folder.parents:  # the root has no such file
            most = min(most, _number(folder / "memory.max") or most)
        _write(self._folder / "memory.max", most)
        return most

    def open_usage(self) -> tuple[int, ...]:
        return (
            _open_to_read(self._folder / "memory.current"),
            _open_to_read(self._folder / "memory.stat"),
            *_open_time(self._folder),
        )

    def create(self, name: str, processes: int) -> list[str]:
        folder = self._folder / name
        folder.mkdir()
        _write(folder / "pids.max", processes)
        for file, value in (("memory.swap.max", 0), ("memory.oom.group", 1)):
            with contextlib.suppress(OSError):  # not on every kernel
                _write(folder / file, value)
        return [f"unified/{name}/cgroup.procs"]

    def open_members(self, files: list[str]) -> list[int]:
        return [_open_members(self._place(each)) for each in files]

    def join(self, name: str, files: list[str], pid: int) -> None:
        if not _has_joined(pid, name, len(files)):
            for file in files:
                _write(self._place(file), pid)

    def _place(self, file: str) -> Path:
        return self._folder / file.partition("/")[2]

    def limit(self, name: str, memory_mb: int, *, quota: bool) -> None:
        folder = self._folder / name
        _write(folder / "memory.max", memory_mb * MB)
        if self._shares:
            weight = memory_mb * _CORE_WEIGHT // CORE_MB
            _write(folder / "cpu.weight", min(_MOST_WEIGHT, weight))
            if quota:
                _write(folder / "cpu.max", f"{memory_mb * _PERIOD_US // CORE_MB} {_PERIOD_US}")

    def extend(self, name: str, memory_mb: int) -> None:
        _write(self._folder / name / "memory.max", memory_mb * MB)

    def open_peak(self, name: str) -> int | None:
        try:
            return _open_to_read(self._folder / name / "memory.peak")
        except FileNotFoundError:  # kernels before 5.19
            return None

    def open_freezer(self, name: str) -> int | None:
        try:
            return os.open(self._folder / name / "cgroup.freeze", os.O_WRONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None

    def peak(self, name: str) -> int:
        return _number(self._folder / name / "memory.peak")

    def out_of_memory(self, name: str) -> bool:
        return _counter(self._folder / name / "memory.events", "oom_kill") > 0

    def remove(self, name: str) -> bool:
        return _rmdir(self._folder / name)

    def close(self) -> None:
        _remove_tree(self._folder)
