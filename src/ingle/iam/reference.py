"""What AWS's services have: actions, resource types and condition keys, from `data/`.

`make iam-data` writes the files; a service's is read when it is first asked for.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DATA = Path(__file__).with_name("data")
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
_TAG_KEY = "${TagKey}"


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type of resource of one service.

    Attributes:
        name: such as `function`.
        arn: the template of its ARNs, such as
            `arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}`.
        keys: condition keys that it has.
    """

    name: str
    arn: str
    keys: tuple[str, ...]

    def matches(self, arn: str) -> bool:
        """Whether an ARN is of this type, by its form."""
        return _expression(self.arn).fullmatch(arn) is not None

    def fill(self, values: Mapping[str, str]) -> str:
        """The ARN of one such resource.

        Args:
            values: by the names of the placeholders; `Partition` need not be there.

        Raises:
            KeyError: a placeholder's value is missing.
        """
        known = {"Partition": "aws", **values}
        return _PLACEHOLDER.sub(lambda found: known[found.group(1)], self.arn)


@dataclass(frozen=True, slots=True)
class ActionResource:
    """That an action is about a type of resource.

    Attributes:
        type: the type's name.
        required: whether the action is always about one such resource.
        keys: condition keys that the action has when it is about such a resource.
    """

    type: str
    required: bool
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Action:
    """An action of one service.

    Attributes:
        name: such as `lambda:InvokeFunction`.
        level: `List`, `Read`, `Write`, `Tagging` or `Permissions management`.
        resources: the types of resources that it is about; none where policies have to say `*`.
        keys: condition keys that it has, whatever it is about.
        needs: actions that a caller must be allowed besides, such as `iam:PassRole`.
    """

    name: str
    level: str
    resources: tuple[ActionResource, ...]
    keys: tuple[str, ...]
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """What one service has.

    Attributes:
        prefix: what its actions begin with, such as `lambda`.
        title: its name, such as `AWS Lambda`.
        actions: by their names without the prefix, in lower case.
        resource_types: by their names.
        keys: the types of its condition keys, by their names.
    """

    prefix: str
    title: str
    actions: Mapping[str, Action]
    resource_types: Mapping[str, ResourceType]
    keys: Mapping[str, str]


@functools.cache
def services() -> frozenset[str]:
    """The prefixes of the services that there is data on."""
    return frozenset(path.stem for path in (_DATA / "services").glob("*.json"))


def service(prefix: str) -> Service | None:
    """A service, or None where there is no data on it."""
    return _service(prefix) if prefix in services() else None


@functools.cache
def _service(prefix: str) -> Service:
    read = json.loads((_DATA / "services" / f"{prefix}.json").read_text("utf-8"))
    return Service(
        prefix=prefix,
        title=read["service"],
        actions={
            name.lower(): _action(f"{prefix}:{name}", each)
            for name, each in read["actions"].items()
        },
        resource_types={
            name: ResourceType(name, each["arn"], tuple(each.get("keys", ())))
            for name, each in read["resources"].items()
        },
        keys=read["keys"],
    )


def _action(name: str, read: Mapping[str, Any]) -> Action:
    return Action(
        name=name,
        level=read["level"],
        resources=tuple(
            ActionResource(kind, each.get("required", False), tuple(each.get("keys", ())))
            for kind, each in read.get("resources", {}).items()
        ),
        keys=tuple(read.get("keys", ())),
        needs=tuple(read.get("needs", ())),
    )


def action(name: str) -> Action | None:
    """An action by its full name, in any case; None where there is no data on it."""
    prefix, _, operation = name.lower().partition(":")
    found = service(prefix)
    return found.actions.get(operation) if found else None


def resource_types(name: str) -> tuple[ResourceType, ...]:
    """The types of resources that an action is about; none if it is about none, or not known."""
    found = action(name)
    if found is None:
        return ()
    owner = service(found.name.partition(":")[0])
    assert owner is not None
    return tuple(owner.resource_types[each.type] for each in found.resources)


@functools.cache
def global_keys() -> Mapping[str, str]:
    """The types of the condition keys that all services have, by their names."""
    keys: dict[str, str] = json.loads((_DATA / "global.json").read_text("utf-8"))["keys"]
    return keys


@functools.lru_cache(maxsize=4096)
def key_type(name: str) -> str | None:
    """The type of a condition key, in any case, such as `String` or `ArrayOfString`.

    None where there is no data on it. The name of a tag in it makes no difference.
    """
    prefix = name.lower().partition(":")[0]
    owner = service(prefix)
    for known in (global_keys(), owner.keys if owner else {}):
        for each, kind in known.items():
            start, tag, _ = each.lower().partition(_TAG_KEY.lower())
            if name.lower().startswith(start) if tag else name.lower() == start:
                return kind
    return None


@functools.cache
def _expression(template: str) -> re.Pattern[str]:
    """What ARNs of a template look like: no placeholder but the last may hold a colon."""
    parts = _PLACEHOLDER.split(template)
    texts, names = parts[::2], parts[1::2]
    expression = re.escape(texts[0])
    for number, text in enumerate(texts[1:], start=1):
        is_last = number == len(names) and not text
        expression += (".+" if is_last else "[^:]*?") + re.escape(text)
    return re.compile(expression, re.DOTALL)
