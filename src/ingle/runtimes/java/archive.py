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
import tempfile
import zipfile
from pathlib import Path

from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.java import JAR, major_of
from ingle.runtimes.python import lock

logger = logging.getLogger(__name__)

_FIRST = 11
"""Java 8 shares only the classes that it was installed with."""
_WITH_OWN_CLASSES = 17
"""Before, the jar had to have the same path when the archive is made and when it is used."""
_TIMEOUT_S = 120.0
_JAR_PLACE = "../runtime/ingle-java-runtime.jar"
"""Seen from /var/task, in which sandboxes start; the path is compared when the archive is used."""
_OWN = ("ingle/", "com/amazonaws/services/lambda/runtime/")
_DRAFT = ".java-"
_NICENESS = 19
_FORMAT = "1"
"""Changes when archives of the same Java and jar must be made anew."""


def withdraw(folder: Path) -> None:
    """Have no archive used before it was looked at again, and remove drafts of a server's that was
    killed.

    Args:
        folder: where archives are kept; it must be there.

    Raises:
        OSError: if the folder cannot be written.
    """
    for path in folder.iterdir():
        if path.name.startswith(_DRAFT):
            shutil.rmtree(path)
        elif path.is_symlink():
            path.unlink()


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
    if target is None or await asyncio.to_thread(_find, target):
        return target
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    aside = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=_DRAFT, dir=folder))
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
    return f"java-{installed}-{exact.hexdigest()[:16]}"


def _find(target: Path) -> bool:
    """Show the archive that was made for a place there, unless it is damaged or missing."""
    for path in target.parent.glob(f"{target.stem}-*.jsa"):
        if path.stem == f"{target.stem}-{_digest(path)}":
            _show(path, target)
            return True
        path.unlink()
    return False


def _keep(made: Path, target: Path) -> None:
    with made.open("rb") as file:
        os.fsync(file.fileno())
    made.chmod(0o644)
    kept = made.rename(target.with_stem(f"{target.stem}-{_digest(made)}"))
    _show(kept, target)
    older = target.name.split("-", 2)[:2]
    for path in target.parent.glob("-".join([*older, "*.jsa"])):
        if path not in (kept, target):
            path.unlink(missing_ok=True)  # of a former jar, or of this Java before an update


def _show(kept: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    target.symlink_to(kept.name)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
    """Bring a runtime up, which rehearses while nobody tells it whom it serves, and let it end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
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
        preexec_fn=_step_back,
    )
    try:
        printed, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        said = printed.decode("utf-8", "replace").split()
        raise _FailedError(" ".join(said)[-500:] or f"it ended with status {process.returncode}")


def _step_back() -> None:
    """End with the server, and let its invocations go first."""
    lock.die_with_parent()
    os.nice(_NICENESS)


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
