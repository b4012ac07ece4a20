"""The runtimes that AWS Lambda names, which of them Ingle runs, and how to get interpreters."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Language:
    """What Ingle makes of one language's runtimes.

    Attributes:
        id: `python`, `python2`, `nodejs`, `java`, `ruby`, `dotnet`, `go` or `provided`.
        title: its name in prose.
        served: whether Ingle runs its functions.
        earliest: the first version whose functions run on later ones that Ingle can run, and whose
            runtime names these may therefore serve; `oldest` where there is none before that.
        oldest: the first version that Ingle can run; () where it needs no interpreter.
        newest: the last one.
        instead: where Ingle does not run its functions, what to do instead.
    """

    id: str
    title: str
    served: bool
    earliest: Version
    oldest: Version
    newest: Version
    instead: str

    def runs(self, release: Version) -> bool:
        """Whether Ingle can run an installation of this version."""
        return self.oldest <= release[: len(self.oldest)] and release[: len(self.newest)] <= (
            self.newest
        )


@dataclass(frozen=True, slots=True)
class RuntimeInfo:
    """One of AWS's runtime identifiers.

    Attributes:
        id: for instance `python3.11`.
        language: what it is written for.
        version: the language's version, for instance `3.11`; None for `provided`.
        deprecated: the day from which AWS no longer supports it; None where none is set.
        packages: the package that holds its interpreter, by distribution (`debian-12`).
        pip: what to install with pip to have its interpreter, where that is possible.
    """

    id: str
    language: Language
    version: str | None
    deprecated: date | None
    packages: Mapping[str, str] = field(default_factory=dict)
    pip: str | None = None

    @property
    def line(self) -> Version:
        """The numbers that the releases of its interpreter begin with; () for `provided`."""
        return _numbers(self.version)

    @property
    def has_own(self) -> bool:
        """Whether Ingle can run an interpreter of this version; else only newer ones serve it."""
        return self.language.runs(self.line)

    @property
    def served(self) -> bool:
        """Whether Ingle runs it where its interpreter, or one that may stand in, is installed."""
        language = self.language
        return language.served and (
            self.has_own or language.earliest <= self.line < language.oldest
        )


@functools.cache
def catalogue() -> Mapping[str, RuntimeInfo]:
    """Return every runtime identifier of AWS, in AWS's order.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
    """
    return {
        entry["id"]: RuntimeInfo(
            id=entry["id"],
            language=languages()[entry["language"]],
            version=entry["version"],
            deprecated=date.fromisoformat(entry["deprecated"]) if entry["deprecated"] else None,
            packages=entry.get("packages", {}),
            pip=entry.get("pip"),
        )
        for entry in _data()["runtimes"]
    }


@functools.cache
def languages() -> Mapping[str, Language]:
    """Return the languages of all runtimes, by id."""
    return {
        name: Language(
            id=name,
            title=entry["title"],
            served=entry["served"],
            earliest=_numbers(entry.get("earliest", entry.get("oldest"))),
            oldest=_numbers(entry.get("oldest")),
            newest=_numbers(entry.get("newest")),
            instead=entry.get("instead", ""),
        )
        for name, entry in _data()["languages"].items()
    }


def served_runtimes() -> list[str]:
    """Return the identifiers that Ingle runs where the machine has what serves them."""
    return [info.id for info in catalogue().values() if info.served]


def label(runtime: str, version: str | None) -> str:
    """Return how INIT_START names a runtime and its version, for instance `nodejs:20.20.2`.

    Args:
        runtime: AWS's identifier.
        version: its interpreter's, in full; None for `provided`, which names its system instead.
    """
    kind = "python" if runtime.startswith("python") else catalogue()[runtime].language.id
    detail = version or runtime.partition(".")[2]
    return f"{kind}:{detail}" if detail else kind


def install_hint(runtime: str, os_release: Path = Path("/etc/os-release")) -> str:
    """Say in one line how to get what serves a runtime on this machine.

    Args:
        runtime: AWS's identifier.
        os_release: the file that names the distribution.
    """
    info = catalogue().get(runtime)
    if info is None:
        return f"{runtime} is not a runtime of AWS Lambda"
    if info.line and not info.has_own and info.served:
        return (
            f"install a newer {info.language.title}, and let it serve {runtime} with "
            f"--substitutes {runtime}"
        )
    package = info.packages.get(_distribution(os_release))
    if package is not None:
        hint = f"apt-get install {package}"
    else:
        template: str = _data()["languages"][info.language.id]["install"]
        hint = template.format(version=info.version)
    return hint if info.pip is None else f'pip install "{info.pip}", or {hint}'


def _numbers(version: str | None) -> Version:
    return tuple(int(part) for part in version.split(".")) if version else ()


@functools.cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(
        files(__package__).joinpath("data/runtimes.json").read_bytes()
    )
    return data


def _distribution(os_release: Path) -> str:
    """Return for instance `debian-12`, or an empty string where the file does not tell."""
    try:
        lines = os_release.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    return f"{values.get('ID', '')}-{values.get('VERSION_ID', '')}".replace('"', "")
