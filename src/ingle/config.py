"""The configuration of one server: defaults < TOML file < environment < flags."""

import ipaddress
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ingle.elsewhere import Elsewhere, read_services
from ingle.resources import FileSystem, Vpc, read_file_systems, read_vpcs

ENVIRONMENT_PREFIX = "INGLE_"
CONFIG_VARIABLE = "INGLE_CONFIG"
"""Names the configuration file where no `--config` does."""

_HOST_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*")
_ACCOUNT_ID = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]")
_ORGANIZATION = re.compile(r"(o-[a-z0-9]{10,32})?")
_HEADERS = re.compile(r"([\w-]+=[^,=\s]+(,[\w-]+=[^,=\s]+)*)?")
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}")
_BOOLEANS = {"1": True, "true": True, "yes": True, "on": True} | {
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}
_LOG_LEVELS = ("debug", "info", "warning", "error")


class ConfigError(Exception):
    """A setting that cannot be used.

    Attributes:
        key: the setting, as its source spells it.
        source: where it came from, for instance `the environment` or a file's path.
        problem: what is wrong and what is allowed.
    """

    def __init__(self, key: str, source: str, problem: str) -> None:
        super().__init__(f"{key} ({source}): {problem}")
        self.key = key
        self.source = source
        self.problem = problem


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a setting allows: in words, and as a function that raises ValueError otherwise.

    A value that is secret is not repeated in errors, which say what the function says instead.
    """

    allowed: str
    read: Callable[[object], object]
    secret: bool = False


def _text(allowed: str, accepts: Callable[[str], object]) -> _Rule:
    def read(value: object) -> str:
        if not isinstance(value, str) or not accepts(value):
            raise ValueError
        return value

    return _Rule(allowed, read)


def _integer(least: int, most: int, unit: str = "") -> _Rule:
    def read(value: object) -> int:
        if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError
        return value

    return _Rule(f"a whole number{unit} from {least} to {most}", read)


def _boolean() -> _Rule:
    def read(value: object) -> bool:
        if isinstance(value, str):
            value = _BOOLEANS.get(value.lower())
        if not isinstance(value, bool):
            raise ValueError
        return value

    return _Rule("true or false", read)


def _path() -> _Rule:
    def read(value: object) -> Path:
        if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
            raise ValueError
        try:
            return Path(value).expanduser()
        except RuntimeError as error:  # ~ of a user who is not known here
            raise ValueError from error

    return _Rule("a path", read)


def _paths() -> _Rule:
    path = _path()

    def read(value: object) -> tuple[Path, ...]:
        if isinstance(value, str):
            value = value.split(os.pathsep)
        if not isinstance(value, list | tuple):
            raise ValueError
        return tuple(path.read(each) for each in value)  # type: ignore[misc]

    return _Rule("paths: a list in the file, otherwise separated by colons", read)


def _runtimes_or_all() -> _Rule:
    truth = _boolean()

    def read(value: object) -> bool | frozenset[str]:
        from ingle.runtimes.catalogue import served_runtimes  # most commands have no use for it

        if isinstance(value, bool) or (isinstance(value, str) and value.lower() in _BOOLEANS):
            return bool(truth.read(value))
        if isinstance(value, str):
            value = [each.strip() for each in value.split(",")]
        if not isinstance(value, list | tuple):
            raise ValueError
        served = served_runtimes()
        if any(each not in served for each in value):
            raise ValueError
        return frozenset(value)

    return _Rule(
        "true, false, or names that `ingle runtimes` shows: a list in the file, otherwise "
        "separated by commas",
        read,
    )


def _resources(allowed: str, read: Callable[[object], object]) -> _Rule:
    return _Rule(f"{allowed}: a table in the file, otherwise JSON", read)


def _setting(default: object, rule: _Rule, *, table: str = "", flag: str = "") -> Any:
    """Declare a setting.

    Args:
        default: what holds where no source has it.
        rule: what it takes.
        table: the table of the file that it is in; the field's name begins with it.
        flag: its option, where that is not the field's name.
    """
    return field(default=default, metadata={"rule": rule, "table": table, "flag": flag})


def _is_host(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return _HOST_NAME.fullmatch(value) is not None
    return True


def _is_relay(value: str) -> bool:
    parts = urlsplit(value)
    host, _ = parts.hostname, parts.port
    return not value or (parts.scheme in ("smtp", "smtps") and bool(host))


def _is_endpoint(value: str) -> bool:
    parts = urlsplit(value)
    host, _ = parts.hostname, parts.port
    return not value or (parts.scheme in ("http", "https") and bool(host) and not parts.query)


def _is_origin(value: str) -> bool:
    parts = urlsplit(value)
    host, _ = parts.hostname, parts.port
    return not value or (
        parts.scheme in ("http", "https")
        and bool(host)
        and value == f"{parts.scheme}://{parts.netloc}"
        and "@" not in parts.netloc
    )


def _is_range(value: str) -> bool:
    return 12 <= ipaddress.IPv4Network(value).prefixlen <= 20


@dataclass(frozen=True, slots=True)
class Config:
    """What one server runs with.

    Attributes:
        host: the address or name to listen on.
        port: the TCP port; 0 takes any free one.
        data_dir: the folder that holds all state; absolute when it comes from `load_config`.
        account_id: the AWS account that functions belong to, twelve digits.
        region: the AWS region that clients use by default.
        dev: also accept the key pair `test`/`test`, from this machine only.
        drain_seconds: how long a stopping server waits for running invocations.
        idle_seconds: after how long an idle sandbox is ended. AWS names no figure; observers
            find 5 to 15 minutes.
        concurrency: how many invocations of the account may run at once
            (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
        memory_mb: the most memory that all sandboxes together may use, in MB; 0 for nine tenths of
            the machine's.
        streamed_mb: the most that a streamed answer may have, in MB.
        cpu: `weights` shares the processors out in proportion to memory when they are wanted by
            several; `quotas` lets no function have more than its share, 1,769 MB for one processor.
        sandbox_processes: the most processes and threads of a sandbox
            (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
        sandbox_descriptors: the most open files of a sandbox (the same page).
        network: `nat` lets functions reach what this machine reaches, itself excepted; `none`
            leaves them the AWS endpoint alone.
        network_range: the IPv4 network that sandboxes have their addresses from. The default is
            part of what is set aside for measuring networks, so hardly anybody uses it
            (https://www.rfc-editor.org/rfc/rfc2544#appendix-C.2.2).
        sandbox_connections: the most outbound connections of a sandbox at a time.
        file_systems: the folders that functions may mount, by the ARNs of the access points that
            they stand for.
        vpcs: the VPCs that functions may name, by their ids.
        iam: `enforce` refuses who has no permission; `audit` lets everybody do everything and logs
            what would have been refused. Signatures are checked with both.
        organization_id: the organisation that all accounts belong to, as policies name it
            (`aws:PrincipalOrgID`); "" for none.
        log_format: how records are written: as `text` or as `json`, one object a line.
        log_requests: log each request.
        otlp_endpoint: where a span of each invocation is sent to, by OTLP over HTTP; "": nowhere.
        otlp_headers: what goes with them: `name=value` pairs with commas between, URL-encoded
            (https://opentelemetry.io/docs/specs/otel/protocol/exporter/).
        log_level: the least severe of Ingle's own log lines to write.
        runtimes_substitutes: the runtimes that a newer version of their language may serve where
            this machine lacks their own; True for all of them.
        runtimes_nodejs_sdk: fetch the AWS SDKs for JavaScript, once, when there is a function for
            Node.js, so that functions need not bring them along.
        runtimes_python_sdk: fetch boto3, once, when there is a function for a Python that Ingle's
            own boto3 does not support.
        runtimes_search: folders to look into for interpreters, before the usual ones; absolute
            when they come from `load_config`.
        images: folders that container images may be read from; absolute when they come from
            `load_config`.
        public_url: scheme and authority by which others reach this server, for links in messages of
            topics; "" for the address that it listens on.
        mail_relay: the URL of the SMTP relay that takes what topics send by mail; "" for none, and
            then nothing can be subscribed by mail.
        mail_sender: the address that mails are from.
        services: those that are elsewhere, in place of Ingle's own.
    """

    host: str = _setting("127.0.0.1", _text("an IP address or a host name", _is_host))
    port: int = _setting(4566, _integer(0, 65535))
    data_dir: Path = _setting(Path(".ingle"), _path())  # noqa: RUF009 - a Path never changes
    account_id: str = _setting("000000000000", _text("twelve digits", _ACCOUNT_ID.fullmatch))
    region: str = _setting("us-east-1", _text("a region like eu-west-1", _REGION.fullmatch))
    dev: bool = _setting(False, _boolean())
    drain_seconds: int = _setting(30, _integer(0, 900, " of seconds"))
    idle_seconds: int = _setting(720, _integer(1, 86_400, " of seconds"))
    concurrency: int = _setting(1000, _integer(1, 100_000))
    memory_mb: int = _setting(0, _integer(0, 100_000_000))
    streamed_mb: int = _setting(20, _integer(1, 200))
    cpu: str = _setting("weights", _text("weights or quotas", ("weights", "quotas").__contains__))
    sandbox_processes: int = _setting(1024, _integer(16, 32_768))
    sandbox_descriptors: int = _setting(1024, _integer(64, 1_048_576))
    network: str = _setting("nat", _text("nat or none", ("nat", "none").__contains__))
    network_range: str = _setting(
        "198.19.0.0/16", _text("an IPv4 network of /12 to /20", _is_range)
    )
    sandbox_connections: int = _setting(1024, _integer(1, 65_535))
    file_systems: tuple[FileSystem, ...] = _setting(
        (),
        _resources(
            "ARNs of access points, and for each folder (an absolute path) and, where wanted, "
            "read_only, uid, gid (not root's) and map_users",
            read_file_systems,
        ),
    )
    vpcs: tuple[Vpc, ...] = _setting(
        (),
        _resources("ids of VPCs, and for each subnets and security_groups", read_vpcs),
    )
    iam: str = _setting("enforce", _text("enforce or audit", ("enforce", "audit").__contains__))
    organization_id: str = _setting("", _text("an id like o-exampleorgid", _ORGANIZATION.fullmatch))
    log_level: str = _setting(
        "info", _text("one of " + ", ".join(_LOG_LEVELS), _LOG_LEVELS.__contains__)
    )
    log_format: str = _setting("text", _text("text or json", ("text", "json").__contains__))
    log_requests: bool = _setting(False, _boolean())
    otlp_endpoint: str = _setting("", _text("a URL like http://127.0.0.1:4318", _is_endpoint))
    otlp_headers: str = _setting(
        "", _text("HTTP headers like authorization=Basic%20eDp5,x-team=a", _HEADERS.fullmatch)
    )
    runtimes_substitutes: bool | frozenset[str] = _setting(
        False, _runtimes_or_all(), table="runtimes", flag="--substitutes"
    )
    runtimes_nodejs_sdk: bool = _setting(True, _boolean(), table="runtimes", flag="--nodejs-sdk")
    runtimes_python_sdk: bool = _setting(True, _boolean(), table="runtimes", flag="--python-sdk")
    runtimes_search: tuple[Path, ...] = _setting((), _paths(), table="runtimes", flag="--search")
    images: tuple[Path, ...] = _setting((), _paths())
    public_url: str = _setting(
        "", _text("a URL without a path, like https://ingle.example.org", _is_origin)
    )
    mail_relay: str = _setting(
        "", _text("a URL like smtps://user:password@mail.example.org", _is_relay)
    )
    mail_sender: str = _setting(
        "ingle@localhost", _text("a mail address", re.compile(r"[^@\s]+@[^@\s]+").fullmatch)
    )
    services: tuple[Elsewhere, ...] = _setting(
        (),
        _Rule(
            "names of services, and for each endpoint (a URL), access_key_id, secret_access_key "
            "and, where wanted, session_token and region: a table in the file, otherwise JSON",
            read_services,
            secret=True,
        ),
    )


_RULES: Mapping[str, _Rule] = {each.name: each.metadata["rule"] for each in fields(Config)}
FLAGS: Mapping[str, str] = {
    each.name: each.metadata["flag"] or "--" + each.name.replace("_", "-")
    for each in fields(Config)
}
"""The option of each setting."""
FILE_KEYS: Mapping[str, str] = {
    each.name: each.name.replace(f"{each.metadata['table']}_", f"{each.metadata['table']}.", 1)
    if each.metadata["table"]
    else each.name
    for each in fields(Config)
}
"""Each setting as a file has it: `table.key` for one that is in a table."""


def load_config(
    flags: Mapping[str, object],
    environment: Mapping[str, str] = os.environ,
    file: Path | None = None,
) -> Config:
    """Put together a configuration from its sources.

    Args:
        flags: settings given on the command line; None means not given.
        environment: may hold `INGLE_<SETTING>`, and `INGLE_CONFIG`, a file's path.
        file: a TOML file whose keys are the settings; its relative paths count from its folder.

    Raises:
        ConfigError: the file cannot be read, a setting is unknown, or its value is not allowed.
    """
    if file is None and environment.get(CONFIG_VARIABLE):
        file = Path(environment[CONFIG_VARIABLE])
    values = _from_file(file) if file is not None else {}
    values |= _from_environment(environment)
    values |= _from_flags(flags)
    if "data_dir" not in values:
        values["data_dir"] = Path.cwd() / Config().data_dir
    # The readers that made the values are those of the fields they go to.
    return Config(**values)  # type: ignore[arg-type]


def _from_file(file: Path) -> dict[str, object]:
    source = str(file)
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise ConfigError("--config", source, f"{reason}; name a TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError("--config", source, f"not a TOML file: {error}") from error
    names = {key: name for name, key in FILE_KEYS.items()}
    values = {}
    for key, value in _flat(content, {key.split(".")[0] for key in names if "." in key}):
        if key not in names:
            raise _unknown(key, source, list(names))
        values[names[key]] = _read(names[key], key, source, value)
    return _anchored(values, file.parent.absolute())


def _flat(content: Mapping[str, object], tables: set[str]) -> Iterator[tuple[str, object]]:
    """Yield the keys of a file and their values, those of its tables as `table.key`."""
    for key, value in content.items():
        if key in tables and isinstance(value, dict):
            for inner, its_value in value.items():
                yield f"{key}.{inner}", its_value
        else:
            yield key, value


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    source = "the environment"
    known = {ENVIRONMENT_PREFIX + name.upper(): name for name in _RULES}
    values = {}
    for variable, value in environment.items():
        if variable.startswith(ENVIRONMENT_PREFIX) and variable != CONFIG_VARIABLE:
            if variable not in known:
                raise _unknown(variable, source, [*known, CONFIG_VARIABLE])
            values[known[variable]] = _read(known[variable], variable, source, value)
    return _anchored(values, Path.cwd())


def _from_flags(flags: Mapping[str, object]) -> dict[str, object]:
    values = {
        name: _read(name, FLAGS[name], "the command line", value)
        for name, value in flags.items()
        if value is not None
    }
    return _anchored(values, Path.cwd())


def _read(name: str, key: str, source: str, value: object) -> object:
    rule = _RULES[name]
    try:
        return rule.read(value)
    except ValueError as error:
        wrong = str(error) if rule.secret else f"{value!r} is not allowed"
        problem = f"{wrong}; it takes {rule.allowed}"
        raise ConfigError(key, source, problem) from None


def _anchored(values: dict[str, object], folder: Path) -> dict[str, object]:
    path = values.get("data_dir")
    if isinstance(path, Path):
        values["data_dir"] = folder / path
    for name in ("runtimes_search", "images"):
        paths = values.get(name)
        if isinstance(paths, tuple):
            values[name] = tuple(folder / each for each in paths)
    return values


def _unknown(key: str, source: str, known: list[str]) -> ConfigError:
    close = get_close_matches(key, known, n=1)
    advice = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
    return ConfigError(key, source, f"no such setting; {advice}")
