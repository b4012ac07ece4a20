"""Where the files of an image are: in a folder, or in a tar archive."""

import io
import os
import stat
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from ingle.images.errors import ImageInvalid, ImageMissing, ImageUnsupported
from ingle.images.limits import IMAGE
from ingle.images.references import DOCKER_ARCHIVE, ECR, OCI, S3, Reference

_COMPRESSED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}
_LAYOUT, _DOCKER = "oci-layout", "manifest.json"


class Source(Protocol):
    """The files of an image, by their names in an OCI layout or in an archive of Docker's."""

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading; raise ImageMissing where there is none of that name."""
        ...

    def has(self, name: str) -> bool:
        """Say whether there is a file of that name."""
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


def find(reference: Reference, allowed: Sequence[Path]) -> Path:
    """Say in which folder or archive an image is.

    Args:
        reference: the image's.
        allowed: the folders that may be read.

    Returns:
        A real path below one of them.

    Raises:
        ImageMissing: there is nothing.
        ImageInvalid: it is elsewhere, or no folder may be read at all.
    """
    if not allowed:
        raise ImageInvalid(
            "this server may read images from no folder: start it with --images and the folder "
            "that they are in"
        )
    roots = [Path(os.path.realpath(each)) for each in allowed]
    if reference.kind == ECR:
        candidates = [
            root / f"{reference.path}{suffix}" for root in roots for suffix in ("", ".tar")
        ]
    else:
        candidates = [Path(reference.path)]
    for each in candidates:
        real = Path(os.path.realpath(each))
        if not any(real.is_relative_to(root) for root in roots):
            raise ImageInvalid(
                "it is in none of the folders that this server may read images from (--images)"
            )
        if real.exists():
            return real
    raise ImageMissing


def open_source(reference: Reference, path: Path) -> Source:
    """Open what `find` found.

    Raises:
        ImageMissing: there is nothing.
        ImageInvalid: it is no folder, or no archive, as the reference says.
        ImageUnsupported: the archive is compressed.
        OSError: it cannot be read.
    """
    is_folder = path.is_dir()
    if is_folder != (reference.kind == OCI) and reference.kind != ECR:
        raise ImageInvalid("its path is no archive" if is_folder else "its path is no folder")
    return Layout(path) if is_folder else Archive(path)


def is_dockers(reference: Reference, source: Source) -> bool:
    """Say whether a source is to be read as an archive of `docker save`."""
    if reference.kind == DOCKER_ARCHIVE:
        return True
    either = reference.kind in (ECR, S3)
    return either and not source.has(_LAYOUT) and source.has(_DOCKER)


class Layout:
    """An image layout in a folder.

    Args:
        folder: a real path.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, name: str) -> BinaryIO:
        path = Path(os.path.realpath(self._folder / name))
        if not path.is_relative_to(self._folder):
            raise ImageInvalid(f"{name} leads out of its folder")
        try:
            return _open_regular(path)
        except FileNotFoundError as error:
            raise ImageMissing(f"{name} is not there") from error

    def has(self, name: str) -> bool:
        return (self._folder / name).is_file()

    def close(self) -> None:
        return


class Archive:
    """An image in a tar archive.

    Args:
        path: a real path.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = _open_regular(path)
        except FileNotFoundError as error:
            raise ImageMissing from error
        try:
            self._index()
        except BaseException:
            self._file.close()
            raise

    def open(self, name: str) -> BinaryIO:
        for _ in range(IMAGE.hops):
            if name not in self._links:
                break
            # Older archives have the same layer once, and links to it.
            name = os.path.normpath(Path(name).parent / self._links[name])
        if name not in self._files:
            raise ImageMissing(f"{name} is not in it")
        offset, size = self._files[name]
        return io.BufferedReader(_Section(self._file.fileno(), offset, size), 1 << 16)

    def has(self, name: str) -> bool:
        return name in self._files or name in self._links

    def close(self) -> None:
        self._file.close()

    def _index(self) -> None:
        start = self._file.read(6)
        for magic, compression in _COMPRESSED.items():
            if start.startswith(magic):
                raise ImageUnsupported(
                    f"the archive itself is compressed with {compression}; uncompress it first"
                )
        self._file.seek(0)
        self._files: dict[str, tuple[int, int]] = {}
        self._links: dict[str, str] = {}
        try:
            with tarfile.open(fileobj=self._file, mode="r:") as archive:
                for count, member in enumerate(archive):
                    if count >= IMAGE.archive_entries:
                        raise ImageInvalid("the archive has too many files")
                    name = os.path.normpath(member.name)
                    if member.isreg() and not member.issparse():
                        self._files[name] = (member.offset_data, member.size)
                    elif member.issym():
                        self._links[name] = member.linkname
        except (tarfile.TarError, ValueError, OverflowError, EOFError) as error:
            raise ImageInvalid(f"it is no tar archive: {error}") from error


class _Section(io.RawIOBase):
    """A part of a file."""

    def __init__(self, descriptor: int, offset: int, size: int) -> None:
        self._descriptor = descriptor
        self._offset = offset
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        count = min(len(buffer), self._left)
        data = os.pread(self._descriptor, count, self._offset)
        buffer[: len(data)] = data
        self._offset += len(data)
        self._left -= len(data)
        return len(data)


def _open_regular(path: Path) -> BinaryIO:
    # A pipe would keep whoever opens it waiting.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ImageInvalid(f"{path.name} is not a regular file")
    return os.fdopen(descriptor, "rb")
