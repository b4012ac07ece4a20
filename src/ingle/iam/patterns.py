"""Text with wildcards and policy variables, as policies have it, made into something fast to match.

Sources:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

ARN_PARTS = 6  # arn:partition:service:region:account:resource; the last one may contain colons
ANY = "*"

Resolve = Callable[[str], tuple[str, ...] | None]

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
# `${key}` and `${key, 'default'}`; names of tags may contain nearly anything.
_REFERENCE = re.compile(r"\s*([^\s:,'][^:,']*:[^,']+?)\s*(?:,\s*'([^']*)'\s*)?")
_ESCAPES = {"*": "*", "?": "?", "$": "$"}


class Style(Enum):
    """How the pieces of a pattern match.

    EXACT: as they are; a wildcard is a character as any other.
    LIKE: `*` is any run of characters, `?` any one.
    ARN: like LIKE, but in each of an ARN's first five parts a wildcard stays within its part.
    RESOURCE: like ARN, but a `*` at the end of a part may go on beyond it.
    """

    EXACT = auto()
    LIKE = auto()
    ARN = auto()
    RESOURCE = auto()


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that stands for itself."""

    text: str


@dataclass(frozen=True, slots=True)
class Value(Literal):
    """What was put in a variable's place: its colons do not end parts of an ARN."""


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`*` or `?`."""

    text: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A condition key whose value is put in its place.

    Attributes:
        key: its name, in lower case.
        name: its name as written.
        default: what is put there if the request has no such key; None if there is no default.
    """

    key: str
    name: str
    default: str | None


Piece = Literal | Wildcard | Variable


def parse_pieces(text: str, has_variables: bool) -> tuple[Piece, ...]:
    """Take a pattern apart.

    Args:
        text: as in the policy.
        has_variables: whether `${…}` is a variable, which it is from version 2012-10-17 on.
    """
    pieces: list[Piece] = []
    start = 0
    for match in _VARIABLE.finditer(text) if has_variables else ():
        variable = _variable(match.group(1))
        if variable is None:
            continue
        pieces += _plain_pieces(text[start : match.start()])
        pieces.append(variable)
        start = match.end()
    pieces += _plain_pieces(text[start:])
    return tuple(pieces)


def _variable(inside: str) -> Piece | None:
    if inside in _ESCAPES:
        return Literal(_ESCAPES[inside])
    found = _REFERENCE.fullmatch(inside)
    if found is None:
        return None
    return Variable(found.group(1).lower(), found.group(1), found.group(2))


def _plain_pieces(text: str) -> list[Piece]:
    return [
        Wildcard(part) if part in ("*", "?") else Literal(part)
        for part in re.split(r"([*?])", text)
        if part
    ]


class Patterns:
    """Several patterns, of which one must match.

    Attributes:
        variables: the variables in them.
    """

    __slots__ = ("_any", "_exact", "_fixed", "_folds", "_templates", "variables")

    def __init__(
        self, texts: Iterable[str], style: Style, *, has_variables: bool, folds: bool = False
    ) -> None:
        """Compile patterns.

        Args:
            texts: the patterns, as in the policy.
            style: how they match.
            has_variables: whether `${…}` is a variable in them.
            folds: whether case makes no difference.
        """
        exact: set[str] = set()
        fixed: list[str] = []
        templates: list[_Template] = []
        self._any = False
        self._folds = folds
        for text in texts:
            pieces = parse_pieces(text, has_variables)
            if style is not Style.EXACT and text == ANY:
                self._any = True
            elif any(isinstance(piece, Variable) for piece in pieces):
                templates.append(_Template(pieces, style, folds))
            elif _is_exact(pieces, style):
                exact.add(_folded("".join(map(_text, pieces)), folds))
            else:
                fixed.append(_expression(pieces, style))
        self.variables = tuple(variable for each in templates for variable in each.variables)
        self._exact = frozenset(exact)
        self._fixed = _compiled("|".join(fixed), folds).fullmatch if fixed else None
        self._templates = tuple(templates)

    def match(self, value: str, resolve: Resolve) -> bool:
        """Whether one of the patterns matches a text.

        Args:
            value: the text.
            resolve: finds the values of condition keys, for variables. One that has no value, or
                several, and no default, leaves a pattern that matches nothing.
        """
        if self._any or (value.lower() if self._folds else value) in self._exact:
            return True
        if self._fixed is not None and self._fixed(value):
            return True
        for template in self._templates:  # noqa: SIM110  # twice as fast as any()
            if template.match(value, resolve):
                return True
        return False

    def resolvable(self, resolve: Resolve) -> bool:
        """Whether every variable in the patterns has a value."""
        return all(resolved(variable, resolve) is not None for variable in self.variables)


