"""The functions that the benchmark deploys."""

import io
import zipfile
from typing import Any

import pytest
from bench.programs import HELLO, held


def handler_of(source: bytes) -> Any:
    names: dict[str, Any] = {}
    exec(source, names)
    return names["handler"]


def test_a_package_holds_the_files_of_its_program() -> None:
    with zipfile.ZipFile(io.BytesIO(HELLO.package())) as package:
        assert {name: package.read(name) for name in package.namelist()} == HELLO.files


def test_a_held_sandbox_that_is_given_a_second_invocation_fails_it() -> None:
    handler = handler_of(held(0.0).files["app.py"])
    assert handler({"username": "Sally-1"}, None) == "Hello, Sally-1"
    with pytest.raises(RuntimeError, match="not a cold start"):
        handler({"username": "Sally-2"}, None)
