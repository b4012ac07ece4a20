"""Commands that the benchmark runs to their end."""

import sys
from pathlib import Path

import pytest
from bench.commands import output_of
from bench.errors import BenchError
from bench.locked_packages import fill


def python(source: str) -> list[str]:
    return [sys.executable, "-c", source]


def test_what_a_command_prints_is_returned() -> None:
    assert output_of(python("print('Hello')"), "greeting failed", 30) == "Hello\n"


def test_a_command_that_fails_has_the_last_word() -> None:
    with pytest.raises(BenchError, match=r"^greeting failed: nobody is there$"):
        output_of(python("raise SystemExit('nobody is there')"), "greeting failed", 30)


def test_a_command_that_does_not_end_is_an_error_and_not_a_wait() -> None:
    with pytest.raises(BenchError, match=r"^greeting failed: it took longer than 0 s$"):
        output_of(python("import signal; signal.pause()"), "greeting failed", 0.01)


def test_a_folder_is_filled_once_and_anew_for_another_lock_file(tmp_path: Path) -> None:
    folder, lock = tmp_path / "packages", tmp_path / "some.lock"
    making = [python(f"import os; os.mkdir({str(folder)!r})")]
    lock.write_text("numpy==1")
    assert fill(folder, lock, making, "numpy") is True
    (folder / "numpy").touch()
    assert fill(folder, lock, making, "numpy") is False
    lock.write_text("numpy==2")
    assert fill(folder, lock, making, "numpy") is True
    assert not (folder / "numpy").exists()


def test_a_folder_that_could_not_be_filled_is_tried_again(tmp_path: Path) -> None:
    folder, lock = tmp_path / "packages", tmp_path / "some.lock"
    lock.write_text("numpy==1")
    making = python(f"import os; os.mkdir({str(folder)!r})")
    with pytest.raises(BenchError, match=r"^numpy could not be installed: no such version$"):
        fill(folder, lock, [making, python("raise SystemExit('no such version')")], "numpy")
    assert fill(folder, lock, [making], "numpy") is True
