"""Reads a deployment package, which may be hostile, into a tree of checked entries.

Nothing is trusted that the archive says about itself: neither names nor sizes nor the kind of an
entry. Source of the rules: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
and the zip format's own, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT.
"""

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.limits import PackageLimits

_CORRUPT = "Could not unzip uploaded file. Please check your file, then try to upload again."
_CHUNK = 1 << 20
_CENTRAL_HEADER = b"PK\x01\x02"
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MADE_ON_DOS = 0
# As many as Linux follows in one path.
_MAX_HOPS = 40
# All that `zipfile` raises on damaged archives.
_DAMAGE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
    OverflowError,
    struct.error,
    zlib.error,
)


class BadPackage(InvalidParameterValue):
    """The package is one that Lambda does not take."""


class Budget:
    """Counts down the bytes that a package may still inflate to."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0

    def take(self, count: int) -> None:
        """Use some of it up.

        Raises:
            BadPackage: there is not that much left.
        """
        self._used += count
        if self._used >= self._limit:
            raise BadPackage(f"Unzipped size must be smaller than {self._limit} bytes")


@dataclass(slots=True)
class File:
    """A regular file in a package."""

    archive: "Archive"
    info: zipfile.ZipInfo
    executable: bool

    def read(self) -> Iterator[bytes]:
        """Yield the content in pieces, and check it.

        Raises:
            BadPackage: it is damaged, or the package inflates to more than it may.
        """
        return self.archive.read(self.info)


@dataclass(slots=True)
class Link:
    """A symbolic link in a package, known to stay inside of it."""

    info: zipfile.ZipInfo
    target: str = ""


@dataclass(slots=True)
class Folder:
    """A folder in a package, or the package itself."""

    entries: "dict[str, Folder | File | Link]" = field(default_factory=dict)


class Archive:
    """An open deployment package.

    Attributes:
        root: what is in it, checked.
        size: how much it inflates to in bytes, as it says itself; reading finds out if it lies.
    """

    def __init__(self, archive: zipfile.ZipFile, limits: PackageLimits) -> None:
        self._archive = archive
        self._limits = limits
        self._budget = Budget(limits.unzipped_bytes)
        self.root = Folder()
        self.size = 0
        for info in archive.infolist():
            self._add(info)
            self.size += info.file_size
        if not self.root.entries or not _has_content(self.root):
            raise BadPackage("Uploaded file must be a non-empty zip")
        self._read_links()
        check_links(self.root, limits)

    def read(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """Yield the content of an entry in pieces, and check it.

        Raises:
            BadPackage: it is damaged, or the package inflates to more than it may.
        """
        size = 0
        with _damage_as_error(info.filename), self._archive.open(info) as stream:
            while chunk := stream.read(_CHUNK):
                self._budget.take(len(chunk))
                size += len(chunk)
                yield chunk
        if size != info.file_size:
            raise _corrupt(f"{info.filename!r} is {size} bytes long and says {info.file_size}")

    def _add(self, info: zipfile.ZipInfo) -> None:
        _check_header(info)
        name = info.filename
        if info.create_system == _MADE_ON_DOS:
            name = name.replace("\\", "/")
        mode = info.external_attr >> 16
        kind = stat.S_IFMT(mode)
        is_folder = name.endswith("/") or kind == stat.S_IFDIR
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
            raise _corrupt(f"{name!r} is neither a file nor a folder nor a link")
        parts = self._checked_parts(name)
        if not parts:
            if is_folder:
                return
            raise _corrupt(f"an entry has the name {name!r}")
        if is_folder:
            self._folder(parts, name)
            return
        executable = bool(mode & 0o111)
        entry = Link(info) if kind == stat.S_IFLNK else File(self, info, executable)
        entries = self._folder(parts[:-1], name).entries
        if parts[-1] in entries:
            raise _corrupt(f"{name!r} is in it twice")
        entries[parts[-1]] = entry

    def _checked_parts(self, name: str) -> list[str]:
        if name.startswith("/"):
            raise _corrupt(f"{name!r} is an absolute path")
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise _corrupt(f"{name!r} points outside of the package")
        limits = self._limits
        if (
            len(parts) > limits.depth
            or len(name.encode()) > limits.path_bytes
            or any(len(part.encode()) > limits.name_bytes for part in parts)
        ):
            raise _corrupt(f"the path {name[:80]!r} is too long or too deep")
        return parts

    def _folder(self, parts: list[str], name: str) -> Folder:
        folder = self.root
        for part in parts:
            entry = folder.entries.setdefault(part, Folder())
            if not isinstance(entry, Folder):
                raise _corrupt(f"{name!r} is in a folder that is a file or link as well")
            folder = entry
        return folder

    def _read_links(self) -> None:
        for _, link in _links(self.root):
            if link.info.file_size > self._limits.link_bytes:
                raise _corrupt(f"the target of the link {link.info.filename!r} is too long")
            link.target = os.fsdecode(b"".join(self.read(link.info)))


@contextmanager
def opened(content: bytes, limits: PackageLimits) -> Iterator[Archive]:
    """Open a zip file and check what it says is in it; blocks.

    Args:
        content: the zip file's bytes.
        limits: how much it may hold.

    Raises:
        BadPackage: Lambda does not take it. Reading it in full can still show that it is damaged,
            or inflates to more than it may.
    """
    if not content:
        raise BadPackage("Uploaded file must be a non-empty zip")
    # An entry costs the parser far more memory than it takes up in the file, so they are counted
    # before it sees them. A false find in packed data does no harm this far from the limit.
    if content.count(_CENTRAL_HEADER) > limits.entries:
        raise _corrupt(f"it has more than {limits.entries} entries")
    with _damage_as_error("its directory"):
        archive = zipfile.ZipFile(io.BytesIO(content))
    with archive:
        yield Archive(archive, limits)


def check_links(root: Folder, limits: PackageLimits) -> None:
    """Check that no link, followed through all other links, leads out of a folder.

    Raises:
        BadPackage: one does, or they refer to one another too often.
    """
    steps = limits.link_steps
    for parts, link in _links(root):
        steps = _follow(root, parts, link, steps)


def _links(root: Folder) -> Iterator[tuple[list[str], Link]]:
    """Yield all links in a folder, each with the names that lead to it."""
    todo: list[tuple[list[str], Folder]] = [([], root)]
    while todo:
        parts, folder = todo.pop()
        for name, entry in folder.entries.items():
            if isinstance(entry, Folder):
                todo.append(([*parts, name], entry))
            elif isinstance(entry, Link):
                yield [*parts, name], entry


def _check_header(info: zipfile.ZipInfo) -> None:
    name = info.filename
    if "\0" in info.orig_filename:
        raise _corrupt(f"the name {name!r} holds a null character")
    if info.flag_bits & _ENCRYPTED:
        raise _corrupt(f"{name!r} is encrypted")
    if info.compress_type not in _METHODS:
        raise _corrupt(f"{name!r} is packed by a method other than deflate")


def _follow(root: Folder, parts: list[str], link: Link, steps: int) -> int:
    """Check that one link never leaves the root.

    Returns:
        How many of the steps are left.
    """
    name = link.info.filename
    # The folders that lead to where the walk is, the root not among them; None is a name that
    # the package does not have.
    walk: list[Folder | None] = []
    folder = root
    for part in parts[:-1]:
        entry = folder.entries[part]
        assert isinstance(entry, Folder)
        folder = entry
        walk.append(folder)
    todo = _target_parts(link, name)
    hops = 0
    while todo:
        steps -= 1
        if steps < 0:
            raise _corrupt("its links refer to one another too often")
        part = todo.pop()
        if part == "..":
            if not walk:
                raise _corrupt(f"the link {name!r} points outside of the package")
            walk.pop()
            continue
        here = walk[-1] if walk else root
        entry_here = here.entries.get(part) if here is not None else None
        if isinstance(entry_here, Link):
            hops += 1
            if hops > _MAX_HOPS:
                raise _corrupt(f"the link {name!r} leads in a circle")
            todo += _target_parts(entry_here, name)
        else:
            walk.append(entry_here if isinstance(entry_here, Folder) else None)
    return steps


def _target_parts(link: Link, name: str) -> list[str]:
    """Give the components of a link's target, the last one first."""
    target = link.target
    if not target or "\0" in target:
        raise _corrupt(f"the link {link.info.filename!r} has no valid target")
    if target.startswith("/"):
        raise _corrupt(f"the link {name!r} points outside of the package")
    return [part for part in reversed(target.split("/")) if part not in ("", ".")]


def _has_content(folder: Folder) -> bool:
    return any(
        _has_content(entry) if isinstance(entry, Folder) else True
        for entry in folder.entries.values()
    )


@contextmanager
def _damage_as_error(what: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise _corrupt(f"{what} is damaged: {error}") from error


def _corrupt(reason: str) -> BadPackage:
    return BadPackage(f"{_CORRUPT} ({reason})")
