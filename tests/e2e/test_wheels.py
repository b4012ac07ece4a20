"""Packages with native code, as pip unpacks them: in the function's own package and in a layer."""

import json
import sys
import uuid
from collections.abc import Callable
from importlib.metadata import files
from typing import Any

import pytest

from tests.e2e.conftest import ROLE, RUNTIME
from tests.e2e.languages import zip_of_files

SOURCE = """
import orjson

def handler(event, context):
    return orjson.__file__, orjson.dumps(event).decode()
"""
PLACES = {
    "/var/task": "",
    "/opt/python": "python/",
    "/opt/python/lib/VERSION/site-packages": "python/lib/VERSION/site-packages/",
}


LOADING = """
import ctypes

def handler(event, context):
    ctypes.CDLL("libnative.so")
    with open("/proc/self/maps") as maps:
        return {line.split()[-1] for line in maps if "libnative" in line}.pop()
"""
LIBRARIES = {
    "/var/task/libnative.so": ("libnative.so", ""),
    "/var/task/lib/libnative.so": ("lib/libnative.so", ""),
    "/opt/lib/libnative.so": ("", "lib/libnative.so"),
}


def wheel(prefix: str) -> dict[str, bytes]:
    """The files of a wheel with native code that this Python has."""
    found = {
        f"{prefix}{each}": each.locate().read_bytes()  # type: ignore[attr-defined]
        for each in files("orjson") or ()
        if each.parts[0] != ".."
    }
    assert any(name.endswith(".so") for name in found)
    return found


@pytest.mark.parametrize("place", PLACES)
def test_a_wheel_with_native_code_is_imported(
    functions: Any, invoke: Callable[..., Any], place: str
) -> None:
    name = f"w-{uuid.uuid4().hex[:12]}"
    version = f"python3.{sys.version_info.minor}"
    files = wheel(PLACES[place].replace("VERSION", version))
    layers, package = [], {"app.py": SOURCE.encode()}
    if place == "/var/task":
        package |= files
    else:
        answer = functions.publish_layer_version(
            LayerName=name, Content={"ZipFile": zip_of_files(files)}
        )
        layers = [answer["LayerVersionArn"]]
    functions.create_function(
        FunctionName=name,
        Role=ROLE,
        Runtime=RUNTIME,
        Handler="app.handler",
        Layers=layers,
        Code={"ZipFile": zip_of_files(package)},
    )
    file, answer = invoke(name, {"a": [1, None]})[0]
    assert file == f"{place.replace('VERSION', version)}/orjson/__init__.py"
    assert json.loads(answer) == {"a": [1, None]}
    functions.delete_function(FunctionName=name)


@pytest.mark.parametrize("place", LIBRARIES)
def test_a_shared_library_is_found_where_aws_looks_for_it(
    functions: Any, invoke: Callable[..., Any], place: str
) -> None:
    name = f"w-{uuid.uuid4().hex[:12]}"
    native = next(content for file, content in wheel("").items() if file.endswith(".so"))
    in_package, in_layer = LIBRARIES[place]
    layers = []
    if in_layer:
        content = zip_of_files({in_layer: native})
        answer = functions.publish_layer_version(LayerName=name, Content={"ZipFile": content})
        layers = [answer["LayerVersionArn"]]
    package = {"app.py": LOADING.encode(), **({in_package: native} if in_package else {})}
    functions.create_function(
        FunctionName=name,
        Role=ROLE,
        Runtime=RUNTIME,
        Handler="app.handler",
        Layers=layers,
        Code={"ZipFile": zip_of_files(package)},
    )
    assert invoke(name)[0] == place
    functions.delete_function(FunctionName=name)
