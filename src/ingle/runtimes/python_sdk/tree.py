"""A folder of packages, and where sandboxes see what is in it."""

from collections.abc import Mapping
from dataclasses import dataclass

from ingle.runtimes.interpreter import Interpreter

PLACE = "/var/runtime"
"""Where functions import the packages from, as on AWS
(https://docs.aws.amazon.com/lambda/latest/dg/python-package.html#python-package-searchpath)."""

_MODULES: Mapping[str, str] = {
    "boto3": "boto3",
    "botocore": "botocore",
    "futures": "concurrent",
    "jmespath": "jmespath",
    "python-dateutil": "dateutil",
    "s3transfer": "s3transfer",
    "six": "six.py",
    "urllib3": "urllib3",
}


@dataclass(frozen=True, slots=True)
class Tree:
    """Which packages there are for a Python.

    Attributes:
        name: the folder's; it changes with what is in it.
        versions: those of the packages, by their names.
    """

    name: str
    versions: Mapping[str, str]

    @property
    def boto3(self) -> str:
        """The version of boto3."""
        return self.versions["boto3"]

    def entries(self) -> list[str]:
        """Return the files and folders right below the tree: modules, and what describes them."""
        return [
            entry
            for package, version in self.versions.items()
            for entry in (module(package), description(package, version))
        ]


def module(package: str) -> str:
    """Return the file or folder of a package's one module."""
    return _MODULES[package]


def description(package: str, version: str) -> str:
    """Return the folder in which `importlib.metadata` finds a package described.

    Source: https://packaging.python.org/en/latest/specifications/recording-installed-packages/
    """
    return f"{package.replace('-', '_')}-{version}.dist-info"


def release_of(python: Interpreter) -> tuple[int, int]:
    """Return which Python it is, for instance (3, 11), also where it stands in for another."""
    major, minor = python.version.split(".")[:2]
    return int(major), int(minor)
