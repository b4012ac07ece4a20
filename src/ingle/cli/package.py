"""Make the deployment package of a function: a zip that depends on nothing but its content."""

import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

from ingle.cli.errors import CommandError

UNPACKED_LIMIT = 262_144_000
"""The most bytes a function's code may unpack to; source:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

ZIPPED_LIMIT = 52_428_800
"""The most bytes that a package which is uploaded directly may have; same source."""

SKIPPED = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".ingle",
        ".venv",
        ".DS_Store",
        "__pycache__",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
    }
)
"""The names, of files and folders, that are left out of a package wherever they are."""

# The earliest time that a zip can hold: the same content must give the same bytes at any time.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def collect(source: Path) -> list[tuple[str, Path]]:
    """List what goes into the package of a folder or of a single file.

    Links are followed, as `zip -r` does.

    Args:
        source: the folder, or the file.

    Returns:
        Names in the package and the files they come from, ordered by name.

    Raises:
        CommandError: a file cannot be packaged, there is none, or they are too large together.
    """
    if source.is_file():
        found = [(source.name, source)]
    else:
        found = sorted(_walk(source, "", (os.path.realpath(source),)))
    if not found:
        raise CommandError(f"{source} holds no file to deploy")
    size = sum(path.stat().st_size for _name, path in found)
    if size > UNPACKED_LIMIT:
        raise CommandError(
            f"{source} holds {size / 2**20:.0f} MB; a function's code is limited to 250 MB",
            "is this the right folder?",
        )
    return found


def build(
    files: list[tuple[str, Path]], progress: Callable[[int], None] = lambda _size: None
) -> bytes:
    """Zip files; the same names, content and executable bits always give the same bytes.

    Args:
        files: as `collect` returns them.
        progress: told the size of each file that was added, in bytes.

    Raises:
        CommandError: a file cannot be read or its name cannot be stored.
    """
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files:
            try:
                executable = path.stat().st_mode & stat.S_IXUSR
                entry = zipfile.ZipInfo(name, _EPOCH)
                entry.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
                content = path.read_bytes()
                archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
            except OSError as error:
                raise CommandError(f"{path} cannot be read: {error.strerror}") from error
            except UnicodeEncodeError as error:
                raise CommandError(f"{path!a} has a name that is not valid UTF-8") from error
            progress(len(content))
    return buffer.getvalue()


def _walk(folder: Path, prefix: str, inside: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    try:
        entries = list(folder.iterdir())
    except OSError as error:
        raise CommandError(f"{folder} cannot be read: {error.strerror}") from error
    for entry in entries:
        if entry.name in SKIPPED or _is_environment(entry):
            continue
        if entry.is_dir():
            real = os.path.realpath(entry)
            if real in inside:
                raise CommandError(f"{entry} links to a folder that it is in", "remove the link")
            yield from _walk(entry, f"{prefix}{entry.name}/", (*inside, real))
        elif entry.is_file():
            yield f"{prefix}{entry.name}", entry
        elif entry.is_symlink():
            raise CommandError(f"{entry} links to nothing", "remove the link")
        else:
            raise CommandError(f"{entry} is neither a file nor a folder", "remove it")


def _is_environment(entry: Path) -> bool:
    """Tell whether this is a virtual environment, whatever its name."""
    return (entry / "pyvenv.cfg").is_file()
