"""What a query is made of."""

from dataclasses import dataclass

from ingle.services.logs.insights.values import Value


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text or a boolean."""

    value: Value


@dataclass(frozen=True, slots=True)
class Period:
    """A span of time, in milliseconds."""

    ms: int


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a log event, or what an earlier command made."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function of some arguments; `count(*)` has none."""

    name: str
    arguments: "tuple[Expression, ...]"
    at: int


@dataclass(frozen=True, slots=True)
class Binary:
    """An arithmetic operation, a comparison, or `and` and `or`."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Unary:
    """`not`, or a minus sign."""

    operator: str
    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Membership:
    """`in`."""

    operand: "Expression"
    members: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Like:
    """`like` or `=~`: with a text, or with a regular expression."""

    operand: "Expression"
    text: str
    is_regex: bool
    at: int


Expression = Literal | Period | Field | Call | Binary | Unary | Membership | Like


@dataclass(frozen=True, slots=True)
class Column:
    """An expression, and what it is called: its own text where it has no alias."""

    expression: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Fields:
    """`fields`: makes fields, and shows them with others."""

    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Display:
    """`display`: says alone what is shown."""

    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """`filter`."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class Parse:
    """`parse`: takes fields out of a text.

    Attributes:
        source: the text.
        pattern: a regular expression, also where a glob was given.
        names: of the groups, in order; those without are not kept.
        at: where the pattern stands.
    """

    source: Expression
    pattern: str
    names: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Stats:
    """`stats … by …`."""

    columns: tuple[Column, ...]
    by: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Sort:
    """`sort`: columns, and which of them go down."""

    columns: tuple[tuple[Expression, bool], ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """`limit`."""

    count: int


@dataclass(frozen=True, slots=True)
class Dedup:
    """`dedup`: of those that have the same values here, the first stays."""

    columns: tuple[Expression, ...]


Command = Fields | Display | Filter | Parse | Stats | Sort | Limit | Dedup
