"""How Java is started."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from ingle.pool.environment import environment
from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.java import JAR
from ingle.runtimes.java.command import ARCHIVES_PLACE, PLACE, TASK, command
from tests.pool.test_environment import SPEC, STREAM
from tests.runtimes.java.driver import on_host, pretender

ARCHIVE = Path("/cache/java.jsa")


def java(version: str, prefix: Path = Path("/opt/jdk")) -> Interpreter:
    return Interpreter("java17", prefix / "bin" / "java", version, prefix)


def test_the_jar_and_the_archives_are_shown_where_java_is_told_to_find_them():
    told = command(java("17.0.15"), ARCHIVE)
    assert told.shows == {str(JAR): PLACE, str(ARCHIVE.parent): ARCHIVES_PLACE}
    assert told.arguments[:2] == ("/bin/sh", "-c")
    assert told.arguments[3:6] == ("/opt/jdk/bin/java", TASK, f"{ARCHIVES_PLACE}/{ARCHIVE.name}")
    assert told.arguments[-3:] == ("-jar", PLACE, "/opt/java/lib")


def test_without_an_archive_there_is_no_word_of_one():
    told = command(java("17.0.15"), None)
    assert told.shows == {str(JAR): PLACE}
    assert told.arguments[0] == "/opt/jdk/bin/java"
    assert not any("Archive" in each for each in told.arguments)


@pytest.mark.parametrize("there", [True, False])
def test_an_archive_is_used_only_if_it_is_there_when_java_starts(tmp_path, there):
    executable = pretender(tmp_path, 'pwd; printf "%s\\n" "$@"').executable
    told = command(Interpreter("java17", executable, "17.0.15", tmp_path), tmp_path / "made.jsa")
    if there:
        (tmp_path / "made.jsa").touch()
    places = {TASK: str(tmp_path), ARCHIVES_PLACE: str(tmp_path)}
    command_line = [on_host(each, places) for each in told.arguments]
    done = subprocess.run(command_line, capture_output=True, text=True, check=True)
    printed = done.stdout.splitlines()
    assert printed[0] == str(tmp_path)
    used = f"-XX:SharedArchiveFile={tmp_path}/made.jsa"
    assert printed[1:] == [used] * there + command_line[6:]


@pytest.mark.parametrize(("version", "fixed"), [("11.0.2", False), ("17.0.15", True)])
def test_an_archive_stays_at_its_address_where_java_can(version, fixed):
    assert ("-XX:ArchiveRelocationMode=0" in command(java(version), ARCHIVE).arguments) == fixed


@pytest.mark.parametrize(
    ("memory_mb", "flags"),
    [
        (None, {"-Xmx8704m", "-XX:MaxNewSize=32m"}),
        (128, {"-Xmx88m"}),
        (512, {"-Xmx435m"}),
        (10240, {"-Xmx8704m"}),
    ],
)
def test_the_heap_is_85_percent_of_the_memory_and_leaves_room_for_the_rest(memory_mb, flags):
    arguments = command(java("17.0.15"), None, memory_mb).arguments
    assert {each for each in arguments if each.startswith(("-Xmx", "-XX:MaxNew"))} == flags


def test_settings_that_an_installation_has_below_etc_are_shown(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "conf" / "security").mkdir(parents=True)
    (tmp_path / "lib" / "jvm.cfg").symlink_to("/etc/java-99-openjdk/jvm.cfg")
    (tmp_path / "conf" / "security" / "java.security").symlink_to("/etc/java-99/x/java.security")
    (tmp_path / "lib" / "cacerts").symlink_to("/etc/ssl/certs/java/cacerts")
    (tmp_path / "conf" / "other.properties").symlink_to("/etc/shadow")
    shows = command(java("99.0.1", tmp_path), None).shows
    assert shows == {
        str(JAR): PLACE,
        "/etc/java-99": "/etc/java-99",
        "/etc/java-99-openjdk": "/etc/java-99-openjdk",
    }


def test_a_function_that_sets_no_variables_needs_no_new_start():
    # source/ingle/runtime/process/Restart.java compares these.
    given = environment(replace(SPEC, runtime="java17"), STREAM)
    assert given["LD_LIBRARY_PATH"] == command(java("17.0.15"), None).environment["LD_LIBRARY_PATH"]
    assert given["TZ"] == command(java("17.0.15"), None).environment["TZ"]
