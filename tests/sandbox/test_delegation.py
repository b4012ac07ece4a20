"""Groups of version 2 are made where that is allowed, and processes are moved out of their way."""

import contextlib
import errno
import os
import subprocess
from pathlib import Path

import pytest

from ingle.sandbox import delegation

CONTROLLERS = "cpuset cpu io memory hugetlb pids"


def group(folder, *, handed="", controllers=CONTROLLERS, processes="", root=False, ours=True):
    """Make a folder with a group's files, as the kernel names them."""
    folder.mkdir(exist_ok=True)
    files = {"cgroup.controllers": controllers, "cgroup.subtree_control": handed}
    if ours:
        files["cgroup.procs"] = processes
    if not root:
        files["cgroup.type"] = "domain\n"
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def mount(tmp_path):
    return tmp_path / "cgroup"


def test_the_nearest_group_that_hands_controllers_down_is_taken(mount):
    group(mount, handed="memory pids", root=True)
    group(mount / "user.slice", handed="cpu memory pids")
    group(mount / "user.slice" / "session", processes="7")
    assert delegation.find_parent(mount, "/user.slice/session") == mount / "user.slice"


def test_a_group_that_is_somebody_elses_is_passed_over(mount):
    group(mount, handed="memory pids", root=True, ours=False)
    group(mount / "system.slice", handed="memory pids", ours=False)
    own = group(mount / "system.slice" / "ingle.service", processes="7")
    assert delegation.find_parent(mount, "/system.slice/ingle.service") == own
    group(own, controllers="cpuset")
    assert delegation.find_parent(mount, "/system.slice/ingle.service") is None


def test_a_group_that_systemd_delegated_is_taken_before_those_above(mount):
    group(mount, handed="memory pids", root=True)
    own = group(mount / "ingle.service", processes="7")
    assert delegation.find_parent(mount, "/ingle.service") == mount
    os.setxattr(own, "user.delegate", b"1")
    assert delegation.find_parent(mount, "/ingle.service") == own


def test_in_a_container_the_group_of_its_processes_is_taken(mount):
    group(mount, processes="1 7")
    assert delegation.find_parent(mount, "/") == mount


def test_a_path_that_leads_out_of_the_hierarchy_is_none(mount):
    group(mount, controllers="", root=True)
    assert delegation.find_parent(mount, "/../../elsewhere") is None


def test_what_is_missing_is_handed_down_and_no_more(mount):
    group(mount, handed="memory", root=True, processes="1")
    assert delegation.hand_down(mount, wanted=()) == set()
    assert (mount / "cgroup.subtree_control").read_text() == "+pids"
    assert not (mount / delegation.LEAF).exists()  # the root may have processes
    group(mount, handed="memory pids", root=True)
    assert delegation.hand_down(mount) == {"cpu"}
    assert (mount / "cgroup.subtree_control").read_text() == "+cpu"


@pytest.fixture
def real():
    """A group of the kernel's with one of its controllers; removed afterwards, and all below it."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    places = [Path(target) for _, target, kind, *_ in mounts if kind == "cgroup2"]
    known = [
        each for place in places for each in (place / "cgroup.controllers").read_text().split()
    ]
    usable = sorted({"hugetlb", "pids", "memory"} & set(known))
    if not usable or not os.access(places[0], os.W_OK):
        pytest.skip("there are no control groups of version 2 with a controller")
    controller = usable[0]
    control = places[0] / "cgroup.subtree_control"
    had = controller in control.read_text().split()
    control.write_text(f"+{controller}")
    folder = places[0] / f"test-{os.getpid()}"
    folder.mkdir()
    try:
        yield places[0], folder, controller
    finally:
        for each in (folder / delegation.LEAF, folder):
            with contextlib.suppress(FileNotFoundError):
                each.rmdir()
        if not had:
            control.write_text(f"-{controller}")


def test_the_kernel_hands_controllers_down_once_processes_are_moved(real):
    mount, folder, controller = real
    with subprocess.Popen(["sleep", "60"]) as process:
        try:
            (folder / "cgroup.procs").write_text(str(process.pid))
            with pytest.raises(OSError) as refused:
                (folder / "cgroup.subtree_control").write_text(f"+{controller}")
            assert refused.value.errno == errno.EBUSY
            os.setxattr(folder, "user.delegate", b"1")
            parent = delegation.find_parent(mount, f"/{folder.name}", {controller})
            assert parent == folder
            delegation.hand_down(folder, [controller], ["none"])
            leaf = folder / delegation.LEAF
            assert (leaf / "cgroup.procs").read_text().split() == [str(process.pid)]
            assert (folder / "cgroup.subtree_control").read_text().split() == [controller]
            assert controller in (leaf / "cgroup.controllers").read_text().split()
        finally:
            process.kill()
