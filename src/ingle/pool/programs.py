"""From the interpreters that this machine has to the programs that the warden starts."""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from ingle.pool.provisions import NODEJS, PYTHON
from ingle.runtimes.catalogue import catalogue
from ingle.runtimes.command import Command
from ingle.runtimes.discovery import Interpreter
from ingle.runtimes.java.command import command as java
from ingle.runtimes.nodejs import sdk
from ingle.runtimes.nodejs.command import SDK_PLACE
from ingle.runtimes.nodejs.command import command as nodejs
from ingle.runtimes.python27.command import command as python27
from ingle.runtimes.python_sdk import bundled
from ingle.runtimes.python_sdk.choice import is_bundled, packages
from ingle.runtimes.python_sdk.tree import PLACE
from ingle.runtimes.ruby.command import command as ruby
from ingle.sandbox.program import Launch, Program

_SDKS_PLACE = "/var/runtime/sdks"
_BOOTSTRAP = Launch(
    ("/var/task/bootstrap",),
    {"LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin"},
    http=True,
    anonymous=False,
)


def programs(interpreters: Iterable[Interpreter], provisions: Path) -> dict[str, Program]:
    """Return a program for every runtime that these interpreters can serve, and for `provided`.

    Args:
        interpreters: those of this machine.
        provisions: the folder of what was fetched for runtimes (`ingle.pool.provisions`).
    """
    table = {}
    for each in interpreters:
        language = _language(each.runtime)
        program = _MAKERS[language](each)
        if language == "nodejs":
            program = _with_sdk(program, provisions / NODEJS)
        elif language in ("python", "python2"):
            program = _with_boto3(program, each, provisions / PYTHON)
        table[each.runtime] = program
    own = {sys.base_prefix: sys.base_prefix}
    for runtime, info in catalogue().items():
        if info.language.id == "provided":
            table[runtime] = Program(_launcher(), own, "/usr", _BOOTSTRAP)
    return table


def _language(runtime: str) -> str:
    return catalogue()[runtime].language.id


def _launcher() -> str:
    """Return the Python that locks a process in before it becomes a program of another language."""
    return getattr(sys, "_base_executable", sys.executable)


def _forked(interpreter: Interpreter) -> Program:
    """A Python's sandboxes are forked from that Python itself."""
    prefix = str(interpreter.prefix)
    return Program(str(interpreter.executable), {prefix: prefix}, prefix)


def _launched(command: Callable[[Interpreter], Command]) -> Callable[[Interpreter], Program]:
    """Any other language's sandboxes become a program that speaks in frames."""

    def make(interpreter: Interpreter) -> Program:
        told = command(interpreter)
        prefix = str(interpreter.prefix)
        shows = {sys.base_prefix: sys.base_prefix, prefix: prefix, **told.shows}
        launch = Launch(told.arguments, told.environment, http=False, anonymous=True)
        return Program(_launcher(), shows, prefix, launch)

    return make


def _java(interpreter: Interpreter) -> Command:
    """A Java starts from the classes that it was installed with, without an archive of its own."""
    return java(interpreter, None)


def _with_sdk(program: Program, folder: Path) -> Program:
    """Show the AWS SDKs, also when they are fetched only after sandboxes were made."""
    return replace(
        program,
        shows={**program.shows, str(folder): _SDKS_PLACE},
        links={
            **program.links,
            SDK_PLACE: f"{_SDKS_PLACE}/{sdk.modules()}",
            # `import` looks only above the importing file: layers first, then the SDKs.
            "/var/node_modules": "/opt/nodejs/node_modules",
            "/node_modules": SDK_PLACE,
        },
    )


def _with_boto3(program: Program, python: Interpreter, folder: Path) -> Program:
    """Show boto3 and what it needs, also when they are fetched only after sandboxes were made."""
    tree = packages(python)
    if tree is None:
        return program
    shows = {str(folder): _SDKS_PLACE}
    if is_bundled(python):
        shows[str(bundled.data())] = bundled.DATA_PLACE
    links = {f"{PLACE}/{name}": f"{_SDKS_PLACE}/{tree.name}/{name}" for name in tree.entries()}
    return replace(program, shows={**program.shows, **shows}, links={**program.links, **links})


_MAKERS: Mapping[str, Callable[[Interpreter], Program]] = {
    "python": _forked,
    "nodejs": _launched(nodejs),
    "java": _launched(_java),
    "python2": _launched(python27),
    "ruby": _launched(ruby),
}
"""By language; every language with interpreters that the catalogue calls served."""
