"""Values for the shapes of a service model, drawn from a seeded source.

Works on botocore's own shape objects, so that Ingle's reading of the models is not tested against
itself.
"""

import random
import re
import string
from datetime import UTC, datetime
from functools import cache
from typing import Any

from ingle.wire.patterns import compile_pattern

_MAX_DEPTH = 4
_NESTED = ("structure", "list", "map")
_PLAIN = string.ascii_letters + string.digits
_ODD = " /:%+&=?#~<>\"'\\;,|()[]{}@!$*^`é漢😀"
_HEADER_ODD = "/:%+&=?#~<>'()[]{}@!$*^,\""


class NoValue(Exception):
    """No value that keeps the model's rules could be found."""


class Generator:
    """Draws values.

    Args:
        seed: what the values depend on.
        valid: whether they keep the model's rules (patterns, lengths, ...).
    """

    def __init__(self, seed: str, valid: bool = False) -> None:
        self.random = random.Random(seed)
        self.valid = valid

    def structure(self, shape: Any, depth: int = 0, where: str = "body") -> dict[str, Any]:
        required = set(shape.required_members) if self.valid else set()
        names = list(shape.members)
        simple = [name for name in names if shape.members[name].type_name not in _NESTED]
        if getattr(shape, "is_tagged_union", False):
            names = [self.random.choice(simple if simple and depth > _MAX_DEPTH else names)]
        # Some protocols cannot tell an empty structure from none at all.
        at_least = self.random.choice(simple or names) if names else None
        value: dict[str, Any] = {}
        for name in names:
            member = shape.members[name]
            location = member.serialization.get("location")
            keep = depth == 0 or name in required or name == at_least
            if not keep and (depth >= _MAX_DEPTH or self.random.random() < 0.4):
                continue
            if member.serialization.get("eventstream"):
                continue
            if member.serialization.get("hostLabel"):
                value[name] = "123456789012"
                continue
            try:
                value[name] = self.value(member, depth + 1, location or where)
            except NoValue:
                if name in required or location == "uri":
                    raise
        return value

    def value(self, shape: Any, depth: int, where: str) -> Any:
        return getattr(self, f"_{shape.type_name}")(shape, depth, where)

    def _structure(self, shape: Any, depth: int, where: str) -> Any:
        if depth > 12:
            raise NoValue(shape.name)
        if getattr(shape, "is_document_type", False):
            return {"any": ["thing", 1, None]}
        return self.structure(shape, depth, where)

    def _list(self, shape: Any, depth: int, where: str) -> list[Any]:
        low = self._bound(shape, "min", 1)
        if depth > _MAX_DEPTH and (not self.valid or low == 0):
            return []
        count = max(low, 1 if where != "body" else self.random.randint(1, 2))
        if self.valid:
            count = min(count, self._bound(shape, "max", count))
        return [self.value(shape.member, depth + 1, where) for _ in range(count)]

    def _map(self, shape: Any, depth: int, where: str) -> dict[str, Any]:
        count = max(self._bound(shape, "min", 1), 1)
        found: dict[str, Any] = {}
        for _ in range(count * 4):
            key = self.value(shape.key, depth + 1, where)
            if where == "headers":
                key = key.lower()
            found[key] = self.value(shape.value, depth + 1, where)
            if len(found) >= count:
                break
        return found

    def _string(self, shape: Any, depth: int, where: str) -> str:
        enum = shape.metadata.get("enum")
        if enum:
            return self.random.choice(enum)
        if self.valid:
            return self._valid_string(shape)
        alphabet = _PLAIN + {"body": _ODD, "uri": _ODD, "querystring": _ODD}.get(where, _HEADER_ODD)
        if where == "headers":
            alphabet = _PLAIN
        inner = "".join(self.random.choices(alphabet, k=self.random.randint(0, 12)))
        return f"{self.random.choice(_PLAIN)}{inner}{self.random.choice(_PLAIN)}"

    def _valid_string(self, shape: Any) -> str:
        low, high = self._bound(shape, "min", 0), self._bound(shape, "max", 1 << 20)
        pattern = shape.metadata.get("pattern")
        if pattern is None:
            length = min(max(low, 6), high)
            return "".join(self.random.choices(_PLAIN, k=length))
        text = sample(pattern, low, high)
        if text is None:
            raise NoValue(pattern)
        return text

    def _integer(self, shape: Any, depth: int, where: str) -> int:
        if where == "statusCode":
            return 202
        if self.valid:
            low = shape.metadata.get("min", 0)
            return int(min(max(low, 3), shape.metadata.get("max", max(low, 3))))
        return self.random.randint(-(2**31), 2**31 - 1)

    def _long(self, shape: Any, depth: int, where: str) -> int:
        return (
            self._integer(shape, depth, where)
            if self.valid
            else self.random.randint(-(2**53), 2**53)
        )

    def _double(self, shape: Any, depth: int, where: str) -> float:
        return self._integer(shape, depth, where) + (0.0 if self.valid else 0.625)

    def _float(self, shape: Any, depth: int, where: str) -> float:
        return float(self.random.randint(-1000, 1000)) + 0.5

    def _boolean(self, shape: Any, depth: int, where: str) -> bool:
        return self.random.random() < 0.5

    def _blob(self, shape: Any, depth: int, where: str) -> bytes:
        return self.random.randbytes(max(self._bound(shape, "min", 1), 9))

    def _timestamp(self, shape: Any, depth: int, where: str) -> datetime:
        milliseconds = self.random.randint(0, 4_000_000_000_000)
        if where == "header" or shape.serialization.get("timestampFormat") == "rfc822":
            milliseconds -= milliseconds % 1000
        return datetime.fromtimestamp(milliseconds / 1000, UTC)

    def _bound(self, shape: Any, name: str, default: int) -> int:
        return int(shape.metadata.get(name, default)) if self.valid else default


