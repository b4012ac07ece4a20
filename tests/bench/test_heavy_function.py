"""The function that is measured with SnapStart and without."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from bench.heavy_function import heavy
from bench.programs import Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """With packages that are there to be imported, and no more."""
    folder = tmp_path / "packages"
    for name in ("numpy", "pandas"):
        (folder / name / "tests").mkdir(parents=True)
        (folder / name / "__init__.py").touch()
        (folder / name / "tests" / "test_it.py").touch()
    (folder / "lock.sha256").touch()
    return heavy(folder)


def run(program: Program, source: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs Python in the unpacked package, where `handler` is the function's."""
    with zipfile.ZipFile(io.BytesIO(program.package())) as package:
        package.extractall(folder)
    return subprocess.run(
        [sys.executable, "-c", f"from app import handler\n{source}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_its_package_holds_what_it_imports_and_nothing_that_it_does_not_need(
    program: Program,
) -> None:
    assert set(program.files) == {"app.py", "numpy/__init__.py", "pandas/__init__.py"}


def test_only_the_first_greeting_of_a_sandbox_counts(program: Program, tmp_path: Path) -> None:
    greet = "print(handler({'username': 'Sally'}, None))"
    done = run(program, f"{greet}\n{greet}", tmp_path / "task")
    assert done.stdout == "Hello, Sally\n"
    assert "this sandbox has served before: not a cold start" in done.stderr


def test_an_empty_event_ends_the_process(program: Program, tmp_path: Path) -> None:
    done = run(program, "handler({}, None)\nprint('still here')", tmp_path / "task")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
