"""Where installers and version managers of any language put things."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path


def from_environment(variable: str, default: str) -> Path:
    """Return the folder that a variable names, or else this one below the home folder."""
    value = os.environ.get(variable)
    return Path(value) if value else home() / default


def home() -> Path:
    """Return the user's home; the root folder for a user id without one, as in some containers."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")


def matching(root: Path, pattern: str) -> list[Path]:
    """Return what matches a pattern below a folder, in order of name; it need not exist."""
    try:
        return sorted(root.glob(pattern))
    except OSError:
        return []  # a folder that is not ours to read holds nothing for us


def system_folders() -> Iterator[Path]:
    """Yield the folders of PATH, and the system's own.

    Without those of shims: small programs of version managers that show only the version selected
    now, are slow, and may even download one.
    """
    for entry in os.get_exec_path():
        folder = Path(entry)
        if folder.is_absolute() and folder.name != "shims":
            yield folder
    yield Path("/usr/local/bin")
    yield Path("/usr/bin")


def shim_roots() -> list[Path]:
    """Return the folders of the version managers (pyenv, rbenv, nodenv) whose shims are in PATH."""
    roots = [Path(entry).parent for entry in os.get_exec_path() if Path(entry).name == "shims"]
    return [root for root in roots if os.path.isdir(root / "versions")]  # noqa: PTH112 - bears one that is not ours


def managed(*plugins: str) -> Iterator[Path]:
    """Yield the folders of executables that asdf and mise installed.

    Args:
        plugins: what they call the language.
    """
    for root in (
        from_environment("ASDF_DATA_DIR", ".asdf"),
        from_environment("MISE_DATA_DIR", ".local/share/mise"),
    ):
        for plugin in plugins:
            yield from matching(root / "installs" / plugin, "*/bin")


def packaged(package: str, executable: str) -> Iterator[Path]:
    """Yield an executable of a Python package of Ingle's environment, without importing it."""
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return
    for folder in (spec and spec.submodule_search_locations) or ():
        yield Path(folder, executable)
