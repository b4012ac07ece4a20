"""What tests of runtimes other than Python share."""

import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tests.e2e.server import INGLE

JAVAC = shutil.which("javac")


def runtimes_of(language: str) -> list[str]:
    """The runtimes of a language that this machine has its own interpreters for."""
    return [row["runtime"] for row in rows_of(language)]


def rows_of(language: str) -> list[dict[str, str]]:
    """What `ingle runtimes` says of them."""
    shown = subprocess.run(
        [INGLE, "runtimes", "--format", "json"], capture_output=True, check=True
    ).stdout
    return [row for row in json.loads(shown) if row["runtime"].startswith(language) and row["path"]]


def zip_of_files(files: Mapping[str, str | bytes]) -> bytes:
    """A package of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def java_class(folder: Path, name: str, source: str) -> bytes:
    """Compile a class of the package `example`, for Java 8 and later."""
    assert JAVAC is not None
    file = folder / f"{name}.java"
    file.write_text(source)
    command = [JAVAC, "-Xlint:-options", "--release", "8", "-d", str(folder), str(file)]
    subprocess.run(command, check=True, capture_output=True)
    return (folder / "example" / f"{name}.class").read_bytes()
