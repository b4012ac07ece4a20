"""AWS's own runtime interface clients and SDK for durable functions: where they are, unmodified."""

import fcntl
import importlib.metadata
import os
import shutil
import subprocess
from pathlib import Path

import pytest

_NODE = Path(__file__).parent / "e2e" / "ric"
_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
BUILD_TIMEOUT_S = 600
"""How long the client for Node.js may take to compile itself."""


def python_client() -> dict[str, Path]:
    """The files of `awslambdaric` and of what it needs, by their places in a package."""
    return _installed("awslambdaric", "simplejson", "snapshot-restore-py")


def durable_sdk() -> dict[str, Path]:
    """The files of `aws-durable-execution-sdk-python`, by their places in a package.

    What it needs besides, boto3, functions find without bringing it along.
    """
    return _installed("aws-durable-execution-sdk-python")


def _installed(*names: str) -> dict[str, Path]:
    found = {}
    for name in names:
        for file in importlib.metadata.files(name) or ():
            if ".." not in file.parts and "__pycache__" not in file.parts:
                found[str(file)] = Path(str(file.locate()))
    return found


def node_client() -> Path:
    """The folder of `aws-lambda-ric`, compiled; skip the test where it cannot be."""
    folder = _NODE / "node_modules" / "aws-lambda-ric"
    with (_NODE / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one at a time
        if not (folder / "rapid-client.node").exists():
            lacking = [tool for tool in ("npm", "cmake", "g++") if shutil.which(tool) is None]
            if lacking:
                pytest.skip(f"aws-lambda-ric cannot be compiled without {' and '.join(lacking)}")
            known = {"NODE_EXTRA_CA_CERTS": str(_AUTHORITIES)} if _AUTHORITIES.exists() else {}
            headers = Path(os.path.realpath(shutil.which("node") or "/")).parents[1]
            if (headers / "include" / "node" / "node.h").exists():
                known["npm_config_nodedir"] = str(headers)  # else they would be fetched
            subprocess.run(
                ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"],
                cwd=_NODE,
                env={**known, **os.environ},
                check=True,
                stdin=subprocess.DEVNULL,
                timeout=BUILD_TIMEOUT_S,
            )
    return folder
