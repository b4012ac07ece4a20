"""Builds zip files, good and hostile ones."""

import io
import stat
import zipfile
from collections.abc import Mapping

HELLO = b"def handler(event, context):\n    return 'Hello, ' + event['username']\n"


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    """Zip some files up."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def entry(
    name: str, kind: int = stat.S_IFREG, permissions: int = 0o644, system: int = 3
) -> zipfile.ZipInfo:
    """Describe one entry: its kind, permissions and the system that it says it is from."""
    info = zipfile.ZipInfo(name)
    info.create_system = system
    info.external_attr = (kind | permissions) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def zipped_entries(*entries: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    """Zip entries up as they are described."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for info, content in entries:
            archive.writestr(info, content)
    return buffer.getvalue()


def link(name: str, target: str) -> tuple[zipfile.ZipInfo, bytes]:
    """Describe a symbolic link."""
    return entry(name, stat.S_IFLNK, 0o777), target.encode()


def file(name: str, content: bytes = b"x") -> tuple[zipfile.ZipInfo, bytes]:
    """Describe a file."""
    return entry(name), content
