"""The program that unpacks layers and puts root file systems together, in a process of its own.

What it reads may be hostile, and large: it has a bound on its memory, keeps the server's loop free,
and can be ended. It makes one folder, under another name, which then appears whole and durable.
"""

import errno
import json
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from ingle.images import entries, layers, rootfs
from ingle.images.errors import ImageError, ImageInvalid
from ingle.images.images import Layer
from ingle.images.limits import IMAGE
from ingle.images.references import Reference
from ingle.images.sources import open_source
from ingle.runtimes import making
from ingle.storage.files import sync_file_system

_PROGRAM = "import sys; sys.path[:] = {path!r}; from ingle.images.intake import main; main()"
_UNFINISHED = ".partial-"
_REFUSED, _FAILED = "refused: ", "failed: "
_MOST_SAID = 400


async def unpack_layer(
    reference: Reference, path: Path, layer: Layer, target: Path, budget: int
) -> None:
    """Unpack a layer.

    Args:
        reference: the image's.
        path: the folder or archive that it is in, as `resolve` said.
        layer: which.
        target: the folder to make; the one that it is in exists.
        budget: how large the layer's archive may be, in bytes.

    Raises:
        ImageError: it is not what it should be.
        OSError: it could not be written; the text says why.
    """
    order = {"reference": asdict(reference), "path": str(path), "layer": asdict(layer)}
    await _run({**order, "target": str(target), "budget": budget})


async def build_root(layer_folders: list[Path], target: Path) -> None:
    """Put a root file system together of unpacked layers, the lowest first; else as above."""
    await _run({"layers": [str(each) for each in layer_folders], "target": str(target)})


def budget_left(layer_folders: list[Path]) -> int:
    """Return how many bytes the layers above these may have."""
    return IMAGE.image_bytes - sum(entries.size_of(each) for each in layer_folders)


async def _run(order: dict[str, Any]) -> None:
    program = _PROGRAM.format(path=sys.path)
    target = Path(order["target"])
    try:
        await making.run(
            (sys.executable, "-IS", "-c", program, json.dumps(order)),
            target.parent,
            niceness=making.AWAITED,
        )
    except making.MakingError as error:
        said = str(error)
        if said.startswith(_REFUSED):
            raise ImageInvalid(said.removeprefix(_REFUSED)) from error
        if said.startswith(_FAILED):
            raise OSError(errno.EIO, said.removeprefix(_FAILED)) from error
        raise RuntimeError(f"the program that unpacks images failed: {said}") from error


def main() -> None:
    """Carry out the order in `argv[1]`; what is wrong goes to standard output, in one line."""
    order = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (IMAGE.memory_bytes, IMAGE.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o022)
    try:
        _make(Path(order["target"]), _builder(order) if "layers" in order else _unpacker(order))
    except ImageError as error:
        _give_up(f"{_REFUSED}{error.reason}")
    except MemoryError:
        _give_up(f"{_REFUSED}it takes too much memory to unpack")
    except OSError as error:
        _give_up(f"{_FAILED}{error.strerror or error}")


def _give_up(reason: str) -> NoReturn:
    print(reason.encode("utf-8", "replace").decode()[:_MOST_SAID])
    sys.exit(1)


def _builder(order: dict[str, Any]) -> Callable[[Path], None]:
    return lambda folder: rootfs.build([Path(each) for each in order["layers"]], folder)


def _unpacker(order: dict[str, Any]) -> Callable[[Path], None]:
    def unpack(folder: Path) -> None:
        source = open_source(Reference(**order["reference"]), Path(order["path"]))
        try:
            layers.unpack(source, Layer(**order["layer"]), folder, order["budget"])
        finally:
            source.close()

    return unpack


def _make(target: Path, fill: Callable[[Path], None]) -> None:
    """Have a folder filled under another name, so that it appears whole or not at all."""
    aside = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=target.parent))
    try:
        aside.chmod(0o755)
        fill(aside)
        sync_file_system(aside)
        aside.rename(target)
        sync_file_system(target.parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
