"""The runtimes that AWS Lambda names, and how to get their interpreters."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

PYTHON_MINORS = range(8, 15)
"""The minor versions of Python 3 whose runtimes Ingle runs."""


@dataclass(frozen=True, slots=True)
class RuntimeInfo:
    """One of AWS's runtime identifiers.

    Attributes:
        id: for instance `python3.11`.
        language: `python`, `nodejs`, `java`, `ruby`, `dotnet`, `go` or `provided`.
        version: the language's version, for instance `3.11`; None for `provided`.
        deprecated: the day from which AWS no longer supports it; None where none is set.
        packages: the package that holds its interpreter, by distribution (`debian-12`).
    """

    id: str
    language: str
    version: str | None
    deprecated: date | None
    packages: Mapping[str, str] = field(default_factory=dict)


@functools.cache
def catalogue() -> Mapping[str, RuntimeInfo]:
    """Return every runtime identifier of AWS, in AWS's order.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
    """
    return {
        entry["id"]: RuntimeInfo(
            id=entry["id"],
            language=entry["language"],
            version=entry["version"],
            deprecated=date.fromisoformat(entry["deprecated"]) if entry["deprecated"] else None,
            packages=entry.get("packages", {}),
        )
        for entry in _data()["runtimes"]
    }


def served_runtimes() -> list[str]:
    """Return the identifiers that Ingle runs where their interpreter is installed."""
    return [f"python3.{minor}" for minor in PYTHON_MINORS]


def install_hint(runtime: str, os_release: Path = Path("/etc/os-release")) -> str:
    """Say in one line how to install the interpreter of a runtime on this machine.

    Args:
        runtime: AWS's identifier.
        os_release: the file that names the distribution.
    """
    info = catalogue().get(runtime)
    if info is None:
        return f"{runtime} is not a runtime of AWS Lambda"
    package = info.packages.get(_distribution(os_release))
    if package is not None:
        return f"apt-get install {package}"
    template: str = _data()["install"][info.language]
    return template.format(version=info.version)


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
