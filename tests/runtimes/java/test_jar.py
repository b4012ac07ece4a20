"""The jar, which is committed as it was built from its sources."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ingle.runtimes.java import JAR

ROOT = Path(__file__).parents[3]
SOURCES = JAR.parent / "source"


def build(output: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "scripts" / "build-java-runtime", "--output", output],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]},
    )


def test_building_it_from_its_sources_gives_the_same_bytes(java, tmp_path):
    if not java.version.startswith("17."):
        pytest.fail(f"the jar is built with a JDK 17, and javac is of {java.version}")
    done = build(tmp_path / "built.jar")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "built.jar").read_bytes() == JAR.read_bytes(), (
        "the jar is not that of the sources: run scripts/build-java-runtime"
    )


def test_without_a_compiler_the_script_says_what_is_missing(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "build-java-runtime", "--output", tmp_path / "a.jar"],
        capture_output=True,
        text=True,
        env={"PATH": str(tmp_path)},
    )
    assert done.returncode != 0
    assert "openjdk-17-jdk-headless" in done.stderr


def test_its_classes_are_for_java_8():
    with zipfile.ZipFile(JAR) as jar:
        for name in jar.namelist():
            if name.endswith(".class"):
                assert jar.read(name)[4:8] == bytes([0, 0, 0, 52]), name


def test_it_has_awss_interfaces():
    with zipfile.ZipFile(JAR) as jar:
        names = set(jar.namelist())
    package = "com/amazonaws/services/lambda/runtime"
    assert {
        f"{package}/{name}.class"
        for name in (
            *("Client", "ClientContext", "CognitoIdentity", "Context", "CustomPojoSerializer"),
            *("LambdaLogger", "LambdaRuntime", "LambdaRuntimeInternal"),
            *("RequestHandler", "RequestStreamHandler", "logging/LogLevel", "logging/LogFormat"),
        )
    } <= names


def test_it_needs_no_module_but_the_base_one(java, tmp_path):
    jdeps = java.prefix / "bin" / "jdeps"
    assert shutil.which(jdeps), f"{jdeps} is missing, which is part of a JDK"
    said = subprocess.run([jdeps, "-summary", JAR], capture_output=True, text=True, check=True)
    assert said.stdout.split() == [JAR.name, "->", "java.base"]


def test_no_source_file_is_too_long_to_be_read():
    for path in SOURCES.rglob("*.java"):
        lines = path.read_text("utf-8").splitlines()
        assert len(lines) < 400, path
        assert all(len(line) <= 120 for line in lines), path


def test_every_class_is_explained():
    for path in SOURCES.rglob("*.java"):
        text = path.read_text("utf-8")
        assert re.search(
            r"\*/\n(?:@\w+.*\n)*(?:public )?(?:abstract |final )*(?:class|interface|enum)", text
        ), path
