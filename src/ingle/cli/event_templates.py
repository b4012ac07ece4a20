"""The templates of test events: data files, and what fills them in.

A template is `events/SOURCE/KIND.json`:

- `about`: what happened, in a sentence.
- `documented`: the page on which AWS shows the event.
- `options`: a default for each option; a list where only its values are allowed, the first one
  being the default.
- `event`: the event. In its texts, `{{name}}` is the value of an option, and
  `{{name|filter|…}}` what filters make of it. An object `{"$encoded": [filters], "of": value}` is
  the text that these make of a value.

Or it names, as `like`, another one of its source, of which it has other defaults.
"""

import base64
import gzip
import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote_plus

_FOLDER = Path(__file__).with_name("events")
_PLACEHOLDER = re.compile(r"\{\{([a-z0-9-]+(?:\|[a-z0-9-]+)*)\}\}")
_ENCODED = "$encoded"


class BadValue(Exception):
    """An option's value is not one that it can have.

    Attributes:
        option: the option's name.
        problem: what is wrong with it.
    """

    def __init__(self, option: str, problem: str) -> None:
        super().__init__(f"--{option}: {problem}")
        self.option = option
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Option:
    """What varies in an event.

    Attributes:
        name: as on the command line, without its dashes.
        default: its value where none is given.
        choices: the values that it may have; empty where any will do.
        help: what it is.
    """

    name: str
    default: str
    choices: tuple[str, ...]
    help: str


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of event.

    Attributes:
        source: the service that it comes from.
        kind: what happened there.
        about: that in a sentence.
        documented: the address of AWS's page that shows it.
        options: what varies in it.
        event: the event, with placeholders.
    """

    source: str
    kind: str
    about: str
    documented: str
    options: tuple[Option, ...]
    event: Any

    def filled_in(self, given: Mapping[str, str]) -> Any:
        """Make an event.

        Args:
            given: values of options; others have their defaults.

        Raises:
            BadValue: one of them cannot be what it should.
        """
        values = {each.name: given.get(each.name, each.default) for each in self.options}
        for each in self.options:
            if each.choices and values[each.name] not in each.choices:
                raise BadValue(each.name, f"it must be one of {', '.join(each.choices)}")
        return _filled_in(self.event, values)


def sources() -> list[str]:
    """List where events come from."""
    return sorted(each.name for each in _FOLDER.iterdir() if each.is_dir())


def kinds(source: str) -> list[str]:
    """List the kinds of events of a source; none where there is no such source."""
    return sorted(each.stem for each in (_FOLDER / source).glob("*.json"))


@cache
def template(source: str, kind: str) -> Template:
    """Read a template that `kinds` lists."""
    read = json.loads((_FOLDER / source / f"{kind}.json").read_text("utf-8"))
    if "like" in read:
        other = json.loads((_FOLDER / source / f"{read['like']}.json").read_text("utf-8"))
        read = other | {"about": read["about"], "options": other["options"] | read["options"]}
    helps = _helps()
    options = []
    for name, values in read["options"].items():
        choices = tuple(values) if isinstance(values, list) else ()
        default = choices[0] if choices else values
        options.append(Option(name, default, choices, helps[name]))
    return Template(source, kind, read["about"], read["documented"], tuple(options), read["event"])


@cache
def _helps() -> dict[str, str]:
    return tomllib.loads(Path(__file__).with_name("event_options.toml").read_text("utf-8"))


def _filled_in(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _text(value, values)
    if isinstance(value, list):
        return [_filled_in(each, values) for each in value]
    if not isinstance(value, dict):
        return value
    if _ENCODED in value:
        result = _filled_in(value["of"], values)
        for name in value[_ENCODED]:
            result = _FILTERS[name](result)
        return result
    return {_text(key, values): _filled_in(each, values) for key, each in value.items()}


def _text(text: str, values: Mapping[str, str]) -> Any:
    """Fill in a text; what is nothing but a placeholder may become a number or an object."""
    whole = _PLACEHOLDER.fullmatch(text)
    if whole:
        return _value(whole[1], values)
    return _PLACEHOLDER.sub(lambda match: str(_value(match[1], values)), text)


def _value(placeholder: str, values: Mapping[str, str]) -> Any:
    name, *filters = placeholder.split("|")
    value: Any = values[name]
    for each in filters:
        try:
            value = _FILTERS[each](value)
        except ValueError as error:
            raise BadValue(name, str(error)) from error
    return value


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


def _number(value: str) -> int:
    try:
        return int(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is not a whole number") from error


def _parsed(value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not JSON: {error}") from error


def _moment(value: str) -> datetime:
    """Read a time as ISO 8601 has it, in UTC where it has no offset; `now` is the current one."""
    if value == "now":
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is not a time like 2026-01-31T12:00:00Z, or now") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _milliseconds(value: str) -> int:
    # Whole milliseconds: a float of seconds would lose some.
    moment = _moment(value)
    return int(moment.replace(microsecond=0).timestamp()) * 1000 + moment.microsecond // 1000


def _in(layout: str) -> Callable[[str], str]:
    return lambda value: _moment(value).strftime(layout)


def _iso_ms(value: str) -> str:
    return _moment(value).strftime("%Y-%m-%dT%H:%M:%S.") + f"{_milliseconds(value) % 1000:03}"


_FILTERS: Mapping[str, Callable[[Any], Any]] = {
    "base64": lambda value: base64.b64encode(_bytes(value)).decode(),
    # Without a time in its head, so that the same event is the same text.
    "gzip": lambda value: gzip.compress(_bytes(value), mtime=0),
    "json": lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False),
    "length": lambda value: len(_bytes(value)),
    "md5": lambda value: hashlib.md5(_bytes(value), usedforsecurity=False).hexdigest(),
    "number": _number,
    "parameters": lambda value: dict(parse_qsl(value, keep_blank_values=True)),
    "parsed": _parsed,
    "sha256": lambda value: hashlib.sha256(_bytes(value)).hexdigest(),
    # As S3 writes keys in its records.
    "url": lambda value: quote_plus(value, safe="/"),
    "epoch-float": lambda value: _milliseconds(value) / 1000,
    "epoch-ms": lambda value: str(_milliseconds(value)),
    "epoch-s": lambda value: str(_milliseconds(value) // 1000),
    "iso": _in("%Y-%m-%dT%H:%M:%SZ"),
    "iso-ms": lambda value: _iso_ms(value) + "Z",
    "iso-offset": lambda value: _iso_ms(value) + "+0000",
    "iso-stream": _iso_ms,
    "log-time": _in("%d/%b/%Y:%H:%M:%S +0000"),
    "mail-time": lambda value: format_datetime(_moment(value)),
}
