"""What is made with the rights that the server is started with, before it gives them up."""

import logging
import os
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ingle.clock import Clock
from ingle.config import Config, ConfigError
from ingle.observe.logs import tell
from ingle.pool.memory import MB, total_memory
from ingle.pool.programs import programs
from ingle.pool.provisions import Provisions
from ingle.runtimes.discovery import Interpreter, Interpreters
from ingle.sandbox import openfiles, shares
from ingle.sandbox.client import LaunchedWarden, launch
from ingle.sandbox.probe import Finding, open_files
from ingle.sandbox.settings import Settings
from ingle.sandbox.unprivileged import give_up_root, server_owner
from ingle.storage.folder import DataFolder
from ingle.storage.ownership import hand_over

_logger = logging.getLogger("ingle.server")

_MEMORY_PART = 0.9
"""Of the machine's memory, what sandboxes may use where no other limit is set."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What was made with the rights that the server was started with, before it gave them up.

    Attributes:
        interpreters: those of this machine.
        versions: what serves a runtime, in full, by the runtime's name.
        settings: how sandboxes are made.
        warden: makes them.
        provisions: what they find there.
    """

    interpreters: Interpreters
    versions: Mapping[str, str]
    settings: Settings
    warden: LaunchedWarden
    provisions: Provisions


def prepare(config: Config, folder: DataFolder, sock: socket.socket, clock: Clock) -> Ground:
    """Do what takes rights, then give them up.

    Raises:
        ConfigError: a folder is configured that must not be shared.
        WardenError: no sandboxes can be made.
    """
    interpreters = Interpreters(
        clock, more=config.runtimes_search, substitutes=config.runtimes_substitutes
    )
    found = interpreters.look()
    _say_what_stands_in(found)
    staging = _inner_folder(folder, "run")
    Provisions.lay_out(_provisions(folder))
    settings = Settings(
        code=str(folder.code),
        staging=str(staging),
        scratch=str(_inner_folder(folder, "scratch")),
        programs=programs(found, _provisions(folder)),
        processes=config.sandbox_processes,
        descriptors=config.sandbox_descriptors,
        memory=(config.memory_mb or int(total_memory() * _MEMORY_PART / MB)) * MB,
        quota=config.cpu == "quotas",
        port=sock.getsockname()[1],
        outbound=config.network == "nat",
        network_range=config.network_range,
        connections=config.sandbox_connections,
        file_systems=config.file_systems,
    )
    _check_shares(config, folder)
    warden = launch(settings)
    owner = server_owner(folder.path)
    if owner is not None:
        hand_over(folder.path, *owner)
        give_up_root(
            folder.path, staging, owner, {each.prefix for each in found}.union(config.images)
        )
    versions = {each.runtime: each.version for each in found}
    provisions = Provisions(
        _provisions(folder),
        found,
        nodejs_sdk=config.runtimes_nodejs_sdk,
        python_sdk=config.runtimes_python_sdk,
    )
    provisions.fill()
    return Ground(interpreters, versions, settings, warden, provisions)


def _check_shares(config: Config, folder: DataFolder) -> None:
    """Refuse folders that must not be shared, and say which cannot be mounted now."""
    for each in config.file_systems:
        reason = shares.problem(each, folder.path)
        if reason:
            raise ConfigError(f"file_systems.{each.arn}", "the configuration", reason)
        if os.geteuid() == 0:
            try:
                shares.try_out(each)
            except shares.ShareUnavailable as error:
                _logger.warning("functions cannot mount %s: %s", each.arn, error)


def within_open_files(files: int, config: Config) -> Config:
    """Ask for no more than this many open files are enough for, and say so."""
    finding = open_files(files, config.concurrency)
    if not finding.ok:
        say_weaker(finding, config)
    return replace(
        config,
        concurrency=min(config.concurrency, openfiles.sandboxes(files)),
        sandbox_descriptors=min(config.sandbox_descriptors, files),
    )


def say_weaker(finding: Finding, config: Config) -> None:
    """Tell the operator of something that cannot be had on this machine."""
    tell(
        f"weaker on this machine: {finding.name}: {finding.detail}; {finding.consequence}",
        config.log_format,
    )


def _say_what_stands_in(interpreters: Iterable[Interpreter]) -> None:
    for each in interpreters:
        if each.substitute:
            _logger.info(
                "%s functions run with a substitute, %s (%s), as the configuration allows",
                each.runtime,
                each.version,
                each.executable,
            )


def _provisions(folder: DataFolder) -> Path:
    return folder.path / "runtimes"


def _inner_folder(folder: DataFolder, name: str) -> Path:
    path = folder.path / name
    path.mkdir(mode=0o700, exist_ok=True)
    return path
