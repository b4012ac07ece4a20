"""How Java is started in a sandbox."""

import os
import re
from pathlib import Path

from ingle.runtimes.command import ANONYMOUS_ENVIRONMENT, Command
from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.java import JAR, major_of

PLACE = "/var/runtime/ingle-java-runtime.jar"
"""Where the sandbox sees the bootstrap."""
ARCHIVES_PLACE = "/var/runtime/classes"
"""Where the sandbox sees the folder of archives of classes."""
TASK = "/var/task"
"""The folder that the process starts in: an archive is used only where the same relative path leads
to the bootstrap as when it was made."""
LAYERS = "/opt/java/lib"
"""Where layers put jars: https://docs.aws.amazon.com/lambda/latest/dg/java-package.html"""

# Room for the function's variables, which take the place of these once they are known:
# source/ingle/runtime/process/NativeEnvironment.java. AWS allows 4 KB of them and adds its own.
_ROOM = {f"_{number}": "" for number in range(512)} | {"_room": " " * 24576}

# An archive that is not there would have Java do without its own one, too.
_SHELL = (
    "/bin/sh",
    "-c",
    'archive=$2; cd "$1"; shift 2;'
    ' [ -e "$archive" ] && exec "$0" "-XX:SharedArchiveFile=$archive" "$@"; exec "$0" "$@"',
)

_MOST_MEMORY_MB = 10240
_HEAP_SHARE = 0.85
"""What AWS gives the heap of a function's memory."""
_BESIDE_HEAP_MB = 40
"""What the virtual machine needs besides, in a function of the least memory."""

_FLAGS = (
    "-Xshare:auto",
    "-XX:+UseSerialGC",  # one processor or two, a small heap
    "-XX:TieredStopAtLevel=1",  # as on AWS
    "-XX:-UsePerfData",
    # The heap starts small and grows by what is live: the memory that idle sandboxes hold is less,
    # and garbage alone does not take a function over its limit.
    "-Xms8m",
    "-XX:MinHeapFreeRatio=10",
    "-XX:MaxHeapFreeRatio=25",
    "-Dfile.encoding=UTF-8",
    "-Dsun.jnu.encoding=UTF-8",
    "-Duser.language=en",
    "-Duser.country=US",
    "-Duser.home=/tmp",
    "-Duser.name=sbx_user1051",
    f"-Duser.dir={TASK}",
)
_YOUNG_MB = 32
_SETTINGS = (".cfg", ".policy", ".properties", ".security")
_SETTINGS_PLACE = re.compile(r"/etc/(?:java|jvm)[^/]*(?=/)")
"""Certificates, which are links as well, have a place of their own that sandboxes see."""


def command(
    interpreter: Interpreter, archive: Path | None, memory_mb: int | None = None
) -> Command:
    """Return how a Java is started that does not know yet which function it will run.

    With the function's memory its heap is AWS's 85 % of it, and what takes more gets Java's
    OutOfMemoryError, as on AWS. Without, the heap may become as large as any function's, and the
    control group ends what takes more.

    Args:
        interpreter: the Java, of release 8 or later.
        archive: what `ingle.runtimes.java.archive.place` returned for it. It is used if it is there
            when the process starts; None where this Java has none.
        memory_mb: the memory of the functions that it may serve; None for those of any.
    """
    shows = {str(JAR): PLACE, **_outside(interpreter.prefix)}
    java: tuple[str, ...] = (str(interpreter.executable),)
    flags = (*_FLAGS, *_heap(memory_mb))
    if archive is not None:
        shows[str(archive.parent)] = ARCHIVES_PLACE
        java = (*_SHELL, *java, TASK, f"{ARCHIVES_PLACE}/{archive.name}")
        if major_of(interpreter.version) >= 17:
            # At the address that it was made for, its pages are shared by all sandboxes.
            flags = (*flags, "-XX:+UnlockDiagnosticVMOptions", "-XX:ArchiveRelocationMode=0")
    return Command(
        arguments=(*java, *flags, "-jar", PLACE, LAYERS),
        environment={**ANONYMOUS_ENVIRONMENT, **_ROOM},
        shows=shows,
    )


def _heap(memory_mb: int | None) -> tuple[str, ...]:
    most = memory_mb or _MOST_MEMORY_MB
    heap_mb = min(int(most * _HEAP_SHARE), most - _BESIDE_HEAP_MB)
    if memory_mb is None:
        # In a large heap the space for new objects would be larger than small functions are.
        return (f"-Xmx{heap_mb}m", f"-XX:MaxNewSize={_YOUNG_MB}m")
    return (f"-Xmx{heap_mb}m",)


def _outside(prefix: Path) -> dict[str, str]:
    """Find the folders outside an installation that hold its settings, as Debian's do."""
    places = set()
    for folder, _, names in os.walk(prefix):
        for file in (Path(folder, name) for name in names if name.endswith(_SETTINGS)):
            place = _SETTINGS_PLACE.match(os.path.realpath(file)) if file.is_symlink() else None
            if place is not None:
                places.add(place[0])
    return {place: place for place in sorted(places)}