class _Template:
    """A pattern with variables."""

    __slots__ = ("_folds", "_pieces", "_start", "_style", "variables")

    def __init__(self, pieces: Sequence[Piece], style: Style, folds: bool) -> None:
        self.variables = tuple(piece for piece in pieces if isinstance(piece, Variable))
        self._pieces = tuple(pieces)
        self._style = style
        self._folds = folds
        first = pieces[0]
        self._start = first.text if isinstance(first, Literal) and not folds else ""

    def match(self, value: str, resolve: Resolve) -> bool:
        if not value.startswith(self._start):
            return False
        values = []
        for variable in self.variables:
            text = resolved(variable, resolve)
            if text is None:
                return False
            values.append(text)
        return _matcher(self, tuple(values))(value)

    def matcher(self, values: Sequence[str]) -> Callable[[str], bool]:
        """What matches the pattern with values in the places of its variables."""
        rest = iter(values)
        pieces: list[Piece] = [
            Value(next(rest)) if isinstance(piece, Variable) else piece for piece in self._pieces
        ]
        folds = self._folds
        if _is_exact(pieces, self._style):
            wanted = _folded("".join(map(_text, pieces)), folds)
            return lambda value: _folded(value, folds) == wanted
        matches = _compiled(_expression(pieces, self._style), folds).fullmatch
        return lambda value: matches(value) is not None


@functools.lru_cache(maxsize=4096)
def _matcher(template: _Template, values: tuple[str, ...]) -> Callable[[str], bool]:
    return template.matcher(values)


def _folded(text: str, folds: bool) -> str:
    return text.lower() if folds else text


def resolved(variable: Variable, resolve: Resolve) -> str | None:
    """What is put in a variable's place; None where it has neither one value nor a default."""
    values = resolve(variable.key)
    return values[0] if values is not None and len(values) == 1 else variable.default


def _text(piece: Piece) -> str:
    assert not isinstance(piece, Variable)
    return piece.text


def _is_exact(pieces: Sequence[Piece], style: Style) -> bool:
    """Whether pieces without variables stand for one text only."""
    if style is Style.EXACT:
        return True
    if any(isinstance(piece, Wildcard) for piece in pieces):
        return False
    written = "".join(_text(piece) for piece in pieces if not isinstance(piece, Value))
    return style is Style.LIKE or written.count(":") >= ARN_PARTS - 1


def _compiled(expression: str, folds: bool) -> re.Pattern[str]:
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if folds else re.NOFLAG))


def _expression(pieces: Sequence[Piece], style: Style) -> str:
    if style is Style.LIKE:
        return _segment(pieces, ".")
    parts = _arn_parts(pieces)
    if style is Style.RESOURCE:
        return _resource(parts)
    *parts, resource = parts
    return ":".join([*(f"(?>{_segment(part, '[^:]')})" for part in parts), _segment(resource, ".")])


def _resource(parts: Sequence[Sequence[Piece]]) -> str:
    """The expression for the parts of an ARN in a `Resource` element.

    What is between two `*` that may go anywhere is looked for from the left, and the first place
    is kept, because none further right would leave more for the rest.
    """
    groups = [[""]]  # parted by the `*` that may go anywhere, and each by those that may not
    for number, part in enumerate(parts):
        is_last = number == ARN_PARTS - 1
        groups[-1][-1] += ":" if number else ""
        for place, piece in enumerate(part):
            if piece != Wildcard("*"):
                one = "." if is_last else "[^:]"
                groups[-1][-1] += one if isinstance(piece, Wildcard) else re.escape(_text(piece))
            elif is_last or place == len(part) - 1:
                groups.append([""])
            else:
                groups[-1].append("")
    first, *others = (
        "".join([start, *(f"(?>[^:]*?{chunk})" for chunk in chunks if chunk)])
        for start, *chunks in groups
    )
    if not others:
        return first
    *middle, last = others
    return f"{first}{''.join(f'(?>.*?{group})' for group in middle if group)}.*{last}"


def _arn_parts(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """The six parts of an ARN; those that are missing at its end are anything, as on AWS."""
    parts: list[list[Piece]] = [[]]
    for piece in pieces:
        if not isinstance(piece, Literal) or isinstance(piece, Value):
            parts[-1].append(piece)
            continue
        first, *others = piece.text.split(":", ARN_PARTS - len(parts))
        parts[-1] += _literal(first)
        parts += map(_literal, others)
    return parts + [[Wildcard("*")] for _ in range(ARN_PARTS - len(parts))]


def _literal(text: str) -> list[Piece]:
    return [Literal(text)] if text else []


def _segment(pieces: Sequence[Piece], one: str) -> str:
    """The expression for pieces; linear in time, because no `*` but the last one is tried twice."""
    chunks = [""]
    for piece in pieces:
        if piece == Wildcard("*"):
            chunks.append("")
        else:
            chunks[-1] += one if isinstance(piece, Wildcard) else re.escape(_text(piece))
    if len(chunks) == 1:
        return chunks[0]
    first, *middle, last = chunks
    inner = "".join(f"(?>{one}*?{chunk})" for chunk in middle if chunk)
    return f"{first}{inner}{one}*{last}"
