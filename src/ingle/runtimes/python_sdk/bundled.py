"""The packages that Ingle itself has installed, laid out for functions.

Their code is copied, without anything else of Ingle's environment and together with the byte code
that this Python has of it. Their data, ten times as much, stays where it is.
"""

import functools
import hashlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from ingle.runtimes.python_sdk import bytecode
from ingle.runtimes.python_sdk.tree import Tree, description, module

DATA_PLACE = "/var/runtime/sdk-data"
"""Where sandboxes see botocore's data."""

_PACKAGES = ("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")
_LEAST = re.compile(r">=\s*(\d+)\.(\d+)")
_DATA = Path("botocore", "data")
_CACHE = "__pycache__"


@functools.cache
def tree() -> Tree:
    """Return which packages these are."""
    versions = {name: importlib.metadata.version(name) for name in _PACKAGES}
    digest = hashlib.sha256(repr(versions).encode()).hexdigest()[:16]
    return Tree(f"boto3-{versions['boto3']}-{digest}", versions)


@functools.cache
def oldest() -> tuple[int, int]:
    """Return the oldest Python that all of them support, by what they say themselves."""
    found = [(0, 0)]
    for name in _PACKAGES:
        said = importlib.metadata.metadata(name)["Requires-Python"] or ""
        found += [(int(major), int(minor)) for major, minor in _LEAST.findall(said)]
    return max(found)


def data() -> Path:
    """Return where botocore's data is."""
    return _installed("botocore") / _DATA.name


def lay_out(folder: Path) -> None:
    """Make the tree of these packages in a folder. Blocks, for 50 ms at the first time.

    What is there already, and whole, stays. What a power cut left half written is made anew.

    Raises:
        OSError: the folder cannot be written, or a package cannot be read.
    """
    place = folder / tree().name
    whole = True
    for name, version in tree().versions.items():
        described = place / description(name, version) / "METADATA"
        _write(described, importlib.metadata.distribution(name).read_text("METADATA") or "")
        for source, relative in _files(name):
            _copy(source, place / relative)
            if source.suffix == ".py":
                cached = Path(importlib.util.cache_from_source(str(source)))
                whole = whole and cached.exists()
                if cached.exists():
                    _copy(cached, place / relative.parent / cached.parent.name / cached.name)
    if not (place / _DATA).is_symlink():
        (place / _DATA).symlink_to(DATA_PLACE)
    if whole:
        bytecode.vouch(place, sys.version_info[:2])


def _installed(package: str) -> Path:
    """Return the file or folder of a package's module, without importing it."""
    name = module(package).removesuffix(".py")
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"{package} is installed, but has no module {name}")
    origin = Path(spec.origin)
    return origin if spec.submodule_search_locations is None else origin.parent


def _files(package: str) -> Iterator[tuple[Path, Path]]:
    """Yield a package's files, without data and byte code, and where they belong in the tree."""
    installed = _installed(package)
    if installed.is_file():
        yield installed, Path(installed.name)
        return
    for above, folders, files in os.walk(installed):
        relative = Path(above).relative_to(installed.parent)
        folders[:] = [each for each in folders if each != _CACHE and relative / each != _DATA]
        yield from ((Path(above, each), relative / each) for each in files)


def _copy(source: Path, target: Path) -> None:
    """Copy a file unless it is there with the same size and time, which byte code goes by."""
    wanted = source.stat()
    try:
        found = target.lstat()
    except FileNotFoundError:
        found = None
    if found and (found.st_size, found.st_mtime_ns) == (wanted.st_size, wanted.st_mtime_ns):
        return
    _make_folder(target.parent)
    shutil.copyfile(source, target)
    target.chmod(0o644)  # sandboxes have users of their own
    os.utime(target, ns=(wanted.st_atime_ns, wanted.st_mtime_ns))


def _write(target: Path, text: str) -> None:
    _make_folder(target.parent)
    target.write_text(text, encoding="utf-8")
    target.chmod(0o644)


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir()
        folder.chmod(0o755)
