"""What `ingle deploy` makes functions of: packages and container images."""

import base64
import hashlib
import re
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

from ingle.cli.errors import USAGE, CommandError
from ingle.cli.handlers import FUNCTIONS, MODULES, guess_handler
from ingle.cli.package import ZIPPED_LIMIT, build, collect
from ingle.cli.slowly import progress

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]+")


class Package:
    """A zip file made of a folder or a file, or given.

    Args:
        source: what it is made of.
    """

    doing = "Uploading"

    def __init__(self, source: Path) -> None:
        self._source = source
        self._content = _package(source)

    def name(self) -> str:
        """Make a function's name of the source's."""
        return _name_of(self._source)

    def code(self) -> dict[str, Any]:
        """Return it as a member of a request."""
        return {"ZipFile": self._content}

    def defaults(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return settings of a new function that were not given."""
        settings = {}
        if "Runtime" not in given:
            settings["Runtime"] = _default_runtime()
        if "Handler" not in given:
            settings["Handler"] = _guessed_handler(self._source, self._content)
        return settings

    def is_there(self, current: dict[str, Any]) -> bool:
        """Say whether a function has it already."""
        digest = hashlib.sha256(self._content).digest()
        return bool(base64.b64encode(digest).decode() == current["CodeSha256"])


class Image:
    """A container image, which the server finds.

    Args:
        uri: its name.
        given: settings of the function.
    """

    doing = "Unpacking"

    def __init__(self, uri: str, given: dict[str, Any]) -> None:
        self._uri = uri
        for member, option in (("Runtime", "--runtime"), ("Handler", "--handler")):
            if member in given:
                raise CommandError(
                    f"{option} is not for container images",
                    "leave it out; what runs is in the image",
                    USAGE,
                )

    def name(self) -> str:
        """Make a function's name of the image's."""
        last = self._uri.partition("@")[0].rpartition("/")[2].partition(":")[0]
        return _name_of(Path(last.removesuffix(".tar")))

    def code(self) -> dict[str, Any]:
        """Return it as a member of a request."""
        return {"ImageUri": self._uri}

    def defaults(self, _given: dict[str, Any]) -> dict[str, Any]:
        """Return settings of a new function that were not given."""
        return {"PackageType": "Image"}

    def is_there(self, _current: dict[str, Any]) -> bool:
        """Only the server can tell what the name means now."""
        return False


def size(count: int) -> str:
    """Say how many bytes something has, for people."""
    if count < 1000:
        return f"{count} bytes"
    if count < 1_000_000:
        return f"{count / 1000:.1f} kB"
    return f"{count / 1_000_000:.1f} MB"


def _package(source: Path) -> bytes:
    if not source.exists():
        raise CommandError(f"{source} does not exist", "name a folder, a .py file or a .zip", USAGE)
    if source.suffix == ".zip" and source.is_file():
        try:
            return _checked(source, source.read_bytes())
        except OSError as error:
            raise CommandError(f"{source} cannot be read: {error.strerror}") from error
    if source.is_file() and source.suffix != ".py":
        raise CommandError(
            f"{source} is not something to deploy", "name a folder, a .py file or a .zip", USAGE
        )
    files = collect(source)
    with progress("Zipping", sum(path.stat().st_size for _name, path in files)) as advance:
        return _checked(source, build(files, advance))


def _checked(source: Path, package: bytes) -> bytes:
    if len(package) > ZIPPED_LIMIT:
        raise CommandError(
            f"{source} makes a package of {size(len(package))}; a function's is limited to 50 MB",
            "leave out what the function does not need",
        )
    return package


def _name_of(source: Path) -> str:
    path = source.resolve()
    stem = path.stem if path.is_file() else path.name
    name = _NOT_IN_A_NAME.sub("-", stem).strip("-")
    if not name:
        raise CommandError(f"no function name can be made of {source}", "give one with --name")
    return name


def _default_runtime() -> str:
    """Return the runtime of the Python that runs this, for its packages are those at hand."""
    from ingle.runtimes.catalogue import served_runtimes
    from ingle.runtimes.discovery import discover

    own = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if own in served_runtimes():
        return own
    found = [each for each in discover() if each.runtime.startswith("python3")]
    if not found:
        raise CommandError(
            "this machine has no Python that serves a runtime",
            "see `ingle runtimes`, or choose one with --runtime",
        )
    return found[-1].runtime


def _guessed_handler(source: Path, package: bytes) -> str:
    try:
        with zipfile.ZipFile(BytesIO(package)) as archive:
            sources = {
                name: archive.read(name)
                for name in archive.namelist()
                if name.endswith(".py") and "/" not in name
            }
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise CommandError(f"{source} is not a zip that can be read: {error}") from error
    handler = guess_handler(sources)
    if handler is None:
        raise CommandError(
            f"no handler was found in {source}: looked for {' or '.join(FUNCTIONS)} in "
            + ", ".join(f"{module}.py" for module in MODULES),
            "name it with --handler FILE.FUNCTION",
        )
    return handler
