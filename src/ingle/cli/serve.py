"""`ingle serve`: run the server in the foreground."""

import errno
import gc
import os
import socket
from typing import Annotated

import typer

from ingle.cli.errors import USAGE, CommandError
from ingle.cli.options import ConfigFile, Images, Search, Substitutes
from ingle.config import Config, ConfigError, load_config

_DEFAULTS = Config()


def serve(
    host: Annotated[
        str | None, typer.Option(show_default=_DEFAULTS.host, help="The address to listen on.")
    ] = None,
    port: Annotated[
        str | None,
        typer.Option(show_default=str(_DEFAULTS.port), help="The port; 0 takes any free one."),
    ] = None,
    data_dir: Annotated[
        str | None,
        typer.Option(
            show_default=str(_DEFAULTS.data_dir),
            help="The folder that holds all state; made if it is missing.",
        ),
    ] = None,
    account_id: Annotated[
        str | None,
        typer.Option(show_default=_DEFAULTS.account_id, help="The AWS account functions are in."),
    ] = None,
    region: Annotated[
        str | None, typer.Option(show_default=_DEFAULTS.region, help="The AWS region.")
    ] = None,
    dev: Annotated[
        bool | None,
        typer.Option(
            "--dev/--no-dev",
            show_default="no-dev",
            help="Also accept the key pair test/test, from this machine only.",
        ),
    ] = None,
    drain_seconds: Annotated[
        str | None,
        typer.Option(
            show_default=str(_DEFAULTS.drain_seconds),
            help="How long to wait for running invocations when stopped.",
        ),
    ] = None,
    idle_seconds: Annotated[
        str | None,
        typer.Option(
            show_default=str(_DEFAULTS.idle_seconds), help="When to end a sandbox that idles."
        ),
    ] = None,
    concurrency: Annotated[
        str | None,
        typer.Option(
            show_default=str(_DEFAULTS.concurrency),
            help="How many invocations may run at once.",
        ),
    ] = None,
    memory_mb: Annotated[
        str | None,
        typer.Option(
            show_default="nine tenths of the machine's",
            help="How many MB of memory all sandboxes together may use.",
        ),
    ] = None,
    streamed_mb: Annotated[
        str | None,
        typer.Option(
            show_default=str(_DEFAULTS.streamed_mb),
            help="How many MB a streamed answer may have, up to AWS's 200.",
        ),
    ] = None,
    cpu: Annotated[
        str | None,
        typer.Option(
            show_default=_DEFAULTS.cpu,
            help="How processors are shared out: by weights, or by hard quotas.",
        ),
    ] = None,
    sandbox_processes: Annotated[
        str | None,
        typer.Option(
            show_default=str(_DEFAULTS.sandbox_processes),
            help="How many processes and threads a sandbox may have.",
        ),
    ] = None,
    sandbox_descriptors: Annotated[
        str | None,
        typer.Option(
            show_default=str(_DEFAULTS.sandbox_descriptors),
            help="How many files a sandbox may have open.",
        ),
    ] = None,
    network: Annotated[
        str | None,
        typer.Option(
            show_default=_DEFAULTS.network,
            help="What functions reach: nat, what this machine reaches; or none.",
        ),
    ] = None,
    network_range: Annotated[
        str | None,
        typer.Option(
            show_default=_DEFAULTS.network_range,
            help="The IPv4 network that sandboxes have their addresses from.",
        ),
    ] = None,
    sandbox_connections: Annotated[
        str | None,
        typer.Option(
            show_default=str(_DEFAULTS.sandbox_connections),
            help="How many outbound connections a sandbox may have.",
        ),
    ] = None,
    file_systems: Annotated[
        str | None,
        typer.Option(
            show_default="none",
            help="Folders that functions may mount, by ARN, as JSON; better in the --config file.",
        ),
    ] = None,
    vpcs: Annotated[
        str | None,
        typer.Option(
            show_default="none",
            help="VPCs that functions may name, as JSON; better in the --config file.",
        ),
    ] = None,
    iam: Annotated[
        str | None,
        typer.Option(
            show_default=_DEFAULTS.iam,
            help="enforce permissions, or audit: let all pass and log what would be denied.",
        ),
    ] = None,
    organization_id: Annotated[
        str | None,
        typer.Option(
            show_default="none",
            help="The organisation of all accounts, as policies name it (aws:PrincipalOrgID).",
        ),
    ] = None,
    log_level: Annotated[
        str | None,
        typer.Option(
            show_default=_DEFAULTS.log_level,
            help="The server's own log: debug, info, warning or error.",
        ),
    ] = None,
    log_format: Annotated[
        str | None,
        typer.Option(
            show_default=_DEFAULTS.log_format,
            help="How it is written: text, or json with an object on each line.",
        ),
    ] = None,
    log_requests: Annotated[
        bool | None,
        typer.Option(show_default="no", help="Log each request."),
    ] = None,
    otlp_endpoint: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            show_default="none",
            help="Send a span of each invocation there, by OTLP over HTTP.",
        ),
    ] = None,
    otlp_headers: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=VALUE,…", show_default="none", help="HTTP headers that go with spans."
        ),
    ] = None,
    runtimes_substitutes: Substitutes = None,
    runtimes_nodejs_sdk: Annotated[
        bool | None,
        typer.Option(
            "--nodejs-sdk/--no-nodejs-sdk",
            show_default="nodejs-sdk",
            help="Fetch the AWS SDKs for JavaScript once, for functions for Node.js.",
        ),
    ] = None,
    runtimes_python_sdk: Annotated[
        bool | None,
        typer.Option(
            "--python-sdk/--no-python-sdk",
            show_default="python-sdk",
            help="Fetch boto3 once for Pythons that the installed one does not support.",
        ),
    ] = None,
    runtimes_search: Search = None,
    images: Images = None,
    public_url: Annotated[
        str | None,
        typer.Option(
            show_default="where it listens",
            help="How others reach this server, for links in messages of topics: "
            "https://ingle.example.org.",
        ),
    ] = None,
    mail_relay: Annotated[
        str | None,
        typer.Option(
            show_default="none",
            help="The SMTP relay for subscriptions by mail: smtps://user:password@host. Better in "
            "the --config file or INGLE_MAIL_RELAY, where other users do not see it.",
        ),
    ] = None,
    mail_sender: Annotated[
        str | None,
        typer.Option(show_default=_DEFAULTS.mail_sender, help="The address that mails are from."),
    ] = None,
    services: Annotated[
        str | None,
        typer.Option(
            metavar="JSON",
            show_default="none",
            help="Services that are elsewhere, such as MinIO for s3. Better in the --config file "
            "or INGLE_SERVICES, where other users do not see their keys.",
        ),
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Run the server in this terminal until Ctrl-C or SIGTERM.

    Prints `ready` and its address once it takes requests. A setting comes from its option, else
    from the environment (INGLE_PORT for --port), else from the --config file (port = 4566).

    \b
    Examples:
      ingle serve
      ingle serve --dev --port 0
      ingle serve --config /etc/ingle.toml --data-dir /srv/ingle
    """
    flags: dict[str, object] = {
        "host": host,
        "port": port,
        "data_dir": data_dir,
        "account_id": account_id,
        "region": region,
        "dev": dev,
        "drain_seconds": drain_seconds,
        "idle_seconds": idle_seconds,
        "concurrency": concurrency,
        "memory_mb": memory_mb,
        "streamed_mb": streamed_mb,
        "cpu": cpu,
        "sandbox_processes": sandbox_processes,
        "sandbox_descriptors": sandbox_descriptors,
        "network": network,
        "network_range": network_range,
        "sandbox_connections": sandbox_connections,
        "file_systems": file_systems,
        "vpcs": vpcs,
        "iam": iam,
        "organization_id": organization_id,
        "log_level": log_level,
        "log_format": log_format,
        "log_requests": log_requests,
        "otlp_endpoint": otlp_endpoint,
        "otlp_headers": otlp_headers,
        "runtimes_substitutes": runtimes_substitutes,
        "runtimes_nodejs_sdk": runtimes_nodejs_sdk,
        "runtimes_python_sdk": runtimes_python_sdk,
        "runtimes_search": runtimes_search,
        "images": images,
        "public_url": public_url,
        "mail_relay": mail_relay,
        "mail_sender": mail_sender,
        "services": services,
    }
    try:
        settings = load_config(flags, file=config)
    except ConfigError as error:
        raise CommandError(str(error), "see `ingle serve --help`", USAGE) from error
    _check_images(settings)
    raise typer.Exit(_run(settings))


def _check_images(config: Config) -> None:
    from ingle.sandbox.unprivileged import OWN_FOLDERS

    for folder in config.images:
        if not folder.is_dir():
            raise CommandError(
                f"images: {folder} is not a folder", "make it, or name another", USAGE
            )
        if config.data_dir.resolve().is_relative_to(folder.resolve()):
            raise CommandError(
                f"images: {folder} holds the data folder {config.data_dir}",
                "name a folder with nothing but images in it",
                USAGE,
            )
        if os.geteuid() == 0 and str(folder.resolve()) in OWN_FOLDERS:
            raise CommandError(
                f"images: a server that root starts has a {folder} of its own",
                "name a folder in it",
                USAGE,
            )


def _run(config: Config) -> int:
    # What is loaded now stays, so looking for garbage in it is in vain; the server turns it on.
    gc.disable()
    from ingle.sandbox.client import WardenError
    from ingle.server import run
    from ingle.storage.errors import StorageError

    try:
        return run(config)
    except (ConfigError, StorageError, WardenError) as error:  # all say what to do
        raise CommandError(str(error)) from error
    except socket.gaierror as error:
        raise CommandError(
            f"the host {config.host!r} has no address", "choose another with --host"
        ) from error
    except OSError as error:
        raise _listening_error(config, error) from error


def _listening_error(config: Config, error: OSError) -> CommandError:
    address = f"{config.host}:{config.port}"
    if error.errno == errno.EADDRINUSE:
        return CommandError(
            f"{address} is taken by another program",
            "stop it, or choose another port with --port (0 takes any free one)",
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return CommandError(f"this machine has no address {config.host}", "choose another --host")
    if error.errno == errno.EACCES and error.filename is None:
        return CommandError(f"you may not listen on {address}", "choose a --port above 1023")
    return CommandError(
        f"the server could not go on: {error}", "see `ingle doctor` for what this machine lacks"
    )
