"""The checks that `ingle doctor` makes of this machine."""

import json
import os
import platform
import shutil
import socket
import sqlite3
import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ingle.config import Config
from ingle.runtimes.catalogue import install_hint
from ingle.runtimes.discovery import Interpreter, discover
from ingle.runtimes.python_sdk import bundled, older
from ingle.runtimes.python_sdk.choice import is_bundled, packages
from ingle.sandbox import openfiles
from ingle.sandbox.probe import Finding, open_files, probe

State = Literal["ok", "weak", "missing"]

# Without this finding of the probe no function can run; without the others some run less safely.
_INDISPENSABLE = frozenset({"sandboxes"})
_LEAST_SQLITE = (3, 35, 0)
_LITTLE_SPACE = 1_000_000_000
_HEALTH_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Check:
    """What one look at the machine found.

    Attributes:
        name: what was looked at.
        state: `ok`; `weak`, where Ingle runs but something is less than it could be; `missing`,
            where Ingle cannot run without.
        detail: what was found.
        advice: what it means and what to do; empty where all is well.
    """

    name: str
    state: State
    detail: str
    advice: str = ""


def run_checks(data_dir: Path, host: str, port: int) -> list[Check]:
    """Look at everything that Ingle needs or can use.

    Args:
        data_dir: the data folder of the server to be, absolute.
        host: the address it would listen on.
        port: its port.
    """
    defaults, interpreters = Config(), discover()
    return [
        _check_system(),
        _check_sqlite(),
        _check_data_folder(data_dir),
        _check_space(data_dir),
        _check_port(host, port),
        _check_interpreters(interpreters),
        _check_boto3(interpreters),
        _check_of(open_files(openfiles.most(), defaults.concurrency)),
        *map(_check_of, probe(defaults.network_range)),
    ]


def _check_of(finding: Finding) -> Check:
    if finding.ok:
        return Check(finding.name, "ok", finding.detail)
    state: State = "missing" if finding.name in _INDISPENSABLE else "weak"
    return Check(finding.name, state, finding.detail, finding.consequence)


def _check_system() -> Check:
    detail = f"Python {platform.python_version()} on {platform.system()} {platform.release()}"
    if sys.platform != "linux":
        return Check("system", "missing", detail, "Ingle needs Linux")
    return Check("system", "ok", detail)


def _check_sqlite() -> Check:
    if sqlite3.sqlite_version_info < _LEAST_SQLITE:
        least = ".".join(map(str, _LEAST_SQLITE))
        return Check(
            "sqlite", "missing", sqlite3.sqlite_version, f"Ingle needs {least}; use a newer Python"
        )
    return Check("sqlite", "ok", sqlite3.sqlite_version)


def _check_data_folder(data_dir: Path) -> Check:
    folder = _nearest_existing(data_dir)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Check(
            "data folder",
            "missing",
            f"{folder} cannot be written to: {error.strerror}",
            "choose another one with --data-dir",
        )
    detail = f"{data_dir} is writable" if folder == data_dir else f"{data_dir} can be made"
    return Check("data folder", "ok", detail)


def _check_space(data_dir: Path) -> Check:
    free = shutil.disk_usage(_nearest_existing(data_dir)).free
    detail = f"{free / 1e9:.1f} GB free"
    if free < _LITTLE_SPACE:
        return Check("disk", "weak", detail, "functions and logs may not find room; free some")
    return Check("disk", "ok", detail)


def _check_port(host: str, port: int) -> Check:
    address = f"{host}:{port}"
    try:
        family, kind, protocol, _name, target = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(target)
    except OSError as error:
        if _ingle_answers(host, port):
            return Check("port", "ok", f"Ingle answers at {address}")
        return Check(
            "port", "weak", f"{address}: {error.strerror}", "choose another one with --port"
        )
    return Check("port", "ok", f"{address} is free")


def _ingle_answers(host: str, port: int) -> bool:
    bracketed = f"[{host}]" if ":" in host else host
    # A proxy that the environment names has no part in this.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(
            f"http://{bracketed}:{port}/_ingle/health", timeout=_HEALTH_TIMEOUT_S
        ) as answer:
            return isinstance(json.loads(answer.read(65_536)), dict)
    except (OSError, ValueError):
        return False  # whatever it is, it is no Ingle


def _check_interpreters(found: Sequence[Interpreter]) -> Check:
    if not found:
        hint = install_hint(f"python3.{sys.version_info.minor}")
        return Check("interpreters", "missing", "none", f"install one: {hint}")
    return Check("interpreters", "ok", ", ".join(each.runtime for each in found))


def _check_boto3(interpreters: Sequence[Interpreter]) -> Check:
    """Look which boto3 functions in Python would find."""
    oldest = ".".join(map(str, bundled.oldest()))
    detail = f"{bundled.tree().boto3} for Python {oldest} and later"
    fetched = [
        (each.runtime, tree.boto3)
        for each in interpreters
        if each.runtime.startswith("python") and not is_bundled(each) and (tree := packages(each))
    ]
    if fetched:
        told = ", ".join(f"{version} for {runtime}" for runtime, version in fetched)
        detail += f"; fetched when a function wants it: {told}"
        if not older.has_pip():
            advice = "install pip beside Ingle, or have older functions bring boto3 along"
            return Check("boto3", "weak", f"{detail}, but Ingle's environment has no pip", advice)
    return Check("boto3", "ok", detail)


def _nearest_existing(folder: Path) -> Path:
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    return folder
