"""Where classes come from, and which of two comes first."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from ingle.runtimes.java import JAR
from ingle.runtimes.python import frames

HELLO = "example.Interfaces$Hello"


def pack(classes: Path, jar: Path) -> None:
    """Make a jar of a folder of classes."""
    jar.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(jar, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(classes.rglob("*.class")):
            file.write(path, path.relative_to(classes))


@pytest.fixture
def speaking(java, tmp_path):
    """Compile a class of the same name that says something."""

    def make(word):
        folder = tmp_path / f"word-{word}"
        folder.mkdir()
        (folder / "Word.java").write_text(
            f'public class Word {{ public static String say() {{ return "{word}"; }} }}'
        )
        subprocess.run(
            [java.prefix / "bin" / "javac", "--release", "8", "-nowarn", folder / "Word.java"],
            check=True,
            capture_output=True,
        )
        return folder

    return make


def say(bring_up):
    runtime = bring_up()
    runtime.initialise("Word::say")
    return runtime.invoke().value


def test_a_jar_in_the_packages_lib_folder_is_found(bring_up, compiled, task):
    pack(compiled["functions"], task / "lib" / "function.jar")
    runtime = bring_up()
    assert runtime.initialise(HELLO) == (frames.READY, None)
    assert runtime.invoke({"name": "jar"}).value == "Hello, jar!"


def test_a_jar_of_a_layer_is_found(bring_up, compiled, layers):
    pack(compiled["functions"], layers / "layer.jar")
    runtime = bring_up()
    assert runtime.initialise(HELLO) == (frames.READY, None)
    assert runtime.invoke({"name": "layer"}).value == "Hello, layer!"


def test_the_packages_folder_comes_before_its_jars_and_those_before_layers(
    bring_up, speaking, task, layers
):
    pack(speaking("layer"), layers / "a.jar")
    assert say(bring_up) == "layer"
    pack(speaking("second"), task / "lib" / "b.jar")
    assert say(bring_up) == "second"
    pack(speaking("first"), task / "lib" / "a.jar")
    assert say(bring_up) == "first"
    shutil.copy(speaking("folder") / "Word.class", task)
    assert say(bring_up) == "folder"


def test_a_package_that_brings_awss_interfaces_uses_the_runtimes(bring_up, compiled, put, task):
    put("functions")
    with zipfile.ZipFile(JAR) as own, zipfile.ZipFile(task / "core.jar", "w") as core:
        for name in own.namelist():
            if name.startswith("com/amazonaws/"):
                core.writestr(name, own.read(name))
                (task / name).parent.mkdir(parents=True, exist_ok=True)
                (task / name).write_bytes(own.read(name))
    (task / "lib").mkdir()
    shutil.move(task / "core.jar", task / "lib" / "core.jar")
    runtime = bring_up()
    assert runtime.initialise(HELLO) == (frames.READY, None)
    assert runtime.invoke({"name": "core"}).value == "Hello, core!"


def test_resources_of_the_package_are_found(bring_up, put, task):
    put("functions")
    service = task / "META-INF/services/com.amazonaws.services.lambda.runtime.CustomPojoSerializer"
    service.parent.mkdir(parents=True)
    service.write_text("example.Custom\n")
    runtime = bring_up()
    runtime.initialise("example.Methods::own")
    assert runtime.invoke({"any": "thing"}).value == {"custom": "own custom java.lang.String"}


def test_two_serializers_fail_each_invocation_in_aws_words(bring_up, put, task):
    put("functions")
    service = task / "META-INF/services/com.amazonaws.services.lambda.runtime.CustomPojoSerializer"
    service.parent.mkdir(parents=True)
    service.write_text("example.Custom\nexample.Another\n")
    runtime = bring_up()
    runtime.initialise("example.Methods::own")
    assert runtime.invoke("x").value == {
        "errorMessage": "Too many serializers provided inside the META-INF/services folder, only "
        "one is allowed"
    }