def plain(value: Any) -> Any:
    """A value as Ingle has it inside: timestamps as seconds, to the millisecond."""
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return round(value, 3) if isinstance(value, float) else value


def told(value: Any, protocol: str) -> Any:
    """What of a value a protocol can tell: forms and XML do not know empty structures and lists."""
    value = plain(value)
    return _without_empty(value) if protocol in ("query", "rest-xml") else value


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        pruned = {key: _without_empty(item) for key, item in value.items()}
        return {key: item for key, item in pruned.items() if item not in ({}, [])}
    if isinstance(value, list):
        return [item for item in map(_without_empty, value) if item not in ({}, [])]
    return value


@cache
def sample(java: str, low: int, high: int) -> str | None:
    """A string that matches a pattern and whose length is within bounds, or None."""
    pattern = compile_pattern(java)
    if pattern is None:
        return None
    tree = re._parser.parse(pattern.pattern, pattern.flags)  # type: ignore[attr-defined]
    for seed in range(60):
        source = random.Random(seed)
        text = _draw(tree, source, repeats=(1, 2, 4, 9, 18, 36)[seed % 6])
        if low <= len(text) <= high and pattern.fullmatch(text):
            return text
    return None


def _draw(tree: Any, source: random.Random, repeats: int) -> str:
    out = []
    groups: dict[int, str] = {}
    for op, argument in tree:
        name = str(op)
        if name == "LITERAL":
            out.append(chr(argument))
        elif name == "NOT_LITERAL":
            out.append("a" if argument != ord("a") else "b")
        elif name == "ANY":
            out.append("a")
        elif name == "IN":
            out.append(_draw_class(argument, source))
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            low, high, inner = argument
            count = min(int(high), max(low, repeats if source.random() < 0.8 else low))
            out.extend(_draw(inner, source, repeats) for _ in range(count))
        elif name == "BRANCH":
            out.append(_draw(source.choice(argument[1]), source, repeats))
        elif name == "SUBPATTERN":
            groups[argument[0]] = _draw(argument[3], source, repeats)
            out.append(groups[argument[0]])
        elif name == "ATOMIC_GROUP":
            out.append(_draw(argument, source, repeats))
        elif name == "GROUPREF":
            out.append(groups.get(argument, ""))
    return "".join(out)


def _draw_class(items: Any, source: random.Random) -> str:
    if str(items[0][0]) == "NEGATE":
        excluded = items[1:]
        return next(
            letter for letter in "aZ0-_. é" if not any(_in_class(letter, one) for one in excluded)
        )
    # Ranges come first in most classes, and the plain letters in them are the safest.
    op, argument = source.choice(items)
    if str(op) == "RANGE":
        low, high = argument
        return chr(source.randint(low, min(high, low + 25)))
    if str(op) == "CATEGORY":
        return _CATEGORIES[str(argument)]
    return chr(argument)


_CATEGORIES = {
    "CATEGORY_DIGIT": "7",
    "CATEGORY_WORD": "w",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_SPACE": "x",
    "CATEGORY_NOT_DIGIT": "x",
    "CATEGORY_NOT_WORD": "-",
}


def _in_class(letter: str, item: Any) -> bool:
    op, argument = item
    if str(op) == "RANGE":
        return argument[0] <= ord(letter) <= argument[1]
    if str(op) == "CATEGORY":
        tests = {"CATEGORY_DIGIT": "0", "CATEGORY_WORD": "aZ0_", "CATEGORY_SPACE": " "}
        return letter in tests.get(str(argument), "")
    return ord(letter) == argument
