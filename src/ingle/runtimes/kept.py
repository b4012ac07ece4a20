"""Files that Ingle makes for runtimes and keeps: they appear whole or not at all, and are looked at
before they are used again, because an interpreter would believe whatever is in them.

A file is kept under a name with its digest; the link that leads to it has the name under which it
is used.
"""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

_DRAFT = ".draft-"


def withdraw(folder: Path) -> None:
    """Have no file used before it was looked at again, and remove drafts of a server that was
    killed.

    Args:
        folder: where such files are kept; it must be there.

    Raises:
        OSError: if the folder cannot be written.
    """
    for path in folder.iterdir():
        if path.name.startswith(_DRAFT):
            shutil.rmtree(path)
        elif path.is_symlink():
            path.unlink()


def draft(folder: Path) -> Path:
    """Return a new folder to make a file in; the folder around it is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=_DRAFT, dir=folder))


def find(target: Path) -> bool:
    """Show the file that was made for a place there, and say whether there is one; one that is
    damaged is removed.
    """
    for path in target.parent.glob(f"{target.stem}-*{target.suffix}"):
        if path == _kept(target, path):
            _show(path, target)
            return True
        path.unlink()
    return False


def keep(made: Path, target: Path, former: str) -> None:
    """Keep a file, and show it at its place to every user of the machine that may go there.

    Args:
        made: the file, in a draft folder beside its place.
        target: its place.
        former: a pattern of names; others that match it are removed.
    """
    with made.open("rb") as file:
        os.fsync(file.fileno())
    made.chmod(0o644)
    kept = made.rename(_kept(target, made))
    _show(kept, target)
    for path in target.parent.glob(former):
        if path not in (kept, target):
            path.unlink(missing_ok=True)


def _kept(target: Path, file: Path) -> Path:
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return target.with_name(f"{target.stem}-{digest}{target.suffix}")


def _show(kept: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    target.symlink_to(kept.name)
