"""Resource ARNs that are made of an operation's input: templates, and the paths in them.

A template is text with placeholders: `{region}` and `{account}` are the request's own, `{caller}`
is the ARN of who asks, and any other is a path into the input. `{A.B}` is a member of a member,
`{A[]}` every item of a list, `{A{}}` every key of a map, `{A?}` may be missing. `{A|form}` is read
in a form (`forms.py`), `{A+B|form}` in one that takes two members. Where the first placeholder that
is a path holds an ARN, as many members take one instead of a name, that ARN stands for all before
it.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from ingle.iam.forms import FORMS, Where

_PLACEHOLDER = re.compile(r"\{((?:[^{}]|\{\})+)\}")
_STEP = re.compile(r"([^.\[\]{}]+)(\[\]|\{\})?")


class Path:
    """A way into an operation's input.

    Args:
        text: for instance `Targets[].RoleArn`.

    Attributes:
        member: the input's member that it begins with.
        deep: whether it goes further than that member.
    """

    __slots__ = ("_steps", "deep", "member", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        steps = [_STEP.fullmatch(step) for step in text.split(".")]
        if not all(steps):
            raise ValueError(f"{text!r} is no path")
        self._steps = tuple((step.group(1), step.group(2) or "") for step in steps if step)
        self.member = self._steps[0][0]
        self.deep = len(self._steps) > 1 or self._steps[0][1] != ""

    def find(self, params: Mapping[str, Any]) -> Iterator[Any]:
        """Yield what is there; nothing where a member is missing on the way."""
        yield from _follow(params, self._steps)


def _follow(value: Any, steps: Sequence[tuple[str, str]]) -> Iterator[Any]:
    if not steps:
        yield value
        return
    (name, kind), rest = steps[0], steps[1:]
    found = value.get(name) if isinstance(value, Mapping) else None
    if found is None:
        return
    if kind == "":
        yield from _follow(found, rest)
    elif kind == "{}" and isinstance(found, Mapping):
        yield from found
    elif kind == "[]" and isinstance(found, list | tuple):
        for item in found:
            yield from _follow(item, rest)


@dataclass(frozen=True, slots=True)
class _Hole:
    """A placeholder."""

    paths: tuple[Path, ...]
    form: Callable[[Sequence[Any], Where], str | None] | None
    optional: bool

    def values(self, params: Mapping[str, Any], where: Where) -> list[str]:
        if self.form is not None and (len(self.paths) > 1 or self.optional):
            inputs = [[next(path.find(params), None) for path in self.paths]]
        else:
            inputs = [[value] for value in self.paths[0].find(params)]
        found = []
        for values in inputs:
            text = self.form(values, where) if self.form is not None else _text(values[0])
            if text is not None:
                found.append(text)
        return found or ([""] if self.optional else [])


class Template:
    """An ARN, or other text, with placeholders.

    Args:
        text: as the data has it.
        is_arn: whether an ARN in the input stands for what is before it.

    Attributes:
        members: the members of the input that it looks at.
        deep: whether it looks into members that are no plain text.
    """

    __slots__ = ("_first", "_parts", "deep", "members", "text")

    def __init__(self, text: str, *, is_arn: bool = True) -> None:
        self.text = text
        parts: list[str | _Hole] = []
        end = 0
        for match in _PLACEHOLDER.finditer(text):
            parts += [text[end : match.start()], _part(match.group(1))]
            end = match.end()
        self._parts = tuple(part for part in (*parts, text[end:]) if part != "")
        holes = [part for part in self._parts if isinstance(part, _Hole)]
        paths = [path for hole in holes for path in hole.paths]
        self.members = tuple(path.member for path in paths)
        self.deep = any(path.deep for path in paths)
        where = (n for n, part in enumerate(self._parts) if isinstance(part, _Hole))
        self._first = next(where, None) if is_arn else None

    def fill(self, params: Mapping[str, Any], where: Where) -> list[str]:
        """Fill the template; once for each item of a list that it goes through.

        Returns:
            The texts; none where the input lacks what the template takes.
        """
        choices: list[list[str]] = []
        for part in self._parts:
            values = _reserved(part, where) if isinstance(part, str) else part.values(params, where)
            if not values:
                return []
            choices.append(values)
        return [_joined(texts, self._first) for texts in product(*choices)]


def _part(inside: str) -> "str | _Hole":
    if inside in _RESERVED:
        return "{" + inside + "}"
    names, _, form = inside.partition("|")
    optional = names.endswith("?")
    paths = tuple(Path(name) for name in names.rstrip("?").split("+"))
    return _Hole(paths, FORMS[form] if form else None, optional)


def _reserved(part: str, where: Where) -> list[str]:
    find = _RESERVED.get(part[1:-1]) if part.startswith("{") else None
    return [part if find is None else find(where)]


def _joined(texts: Sequence[str], first: int | None) -> str:
    if first is not None and texts[first].startswith("arn:"):
        texts = texts[first:]
    return "".join(texts)


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


_RESERVED: Mapping[str, Callable[[Where], str]] = {
    "region": lambda where: where.region,
    "account": lambda where: where.account_id,
    "caller": lambda where: where.caller,
}
