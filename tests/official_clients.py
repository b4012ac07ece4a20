"""AWS's own runtime interface clients and SDK for durable functions: where they are, unmodified."""

import fcntl
import importlib.metadata
import os
import shutil
import subprocess
from pathlib import Path

import pytest

_NODE = Path(__file__).parent / "e2e" / "ric"
_DURABLE_JS = Path(__file__).parent / "e2e" / "durable_js"
_CODE = frozenset({".js", ".mjs", ".cjs", ".json"})
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


def durable_sdk_js() -> dict[str, Path]:
    """The same for JavaScript: the files of `@aws/durable-execution-sdk-js` and its own."""
    with (_DURABLE_JS / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one at a time
        folder = _DURABLE_JS / "node_modules"
        if not folder.exists():
            if shutil.which("npm") is None:
                pytest.skip("@aws/durable-execution-sdk-js cannot be installed without npm")
            subprocess.run(
                ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"],
                cwd=_DURABLE_JS,
                env={**_authorities(), **os.environ},
                check=True,
                stdin=subprocess.DEVNULL,
                timeout=BUILD_TIMEOUT_S,
            )
    found = (each for each in folder.rglob("*") if each.is_file() and each.suffix in _CODE)
    return {str(each.relative_to(_DURABLE_JS)): each for each in found}


def _authorities() -> dict[str, str]:
    """What npm needs to trust whom this machine does."""
    return {"NODE_EXTRA_CA_CERTS": str(_AUTHORITIES)} if _AUTHORITIES.exists() else {}


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
            known = _authorities()
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
