"""Which permissions an operation takes, and on what: data, in `data/operations/`.

A file a service, named as botocore names it. In it:

- `prefix`: what its actions begin with. The action of an operation is `prefix:Operation`, unless an
  entry says otherwise.
- `resources`: templates (`templates.py`). The first that an operation's input fills is what it is
  about, unless an entry says otherwise; where none is, it is about everything, `*`.
- `shown`: how refusals show the resource, where that is not its ARN.
- `everything`: operations that are about everything, whatever their input has.
- `free`: operations that take no permission.
- `[keys]`: condition keys and the paths to their values.
- `[[operation]]`: for the operations in `names`, the `action`, the `resource` (a template or
  several) and `shown` where they differ, and further `keys` of that permission: paths, templates,
  or fixed values, which begin with `=`. With `also = true` it is one permission more, needed where
  `when`, a path, is in the input and `unless` is not; and if it names a resource, only where the
  input does too. With `instead = true` it is such a permission, and there is none of the
  operation's own name.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path as FilePath
from typing import Any, NamedTuple

from ingle.iam.forms import Where
from ingle.iam.templates import Path, Template

FOLDER = FilePath(__file__).parent / "data" / "operations"
EVERYTHING = "*"


class Access(NamedTuple):
    """One permission that a call takes.

    Attributes:
        action: for instance `lambda:InvokeFunction`.
        resource: an ARN, or `*`.
        shown: the resource as a refusal words it.
        keys: condition keys of this permission alone, in lower case, and their values.
    """

    action: str
    resource: str
    shown: str
    keys: Mapping[str, tuple[str, ...]]


class _Source:
    """Where the values of a condition key come from: `=fixed`, a path, or a template."""

    __slots__ = ("_find", "_fixed", "deep", "members")

    def __init__(self, text: str) -> None:
        self._fixed = (text[1:],) if text.startswith("=") else None
        self.members: tuple[str, ...] = ()
        self.deep = False
        self._find: Path | Template | None = None
        if self._fixed is None and "{" in text.replace("{}", ""):
            template = self._find = Template(text)
            self.members, self.deep = template.members, template.deep
        elif self._fixed is None:
            path = self._find = Path(text)
            self.members, self.deep = (path.member,), path.deep

    def values(self, params: Mapping[str, Any], where: Where) -> tuple[str, ...]:
        if isinstance(self._find, Template):
            return tuple(self._find.fill(params, where))
        if self._find is None:
            return self._fixed or ()
        return tuple(spoken(value) for value in self._find.find(params) if _is_plain(value))


@dataclass(frozen=True, slots=True)
class _Need:
    """One permission that an operation takes, or may take."""

    action: str
    templates: tuple[Template, ...]
    shown: Template | None
    is_extra: bool = False
    when: Path | None = None
    unless: Path | None = None
    keys: Mapping[str, _Source] = field(default_factory=dict)

    def accesses(self, params: Mapping[str, Any], where: Where) -> Iterator[Access]:
        if self.when is not None and next(self.when.find(params), None) is None:
            return
        if self.unless is not None and next(self.unless.find(params), None) is not None:
            return
        keys = {
            name: values
            for name, source in self.keys.items()
            if (values := source.values(params, where))
        }
        filled = (each.fill(params, where) for each in self.templates)
        resources: Sequence[str] = next(filter(None, filled), ())
        if not resources and not (self.is_extra and self.templates):
            resources = (EVERYTHING,)
        for resource in dict.fromkeys(resources):
            yield Access(self.action, resource, self._shown(resource, params, where), keys)

    def _shown(self, resource: str, params: Mapping[str, Any], where: Where) -> str:
        if self.shown is None or resource == EVERYTHING:
            return resource
        texts = self.shown.fill({**params, "arn": resource}, where)
        return texts[0] if texts else resource


class Needs:
    """What one operation takes.

    Attributes:
        free: whether it takes no permission.
        members: the members of the input that say which permissions, and on what; None where some
            of them are no plain text.
    """

    __slots__ = ("_keys", "_needs", "free", "members")

    def __init__(
        self, needs: Sequence[_Need], keys: Mapping[str, _Source], *, free: bool = False
    ) -> None:
        self.free = free
        self._needs = tuple(needs)
        self._keys = keys
        self.members = _members(self._needs)

    @property
    def actions(self) -> tuple[str, ...]:
        """All actions that the operation may take."""
        return tuple(dict.fromkeys(need.action for need in self._needs))

    def accesses(self, params: Mapping[str, Any], where: Where) -> list[Access]:
        """Say which permissions a call takes, the operation's own first.

        Args:
            params: the call's input.
            where: where the call is made, and by whom.
        """
        found = [access for need in self._needs for access in need.accesses(params, where)]
        if found or self.free:
            return found
        return [Access(self._needs[0].action, EVERYTHING, EVERYTHING, {})]

    def key_values(self, key: str, params: Mapping[str, Any], where: Where) -> tuple[str, ...]:
        """Return the values that the input gives a condition key of the service.

        Args:
            key: in lower case.
            params: the call's input.
            where: where the call is made, and by whom.
        """
        source = self._keys.get(key)
        return () if source is None else source.values(params, where)


class ServiceOperations:
    """The operations of one service.

    Args:
        name: the service's, as botocore has it.
        data: a file's content; `{"prefix": …}` for a service of which no more is known.
    """

    def __init__(self, name: str, data: Mapping[str, Any]) -> None:
        self.name = name
        self.prefix: str = data["prefix"]
        self._free = frozenset(data.get("free", ()))
        self._everything = frozenset(data.get("everything", ()))
        self._templates = _templates(data.get("resources", ()))
        self._shown = Template(data["shown"], is_arn=False) if "shown" in data else None
        self._keys = {key.lower(): _Source(text) for key, text in data.get("keys", {}).items()}
        self._entries: dict[str, list[Mapping[str, Any]]] = {}
        for entry in data.get("operation", ()):
            for operation in entry["names"]:
                self._entries.setdefault(operation, []).append(entry)
        self._needs: dict[str, Needs] = {}

    @property
    def named(self) -> frozenset[str]:
        """The operations that the data names."""
        return self._free | self._everything | self._entries.keys()

    @property
    def keys(self) -> frozenset[str]:
        """The condition keys that the data knows, in lower case."""
        own = (
            key.lower()
            for entries in self._entries.values()
            for e in entries
            for key in e.get("keys", ())
        )
        return frozenset(self._keys) | frozenset(own)

    def needs(self, operation: str) -> Needs:
        """Say what an operation takes; also one that the data does not name."""
        found = self._needs.get(operation)
        if found is None:
            found = self._needs[operation] = self._compile(operation)
        return found

    def _compile(self, operation: str) -> Needs:
        if operation in self._free:
            return Needs((), self._keys, free=True)
        entries = self._entries.get(operation, [])
        own = [entry for entry in entries if not _is_extra(entry)]
        more = [entry for entry in entries if _is_extra(entry)]
        needs = [self._need(operation, entry) for entry in own]
        if not needs and not any(entry.get("instead") for entry in more):
            needs = [self._need(operation, {})]
        return Needs([*needs, *(self._need(operation, entry) for entry in more)], self._keys)

    def _need(self, operation: str, entry: Mapping[str, Any]) -> _Need:
        action = entry.get("action", operation)
        templates = self._templates
        if "resource" in entry:
            named = entry["resource"]
            templates = _templates([named] if isinstance(named, str) else named)
        elif operation in self._everything:
            templates = ()
        shown = Template(entry["shown"], is_arn=False) if "shown" in entry else self._shown
        return _Need(
            action if ":" in action else f"{self.prefix}:{action}",
            templates,
            shown,
            _is_extra(entry),
            Path(entry["when"]) if "when" in entry else None,
            Path(entry["unless"]) if "unless" in entry else None,
            {key.lower(): _Source(text) for key, text in entry.get("keys", {}).items()},
        )


def spoken(value: Any) -> str:
    """Write a value as conditions compare it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


@cache
def operations_of(service: str, signing_name: str | None = None) -> ServiceOperations:
    """Read what is known of a service's operations.

    Args:
        service: its name in botocore.
        signing_name: its name in signatures, which is the prefix of its actions where no file says
            another.
    """
    file = FOLDER / f"{service}.toml"
    if file.is_file():
        return ServiceOperations(service, tomllib.loads(file.read_text("utf-8")))
    return ServiceOperations(service, {"prefix": signing_name or service})


def known_services() -> tuple[str, ...]:
    """The services of which there is a file."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.toml")))


def _templates(texts: Sequence[str]) -> tuple[Template, ...]:
    return tuple(Template(text) for text in texts)


def _members(needs: Sequence[_Need]) -> tuple[str, ...] | None:
    members: dict[str, None] = {}
    for need in needs:
        for each in (*need.templates, *need.keys.values(), *([need.shown] if need.shown else ())):
            if each.deep:
                return None
            members |= dict.fromkeys(each.members)
        for path in filter(None, (need.when, need.unless)):
            if path.deep:
                return None
            members[path.member] = None
    return tuple(members)


def _is_extra(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("also") or entry.get("instead"))


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float)
