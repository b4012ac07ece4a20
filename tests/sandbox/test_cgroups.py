"""What is written to the kernel's files, for version 2 of control groups.

The files are plain ones, named as in https://docs.kernel.org/admin-guide/cgroup-v2.html.
"""

import os
from pathlib import Path

import pytest

from ingle.sandbox import cgroups

MB = 1024 * 1024


@pytest.fixture
def parent(tmp_path):
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids")
    (tmp_path / "cgroup.subtree_control").write_text("memory pids")
    (tmp_path / "cgroup.procs").write_text("")
    return tmp_path


@pytest.fixture
def groups(parent):
    return cgroups.Version2(parent)


@pytest.fixture
def folder(parent):
    return parent / f"ingle-{os.getpid()}"


def files(folder):
    return {each.name: each.read_text() for each in folder.iterdir() if each.is_file()}


def test_a_server_has_a_group_with_the_weight_of_its_processors(groups, folder):
    assert int((folder / "cpu.weight").read_text()) == min(10_000, 100 * os.cpu_count())
    assert groups.shares
    assert groups.binds == {"unified": folder}


def test_a_sandbox_has_processes_memory_and_processor_time_and_no_swap(groups, folder):
    assert groups.create("s1", 1024) == ["unified/s1/cgroup.procs"]
    groups.limit("s1", 1769, quota=False)
    assert files(folder / "s1") == {
        "pids.max": "1024",
        "memory.swap.max": "0",
        "memory.oom.group": "1",
        "memory.max": str(1769 * MB),
        "cpu.weight": "1000",
    }


@pytest.mark.parametrize(
    ("memory_mb", "weight", "quota"),
    [(128, "72", "7235 100000"), (1769, "1000", "100000 100000"), (10240, "5788", "578858 100000")],
)
def test_processor_time_is_in_proportion_to_memory(groups, folder, memory_mb, weight, quota):
    groups.create("s1", 1024)
    groups.limit("s1", memory_mb, quota=True)
    assert (folder / "s1" / "cpu.weight").read_text() == weight
    assert (folder / "s1" / "cpu.max").read_text() == quota


def test_more_memory_is_given_and_all_together_bounded(groups, folder, parent):
    groups.create("s1", 1024)
    groups.extend("s1", 512)
    assert (folder / "s1" / "memory.max").read_text() == str(512 * MB)
    assert groups.bound(1000 * MB) == 1000 * MB
    assert (folder / "memory.max").read_text() == str(1000 * MB)
    (parent / "memory.max").write_text("max\n")
    assert groups.bound(1000 * MB) == 1000 * MB
    (parent / "memory.max").write_text(f"{100 * MB}\n")
    assert groups.bound(1000 * MB) == 100 * MB


def test_what_older_kernels_lack_is_done_without(groups, folder):
    groups.create("s1", 1024)
    assert groups.open_peak("s1") is None  # memory.peak came with Linux 5.19
    assert groups.peak("s1") == 0
    assert groups.open_freezer("s1") is None  # cgroup.freeze with 5.2
    assert not groups.freezes


def test_what_newer_kernels_have_is_used(groups, folder):
    groups.create("s1", 1024)
    (folder / "cgroup.freeze").write_text("0\n")
    (folder / "s1" / "cgroup.freeze").write_text("0\n")
    (folder / "s1" / "memory.peak").write_text("12345678\n")
    assert groups.freezes
    assert groups.peak("s1") == 12_345_678
    peak, freezer = groups.open_peak("s1"), groups.open_freezer("s1")
    assert os.read(peak, 32) == b"12345678\n"
    os.write(freezer, b"1")
    os.close(peak)
    os.close(freezer)
    assert (folder / "s1" / "cgroup.freeze").read_text().startswith("1")


@pytest.mark.parametrize(("kills", "told"), [(0, False), (1, True), (7, True)])
def test_the_kernel_s_kills_for_want_of_memory_are_told(groups, folder, kills, told):
    groups.create("s1", 1024)
    assert not groups.out_of_memory("s1")
    events = f"low 0\nhigh 0\nmax 12\noom {kills}\noom_kill {kills}\noom_group_kill 0\n"
    (folder / "s1" / "memory.events").write_text(events)
    assert groups.out_of_memory("s1") is told


def test_an_empty_group_is_removed_and_one_that_is_gone_already(groups, folder):
    (folder / "s1").mkdir()
    assert groups.remove("s1")
    assert groups.remove("s1")


def test_what_a_killed_server_left_is_removed_and_what_a_running_one_has_is_not(parent):
    running = parent / "ingle-1"
    dead = parent / "ingle-4194304"  # the kernel's limit of process ids, so nobody's
    for each in (running / "s1", dead / "s1", parent / "ingle-server"):
        each.mkdir(parents=True)
    cgroups.Version2(parent)
    assert (running / "s1").exists()
    assert (parent / "ingle-server").exists()
    assert not dead.exists()


def test_processor_time_is_told_of_where_the_kernel_does(tmp_path: Path) -> None:
    assert cgroups._open_time(None) == []
    assert cgroups._open_time(tmp_path) == []
    (tmp_path / "cpu.stat").write_text("usage_usec 1\n")
    [fd] = cgroups._open_time(tmp_path)
    assert os.read(fd, 100) == b"usage_usec 1\n"
    os.close(fd)
