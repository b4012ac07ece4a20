"""The rules of a service model, checked on input that was read from the wire.

Every violation is collected, and told in AWS's words: `2 validation errors detected: Value '' at
'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern: ...;
Value ...`. Secrets are never repeated.
"""

import re
from collections.abc import Callable
from typing import Any

from ingle.wire.behaviour import Behaviour, MemberRule
from ingle.wire.errors import Validation
from ingle.wire.patterns import compile_pattern
from ingle.wire.shapes import PerShape, Shape

_MAX_TOLD = 2048
NOT_NULL = "Member must not be null"
_ITEM = re.compile(r"\.\d+\.member\b")
_PATTERN = "Member must satisfy regular expression pattern: "

_SCALARS = frozenset(
    ("string", "integer", "long", "float", "double", "boolean", "blob", "timestamp")
)


class Violation:
    """One rule that one member breaks.

    Attributes:
        path: where, in AWS's notation, for instance `tags.1.member.key`.
        member: the member's name in the model.
        value: the value for the message, or None where it is missing or must not be told.
        is_missing: whether the member is missing.
        constraint: the rule, in AWS's words.
    """

    __slots__ = ("constraint", "is_missing", "member", "path", "value")

    def __init__(
        self, path: str, member: str, value: str | None, is_missing: bool, constraint: str
    ) -> None:
        self.path = path
        self.member = member
        self.value = value
        self.is_missing = is_missing
        self.constraint = constraint

    def __str__(self) -> str:
        if self.is_missing:
            subject = "Value null"
        else:
            subject = "Value" if self.value is None else f"Value '{self.value}'"
        return f"{subject} at '{self.path}' failed to satisfy constraint: {self.constraint}"


Check = Callable[[Any, str, str, list[Violation]], None]
Rule = tuple[Callable[[Any], bool], str]


def _unchecked(value: Any, path: str, member: str, found: list[Violation]) -> None:
    """The check of a shape that has no rules."""


