"""The languages besides Python whose hello functions are measured, as this machine has them."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.commands import output_of
from bench.errors import NotMeasurable
from bench.ingle_peer import COMMAND
from bench.processes import plain_environment
from bench.programs import JAVA, LANGUAGES, NODEJS, Program

FIND_TIMEOUT_S = 60.0
COMPILE_TIMEOUT_S = 120.0
_PREFERRED = {NODEJS: "nodejs20.x", JAVA: "java17"}
_ALLOWED = {NODEJS: r"nodejs\d+\.x", JAVA: r"java(1[1-9]|[2-9]\d)"}
"""Those that `_JAVA_RELEASE` suits."""
_JAVA_RELEASE = "11"
_NODE_SOURCE = """\
exports.handler = async (event) => "Hello, " + event.username;
"""
_JAVA_SOURCE = """\
import java.util.Map;

public class Hello {
    public String handle(Map<String, String> event) {
        return "Hello, " + event.get("username");
    }

    public static void main(String[] arguments) {
        System.out.println("Hello");
    }
}
"""


@dataclass(frozen=True, slots=True)
class Language:
    """A language that this machine runs.

    Attributes:
        name: of the language, a key of `LANGUAGES`.
        program: its hello function.
        bare: the command that starts the same interpreter and little more.
    """

    name: str
    program: Program
    bare: Sequence[str]


def prepare(name: str, folder: Path) -> Language:
    """Finds a language's interpreter, as Ingle does, and makes its hello function in `folder`.

    Raises:
        BenchError: `ingle runtimes` failed.
        NotMeasurable: the interpreter is missing, or for Java the compiler.
    """
    runtime, executable = _interpreter(name, folder)
    if name == NODEJS:
        program = Program(runtime, "index.handler", {"index.js": _NODE_SOURCE.encode()})
        return Language(name, program, [executable, "-e", "0"])
    compiled = compile_hello(Path(executable).with_name("javac"), folder)
    # 512 MB is the least that AWS's guides give a JVM; it has no bearing on the time here.
    program = Program(runtime, "Hello::handle", {"Hello.class": compiled}, memory_mb=512)
    bare = [executable, "-cp", str(folder), "Hello"]
    return Language(name, program, bare)


def _interpreter(name: str, folder: Path) -> tuple[str, str]:
    """The runtime to use, of those that `ingle runtimes` finds, and its interpreter's path."""
    listed = output_of(
        [str(COMMAND), "runtimes", "--format", "json"],
        "`ingle runtimes` failed",
        FIND_TIMEOUT_S,
        plain_environment(folder),
    )
    rows = [row for row in json.loads(listed) if re.fullmatch(_ALLOWED[name], row["runtime"])]
    found = {row["runtime"]: row["path"] for row in rows if row["path"]}
    if not found:
        raise NotMeasurable(f"this machine has no {LANGUAGES[name]}: {rows[-1]['install']}")
    runtime = _PREFERRED[name] if _PREFERRED[name] in found else next(iter(found))
    return runtime, found[runtime]


def compile_hello(compiler: Path, folder: Path) -> bytes:
    """The class file of the Java hello function, which is left in `folder`, too.

    Raises:
        BenchError: it does not compile.
        NotMeasurable: the compiler is missing.
    """
    if not compiler.exists():
        raise NotMeasurable(
            f"this machine has a Java runtime but no compiler: {compiler} is missing"
        )
    source = folder / "Hello.java"
    source.write_text(_JAVA_SOURCE)
    output_of(
        [str(compiler), "--release", _JAVA_RELEASE, "-d", str(folder), str(source)],
        "the Java hello function does not compile",
        COMPILE_TIMEOUT_S,
    )
    return (folder / "Hello.class").read_bytes()
