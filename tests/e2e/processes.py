"""What runs on this machine, as /proc tells."""

from pathlib import Path

from ingle.sandbox import cgroups


def processes_with(text: str) -> list[int]:
    """The processes that have a text in their command lines."""
    found = []
    for pid in _all():
        try:
            if text.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
        except OSError:  # it ended meanwhile
            continue
    return found


def descendants(pid: int) -> set[tuple[int, int]]:
    """All processes below one, each as pid and start time, which no later process shares."""
    children: dict[int, list[tuple[int, int]]] = {}
    for each in _all():
        stat = _stat(each)
        if stat is not None:
            children.setdefault(stat[0], []).append((each, stat[1]))
    found: set[tuple[int, int]] = set()
    todo = [pid]
    while todo:
        below = children.get(todo.pop(), [])
        found.update(below)
        todo += [each for each, _ in below]
    return found


def children(pid: int) -> list[int]:
    """The processes right below one."""
    return [each for each in _all() if (stat := _stat(each)) is not None and stat[0] == pid]


def open_files(pid: int) -> int:
    """How many descriptors a process has open."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def sandboxes(pid: int) -> set[tuple[int, int]]:
    """Those processes below a server that are in other pid namespaces than this one."""
    own = Path("/proc/self/ns/pid").readlink()
    found = set()
    for each, started in descendants(pid):
        try:
            if Path(f"/proc/{each}/ns/pid").readlink() != own:
                found.add((each, started))
        except OSError:  # it ended meanwhile
            continue
    return found


def alive(processes: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those of the processes that still run."""
    return {
        (pid, started)
        for pid, started in processes
        if (stat := _stat(pid)) is not None and stat[1] == started
    }


def control_groups(processes: set[tuple[int, int]]) -> list[Path]:
    """The folders of control groups that servers with these processes made."""
    place = cgroups.find()
    pids = {pid for pid, _ in processes}
    return [
        folder
        for parent in ([*place.parents.values(), place.freezer] if place is not None else [])
        if parent is not None
        for folder in parent.glob("ingle-*")
        if int(folder.name.removeprefix("ingle-")) in pids
    ]


def frozen_groups(pid: int) -> list[Path]:
    """The folders of the frozen control groups that a server's warden made."""
    place = cgroups.find()
    if place is None:
        return []
    wardens = {each for each, _ in descendants(pid)}
    return [
        file.parent
        for file in (place.freezer or place.parents["unified"]).glob("ingle-*/*/cgroup.events")
        if int(file.parts[-3].removeprefix("ingle-")) in wardens
        and "frozen 1" in file.read_text().splitlines()
    ]


def _all() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _stat(pid: int) -> tuple[int, int] | None:
    """The parent and the start time of a process that runs, a zombie not counted."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, parent, *rest = text.rpartition(")")[2].split()
    return None if state in "ZX" else (int(parent), int(rest[17]))