class Checks(PerShape[Check]):
    """Checks of values: each appends what it finds to a list of violations."""

    def __init__(self) -> None:
        super().__init__()
        self._sensitive: dict[Shape, bool] = {}

    def build(self, shape: Shape) -> Check:
        """Make the check for a shape."""
        if shape.type == "structure":
            return self._structure(shape)
        if shape.type == "list":
            return self._list(shape)
        if shape.type == "map":
            return self._map(shape)
        rules = scalar_rules(shape)
        return self._rules(shape, rules) if rules else _unchecked

    def holds_secrets(self, shape: Shape) -> bool:
        """Whether a value of this shape can hold what must not be told."""
        known = self._sensitive.get(shape)
        if known is None:
            # A shape inside itself adds nothing to what the rest of it says.
            self._sensitive[shape] = False
            known = shape.is_sensitive or any(self.holds_secrets(part) for part in _parts(shape))
            self._sensitive[shape] = known
        return known

    def _tell(self, shape: Shape, value: Any) -> str | None:
        return None if self.holds_secrets(shape) else told(value)

    def _rules(self, shape: Shape, rules: list[Rule]) -> Check:
        def check(value: Any, path: str, member: str, found: list[Violation]) -> None:
            for holds, constraint in rules:
                if not holds(value):
                    found.append(
                        Violation(path, member, self._tell(shape, value), False, constraint)
                    )

        return check

    def _structure(self, shape: Shape) -> Check:
        if shape.is_document:
            return _unchecked
        members = []
        for name, member in shape.members.items():
            check = self.of(member)
            if check is not _unchecked or name in shape.required:
                members.append((name, lower_first(name), check, name in shape.required))
        if not members:
            return _unchecked

        def check_members(value: Any, path: str, member: str, found: list[Violation]) -> None:
            prefix = path + "." if path else ""
            get = value.get
            for name, path_name, check, is_required in members:
                item = get(name)
                if item is not None:
                    check(item, prefix + path_name, name, found)
                elif is_required:
                    found.append(Violation(prefix + path_name, name, None, True, NOT_NULL))

        return check_members

    def _list(self, shape: Shape) -> Check:
        item = shape.member
        check_size = self._rules(shape, _size_rules(shape))
        if item.type in _SCALARS:
            check_items = self._each(
                shape, item, lambda value: value, "Member must satisfy constraint"
            )
        else:
            check_item = self.of(item)

            def check_items(value: Any, path: str, member: str, found: list[Violation]) -> None:
                for number, one in enumerate(value, 1):
                    where = f"{path}.{number}.member"
                    if one is None:
                        found.append(Violation(where, member, None, True, NOT_NULL))
                    else:
                        check_item(one, where, member, found)

        def check(value: Any, path: str, member: str, found: list[Violation]) -> None:
            check_size(value, path, member, found)
            check_items(value, path, member, found)

        return check

    def _map(self, shape: Shape) -> Check:
        check_size = self._rules(shape, _size_rules(shape))
        check_keys = self._each(
            shape, shape.key, lambda value: value, "Map keys must satisfy constraint"
        )
        values = shape.value
        if values.type in _SCALARS:
            check_values = self._each(
                shape, values, lambda value: value.values(), "Map value must satisfy constraint"
            )
        else:
            check_value = self.of(values)

            def check_values(value: Any, path: str, member: str, found: list[Violation]) -> None:
                for key, one in value.items():
                    where = f"{path}.{key}.member"
                    if one is None:
                        found.append(Violation(where, member, None, True, NOT_NULL))
                    else:
                        check_value(one, where, member, found)

        def check(value: Any, path: str, member: str, found: list[Violation]) -> None:
            check_size(value, path, member, found)
            check_keys(value, path, member, found)
            check_values(value, path, member, found)

        return check

    def _each(self, shape: Shape, item: Shape, items: Callable[[Any], Any], words: str) -> Check:
        rules = scalar_rules(item)
        constraint = f"{words}: [{', '.join([*_in_lists(rules), NOT_NULL])}]"

        def check(value: Any, path: str, member: str, found: list[Violation]) -> None:
            for one in items(value):
                if one is None or not all(holds(one) for holds, _ in rules):
                    found.append(
                        Violation(path, member, self._tell(shape, value), False, constraint)
                    )
                    return

        return check


def _in_lists(rules: list[Rule]) -> list[str]:
    # For the items of lists and maps AWS tells the upper bound first and the pattern last.
    lengths = [text for _, text in rules if "pattern" not in text]
    return [*reversed(lengths), *(text for _, text in rules if "pattern" in text)]


def scalar_rules(shape: Shape) -> list[Rule]:
    """The rules of a scalar shape, in the order in which AWS tells of them."""
    rules: list[Rule] = []
    traits = shape.traits
    enum = traits.get("enum")
    if enum is not None:
        allowed = frozenset(enum)
        words = f"Member must satisfy enum value set: [{', '.join(enum)}]"
        rules.append((allowed.__contains__, words))
    if "pattern" in traits:
        pattern = compile_pattern(traits["pattern"])
        if pattern is not None:
            matches = pattern.fullmatch
            words = _PATTERN + traits["pattern"]
            rules.append((lambda value: matches(value) is not None, words))
    if shape.type in ("string", "blob"):
        rules.extend(_size_rules(shape))
    elif shape.type in ("integer", "long", "float", "double"):
        rules.extend(_range_rules(shape))
    return rules


def _size_rules(shape: Shape) -> list[Rule]:
    rules: list[Rule] = []
    low, high = shape.traits.get("min"), shape.traits.get("max")
    if low:
        words = f"Member must have length greater than or equal to {_number(low)}"
        rules.append((lambda value: len(value) >= low, words))
    if high is not None:
        words = f"Member must have length less than or equal to {_number(high)}"
        rules.append((lambda value: len(value) <= high, words))
    return rules


