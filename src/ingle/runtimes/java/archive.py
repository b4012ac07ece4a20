"""Class-data archives: classes as the virtual machine has them in memory, in a file.

A virtual machine that maps one starts in a third of the time, and shares the memory of its classes
with all others that do. See https://docs.oracle.com/en/java/javase/21/vm/class-data-sharing.html.
"""

import asyncio
import hashlib
import json
import logging
import os
import shutil
import socket
import tempfile
import zipfile
from pathlib import Path

from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.java import JAR, major_of
from ingle.runtimes.python import frames

logger = logging.getLogger(__name__)

_FIRST = 11
"""Java 8 shares only the classes that it was installed with."""
_WITH_OWN_CLASSES = 17
"""Before, the jar had to have the same path when the archive is made and when it is used."""
_TIMEOUT_S = 120.0
_JAR_PLACE = "../runtime/ingle-java-runtime.jar"
"""Seen from /var/task, in which sandboxes start; the path is compared when the archive is used."""
_OWN = ("ingle/", "com/amazonaws/services/lambda/runtime/")
_REHEARSAL = "ingle.rehearsal.Greeter"
_FORMAT = "1"
"""Changes when archives of the same Java and jar must be made anew."""


async def archive(interpreter: Interpreter, folder: Path) -> Path | None:
    """Return the archive for a Java, made now if there is none yet; that takes some seconds.

    Args:
        interpreter: the Java.
        folder: where archives are kept, one of about 15 MB for each Java; it is made if need be.

    Returns:
        None where this Java has no such archives, or making one failed, which is logged; it starts
        without.

    Raises:
        OSError: if the folder cannot be written.
    """
    if major_of(interpreter.version) < _FIRST:
        return None
    target = folder / await asyncio.to_thread(_name, interpreter)
    if await asyncio.to_thread(target.exists):
        return target
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    aside = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=".java-", dir=folder))
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            made = await _make(interpreter, aside)
        await asyncio.to_thread(_keep, made, target)
    except (_FailedError, TimeoutError) as error:
        logger.warning(
            "Java %s starts without an archive of its classes: %s",
            interpreter.version,
            str(error) or "it took too long to make one",
        )
        return None
    finally:
        await asyncio.to_thread(shutil.rmtree, aside)
    return target


class _FailedError(Exception):
    """A virtual machine did not do what was asked."""


def _name(interpreter: Interpreter) -> str:
    installed = hashlib.sha256(os.fsencode(interpreter.executable)).hexdigest()[:12]
    exact = hashlib.sha256(JAR.read_bytes())
    library = interpreter.prefix / "lib" / "server" / "libjvm.so"
    stamp = library.stat().st_mtime_ns if library.exists() else 0
    # The jar's time is compared when the archive is used.
    exact.update(f"{_FORMAT} {interpreter.version} {stamp} {JAR.stat().st_mtime_ns}".encode())
    return f"java-{installed}-{exact.hexdigest()[:16]}.jsa"


def _keep(made: Path, target: Path) -> None:
    with made.open("rb") as file:
        os.fsync(file.fileno())
    made.chmod(0o644)
    made.replace(target)
    older = target.name.rsplit("-", 1)[0] + "-*.jsa"
    for path in target.parent.glob(older):
        if path != target:
            path.unlink(missing_ok=True)  # of a former jar, or of this Java before an update


async def _make(interpreter: Interpreter, aside: Path) -> Path:
    """Rehearse to find out which classes are loaded, and archive them."""
    task = aside / "var" / "task"
    jar = aside / "var" / "runtime" / JAR.name
    await asyncio.to_thread(_lay_out, task, jar)
    listed, made = aside / "classes", aside / "archive"
    await _rehearse(interpreter, task, f"-XX:DumpLoadedClassList={listed}")
    own = major_of(interpreter.version) >= _WITH_OWN_CLASSES
    await asyncio.to_thread(_complete, listed, interpreter.prefix, own)
    await _run(
        interpreter,
        task,
        # The only collector whose heap can be archived as well; it need not be the one in use.
        *("-Xshare:dump", "-XX:+UseG1GC", "-Xmx128m"),
        f"-XX:SharedClassListFile={listed}",
        f"-XX:SharedArchiveFile={made}",
        *("-cp", _JAR_PLACE if own else "/nonexistent.jar"),
    )
    if not await asyncio.to_thread(made.exists):
        raise _FailedError("it made no archive")
    return made


def _lay_out(task: Path, jar: Path) -> None:
    task.mkdir(parents=True)
    jar.parent.mkdir()
    shutil.copy2(JAR, jar)


async def _rehearse(interpreter: Interpreter, task: Path, *flags: str) -> None:
    """Bring a runtime up, let it load a handler, and let it end."""
    settings = {"handler": _REHEARSAL, "environment": {"LAMBDA_TASK_ROOT": str(task)}}
    body = json.dumps(settings).encode()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(frames.HEADER.pack(len(body), frames.INIT) + body)
        ours.shutdown(socket.SHUT_WR)
        await _run(
            interpreter,
            task,
            *("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"),
            *flags,
            *("-jar", _JAR_PLACE, "/nonexistent"),
            channel=theirs,
        )


async def _run(
    interpreter: Interpreter, folder: Path, *arguments: str, channel: socket.socket | None = None
) -> None:
    process = await asyncio.create_subprocess_exec(
        str(interpreter.executable),
        *arguments,
        cwd=folder,
        stdin=channel.fileno() if channel else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", "TZ": ":UTC"},
    )
    try:
        printed, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        raise _FailedError(printed.decode("utf-8", "replace").strip()[-500:] or "it failed")


def _complete(listed: Path, prefix: Path, own: bool) -> None:
    """Add what Java's own archive has, and all of the jar, to the classes of a rehearsal."""
    lines = listed.read_text("utf-8").splitlines()
    usual = prefix / "lib" / "classlist"
    if usual.exists():
        lines = usual.read_text("utf-8").splitlines() + lines
    if own:
        with zipfile.ZipFile(JAR) as jar:
            names = [name.removesuffix(".class") for name in jar.namelist()]
        lines += [name for name in names if name.startswith(_OWN) and "." not in name]
    else:
        lines = [line for line in lines if not line.startswith(_OWN)]
    listed.write_text("\n".join(dict.fromkeys(lines)) + "\n", "utf-8")
