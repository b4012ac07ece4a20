"""Unpacks one layer, which may be hostile: its files under names of Ingle's own, and a list of what
is where.

No name, link or device of the layer's comes to the disk here. Device nodes and pipes are left out,
as nothing in a sandbox could use them, and so are owners, set-user-id and extended attributes.

Source: https://github.com/opencontainers/image-spec/blob/main/layer.md.
"""

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from ingle.images import entries
from ingle.images.entries import Entry, file_path
from ingle.images.errors import ImageInvalid
from ingle.images.images import Layer
from ingle.images.limits import IMAGE
from ingle.images.sources import Source
from ingle.images.streams import DAMAGE, TOO_LARGE, Ended, LayerStream

_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"
_PERMISSIONS = 0o777
_CHUNK = 1 << 20
_MALFORMED = (tarfile.TarError, ValueError, OverflowError, MemoryError, *DAMAGE)


def unpack(source: Source, layer: Layer, target: Path, budget: int) -> None:
    """Unpack a layer into an empty folder; blocks.

    Args:
        source: where the layer is.
        layer: which.
        target: the folder.
        budget: how large the layer's archive may be, in bytes.

    Raises:
        ImageError: it is not what it should be, or hostile.
        OSError: it could not be read or written.
    """
    with source.open(layer.name) as file:
        stream = LayerStream(layer, file, budget)
        try:
            entries.save(target, _entries(stream, target, budget))
            stream.verify()
        except _MALFORMED as error:
            raise ImageInvalid(
                f"the layer {layer.title} is damaged: {error or type(error).__name__}"
            ) from error
    entries.save_size(target, stream.archive.size)


def _entries(stream: LayerStream, target: Path, budget: int) -> Iterator[Entry]:
    files = written = 0
    archive = tarfile.open(  # noqa: SIM115 - it is closed with the stream
        fileobj=cast(IO[bytes], Ended(stream.archive)),
        mode="r|",
        bufsize=_CHUNK,
        errors="surrogateescape",
    )
    count = 0
    while (member := archive.next()) is not None:
        archive.members = []  # type: ignore[attr-defined]  # it would keep all of them
        count += 1
        if count > IMAGE.entries:
            raise ImageInvalid(f"a layer has more than {IMAGE.entries} entries")
        entry = _entry(member, files)
        if entry is None:
            continue
        if entry.kind == entries.FILE:
            written += member.size  # of a sparse one, more than is in the archive
            if written > budget:
                raise ImageInvalid(TOO_LARGE)
            _write(archive, member, file_path(target, files))
            files += 1
        yield entry


def _entry(member: tarfile.TarInfo, number: int) -> Entry | None:
    """Say what a member of the archive is; None where it is nothing to keep."""
    parts = checked_parts(member.name)
    path = "/".join(parts)
    if not parts:
        return Entry("", entries.FOLDER, member.mode & _PERMISSIONS) if member.isdir() else None
    name = parts[-1]
    if name == _OPAQUE:
        return Entry("/".join(parts[:-1]), entries.CLEARED)
    if name.startswith(_WHITEOUT):
        hidden = name.removeprefix(_WHITEOUT)
        if hidden in ("", ".", ".."):
            raise ImageInvalid(f"a layer holds the whiteout {name!r}")
        return Entry("/".join([*parts[:-1], hidden]), entries.GONE)
    if member.isdir():
        return Entry(path, entries.FOLDER, member.mode & _PERMISSIONS)
    if member.issym():
        return Entry(path, entries.LINK, target=_target(member))
    if member.islnk():
        return Entry(path, entries.SAME, target="/".join(checked_parts(member.linkname)))
    if member.isreg():
        return Entry(path, entries.FILE, number=number)
    return None


def checked_parts(name: str) -> list[str]:
    """Split the name of an entry; raise ImageInvalid where it leads out, or is too long."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise ImageInvalid(f"a layer holds {_shown(name)}, which leads out of it")
    if "\0" in name:
        raise ImageInvalid(f"a layer holds {_shown(name)}, which is no name")
    encoded = [os.fsencode(part) for part in parts]
    if (
        len(parts) > IMAGE.depth
        or sum(map(len, encoded)) + len(parts) > IMAGE.path_bytes
        or any(len(part) > IMAGE.name_bytes for part in encoded)
    ):
        raise ImageInvalid(f"a layer holds {_shown(name)}, which is too long or too deep")
    return parts


def _target(member: tarfile.TarInfo) -> str:
    target = member.linkname
    if not target or "\0" in target or len(os.fsencode(target)) > IMAGE.path_bytes:
        raise ImageInvalid(f"the link {_shown(member.name)} in a layer has no valid target")
    return target


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = archive.extractfile(member)
    if content is None:
        raise ImageInvalid(f"{_shown(member.name)} in a layer has no content")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with content, os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        left = member.size
        while left:
            data = content.read(min(_CHUNK, left))
            if not data:
                raise ImageInvalid(f"{_shown(member.name)} in a layer is cut off")
            left -= len(data)
            file.write(data)
        file.flush()
        os.fchmod(file.fileno(), member.mode & _PERMISSIONS)
        # Interpreters compare it with the time in compiled code.
        moment = max(0, min(int(member.mtime), 0x7FFFFFFFFFFF))
        os.utime(file.fileno(), (moment, moment))


def _shown(name: str) -> str:
    return repr(name[:80].encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
