"""Class-data archives: classes as the virtual machine has them in memory, in a file.

A virtual machine that maps one starts in a third of the time, and shares the memory of its classes
with all others that do. See https://docs.oracle.com/en/java/javase/21/vm/class-data-sharing.html.
"""

import asyncio
import hashlib
import logging
import os
import shutil
import socket
import zipfile
from pathlib import Path

from ingle.runtimes import kept
from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.java import JAR, major_of
from ingle.runtimes.making import MakingError, run

logger = logging.getLogger(__name__)

_FIRST = 11
"""Java 8 shares only the classes that it was installed with."""
_WITH_OWN_CLASSES = 17
"""Before, the jar had to have the same path when the archive is made and when it is used."""
_TIMEOUT_S = 120.0
_JAR_PLACE = "../runtime/ingle-java-runtime.jar"
"""Seen from /var/task, in which sandboxes start; the path is compared when the archive is used."""
_OWN = ("ingle/", "com/amazonaws/services/lambda/runtime/")
_FORMAT = "1"
"""Changes when archives of the same Java and jar must be made anew."""


def place(interpreter: Interpreter, folder: Path) -> Path | None:
    """Return where the archive for a Java is once `archive` has made it.

    Args:
        interpreter: the Java.
        folder: where archives are kept.

    Returns:
        None where this Java has no such archives.
    """
    if major_of(interpreter.version) < _FIRST:
        return None
    return folder / f"{_name(interpreter)}.jsa"


async def archive(interpreter: Interpreter, folder: Path) -> Path | None:
    """Return the archive for a Java, made now if there is none yet; that takes some seconds.

    One that is there is used only if it is as it was made: Java would end with one that is damaged.

    Args:
        interpreter: the Java.
        folder: where archives are kept, one of about 15 MB for each Java; it is made if need be.

    Returns:
        None where this Java has no such archives, or making one failed, which is logged; it starts
        without.

    Raises:
        OSError: if the folder cannot be written.
    """
    target = await asyncio.to_thread(place, interpreter, folder)
    if target is None or await asyncio.to_thread(kept.find, target):
        return target
    aside = await asyncio.to_thread(kept.draft, folder)
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            made = await _make(interpreter, aside)
        # Those of a former jar, or of this Java before an update, are of no use any more.
        former = "-".join([*target.name.split("-", 2)[:2], "*.jsa"])
        await asyncio.to_thread(kept.keep, made, target, former)
    except (MakingError, TimeoutError) as error:
        logger.warning(
            "Java %s starts without an archive of its classes: %s",
            interpreter.version,
            str(error) or "it took too long to make one",
        )
        return None
    finally:
        await asyncio.to_thread(shutil.rmtree, aside)
    return target


def _name(interpreter: Interpreter) -> str:
    installed = hashlib.sha256(os.fsencode(interpreter.executable)).hexdigest()[:12]
    exact = hashlib.sha256(JAR.read_bytes())
    library = interpreter.prefix / "lib" / "server" / "libjvm.so"
    stamp = library.stat().st_mtime_ns if library.exists() else 0
    # The jar's time is compared when the archive is used.
    exact.update(f"{_FORMAT} {interpreter.version} {stamp} {JAR.stat().st_mtime_ns}".encode())
    return f"java-{installed}-{exact.hexdigest()[:16]}"


async def _make(interpreter: Interpreter, aside: Path) -> Path:
    """Rehearse to find out which classes are loaded, and archive them."""
    task = aside / "var" / "task"
    jar = aside / "var" / "runtime" / JAR.name
    await asyncio.to_thread(_lay_out, task, jar)
    listed, made = aside / "classes", aside / "archive"
    await _rehearse(interpreter, task, f"-XX:DumpLoadedClassList={listed}")
    own = major_of(interpreter.version) >= _WITH_OWN_CLASSES
    await asyncio.to_thread(_complete, listed, interpreter.prefix, own)
    dump = (
        str(interpreter.executable),
        # The only collector whose heap can be archived as well; it need not be the one in use.
        *("-Xshare:dump", "-XX:+UseG1GC", "-Xmx128m"),
        f"-XX:SharedClassListFile={listed}",
        f"-XX:SharedArchiveFile={made}",
        *("-cp", _JAR_PLACE if own else "/nonexistent.jar"),
    )
    await run(dump, task)
    if not await asyncio.to_thread(made.exists):
        raise MakingError("it made no archive")
    return made


def _lay_out(task: Path, jar: Path) -> None:
    task.mkdir(parents=True)
    jar.parent.mkdir()
    shutil.copy2(JAR, jar)


async def _rehearse(interpreter: Interpreter, task: Path, flag: str) -> None:
    """Bring a runtime up, which rehearses while nobody tells it whom it serves, and let it end."""
    rehearsal = (
        str(interpreter.executable),
        *("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"),
        flag,
        *("-jar", _JAR_PLACE, "/nonexistent"),
    )
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.shutdown(socket.SHUT_WR)
        await run(rehearsal, task, theirs)


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
