"""From the interpreters that this machine has to the programs that the warden starts."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from ingle.pool.provisions import JAVA, NODEJS, PYTHON
from ingle.pool.spec import IMAGE
from ingle.runtimes.catalogue import catalogue
from ingle.runtimes.command import Command
from ingle.runtimes.discovery import Interpreter
from ingle.runtimes.java import archive
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
_HOME = "/var/lang"
_COVERED = (Path("/opt"), Path("/tmp"), Path("/var/task"))  # noqa: S108
"""Where each sandbox mounts what is its own: nothing that was below stays visible."""
_BOOTSTRAP = Launch(
    ("/var/task/bootstrap",),
    {"LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin"},
    http=True,
    anonymous=False,
)


_IMAGE = Launch((), {}, http=True, anonymous=False, image=True)


def programs(interpreters: Iterable[Interpreter], provisions: Path) -> dict[str, Program]:
    """Return a program for every runtime that these interpreters can serve, for `provided`, and for
    container images.

    Args:
        interpreters: those of this machine.
        provisions: the folder of what was made for runtimes (`ingle.pool.provisions`).
    """
    table = {each.runtime: _program(each, provisions) for each in interpreters}
    own = {sys.base_prefix: sys.base_prefix}
    for runtime, info in catalogue().items():
        if info.language.id == "provided":
            table[runtime] = Program(_launcher(), own, "/usr", _BOOTSTRAP)
    table[IMAGE] = Program(_launcher(), own, "/usr", _IMAGE)
    return table


def _program(interpreter: Interpreter, provisions: Path) -> Program:
    match catalogue()[interpreter.runtime].language.id:
        case "python":
            return _with_boto3(_forked(interpreter), interpreter, provisions / PYTHON)
        case "nodejs":
            return _with_sdk(_launched(interpreter, nodejs), provisions / NODEJS)
        case "java":
            place = archive.place(interpreter, provisions / JAVA)
            return _launched(interpreter, partial(java, archive=place))
        case "python2":
            program = _launched(interpreter, python27)
            return _with_boto3(program, interpreter, provisions / PYTHON)
        case "ruby":
            return _launched(interpreter, ruby)
        case other:
            raise ValueError(f"Ingle has no program for {other}")


def _launcher() -> str:
    """Return the Python that locks a process in before it becomes a program of another language."""
    return getattr(sys, "_base_executable", sys.executable)


def _placed(interpreter: Interpreter) -> tuple[Interpreter, str, dict[str, str]]:
    """Say where sandboxes see an installation: where it is, unless they cover that.

    Returns the interpreter as sandboxes see it, the place of its installation, and the links that
    lead there.
    """
    prefix, executable = interpreter.prefix, interpreter.executable
    covered = any(folder in prefix.parents for folder in _COVERED)
    if not covered or not executable.is_relative_to(prefix):
        return interpreter, str(prefix), {}
    moved = Path(_HOME, executable.relative_to(prefix))
    # Until it is covered, it is found where it was built for, too: libraries are looked for there.
    return replace(interpreter, executable=moved), _HOME, {str(prefix): _HOME}


def _forked(interpreter: Interpreter) -> Program:
    """A Python's sandboxes are forked from that Python itself."""
    seen, place, links = _placed(interpreter)
    return Program(str(seen.executable), {str(interpreter.prefix): place}, home=place, links=links)


def _launched(interpreter: Interpreter, command: Callable[[Interpreter], Command]) -> Program:
    """Any other language's sandboxes become a program that speaks in frames."""
    seen, place, links = _placed(interpreter)
    told = command(seen)
    shows = {sys.base_prefix: sys.base_prefix, str(interpreter.prefix): place, **told.shows}
    launch = Launch(told.arguments, told.environment, http=False, anonymous=True)
    return Program(_launcher(), shows, place, launch, links)


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