def _range_rules(shape: Shape) -> list[Rule]:
    rules: list[Rule] = []
    low, high = shape.traits.get("min"), shape.traits.get("max")
    # AWS writes the bounds of a fraction as fractions, 1.0 for 1.
    tell = float if shape.type in ("float", "double") else _number
    if low is not None:
        words = f"Member must have value greater than or equal to {tell(low)}"
        rules.append((lambda value: value >= low, words))
    if high is not None:
        words = f"Member must have value less than or equal to {tell(high)}"
        rules.append((lambda value: value <= high, words))
    return rules


def _number(bound: int | float) -> str:
    return str(int(bound)) if bound == int(bound) else str(bound)


def _parts(shape: Shape) -> list[Shape]:
    if shape.type == "structure":
        return list(shape.members.values())
    if shape.type == "list":
        return [shape.member]
    if shape.type == "map":
        return [shape.key, shape.value]
    return []


def lower_first(name: str) -> str:
    """A member's name as AWS's messages have it: `MemorySize` is `memorySize`."""
    return name[:1].lower() + name[1:]


def told(value: Any) -> str:
    """A value for a message: as Java prints it, which is what AWS's have, but not at any length."""
    text = java_text(value)
    return text if len(text) <= _MAX_TOLD else text[:_MAX_TOLD] + "..."


def java_text(value: Any) -> str:
    """A value as Java prints it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        size = len(value)
        return f"java.nio.HeapByteBuffer[pos=0 lim={size} cap={size}]"
    if isinstance(value, list):
        return f"[{', '.join(java_text(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}={java_text(item)}' for key, item in value.items())}}}"
    return str(value)


def check_input(
    check: Check, value: dict[str, Any], behaviour: Behaviour, body: str | None = None
) -> None:
    """Check an operation's input.

    Args:
        check: what checks it.
        value: the input.
        behaviour: how the service tells what is wrong.
        body: the member that is the whole body; None where there is none.

    Raises:
        Validation: it breaks rules; the message tells of all of them.
    """
    found: list[Violation] = []
    check(value, "", "", found)
    if found:
        raise _error(found, behaviour, body)


def _error(found: list[Violation], behaviour: Behaviour, body: str | None) -> Validation:
    within = behaviour.wrong_within
    if within is not None and all(
        "." in violation.path and _rule(violation, behaviour) is None for violation in found
    ):
        return Validation(within.message, code=within.code)
    if behaviour.missing_message is not None:
        missing = next((violation for violation in found if violation.is_missing), None)
        if missing is not None:
            if missing.member == body and behaviour.missing_body is not None:
                return Validation(behaviour.missing_body.message, code=behaviour.missing_body.code)
            return Validation(
                behaviour.missing_message.format(member=missing.member),
                code=behaviour.missing_code or behaviour.validation_code,
            )
    ordinary = [violation for violation in found if _rule(violation, behaviour) is None]
    if not ordinary:
        rule = _rule(found[0], behaviour)
        assert rule is not None
        text = rule.message.format(
            value=found[0].value, path=found[0].path, constraint=found[0].constraint
        )
        return Validation(text, code=rule.code)
    if not behaviour.tells_values:
        for violation in ordinary:
            violation.value = None
    count = len(ordinary)
    head = f"{count} validation error{'' if count == 1 else 's'} detected: "
    return Validation(head + "; ".join(map(str, ordinary)), code=behaviour.validation_code)


def _rule(violation: Violation, behaviour: Behaviour) -> MemberRule | None:
    if violation.is_missing:
        return None
    rule = behaviour.member_rules.get(_ITEM.sub("", violation.path))
    if rule is None and violation.constraint.startswith(_PATTERN):
        rule = behaviour.pattern_rules.get(violation.constraint.removeprefix(_PATTERN))
    return rule
