"""Conditions of statements, compiled.

Sources:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from ingle.iam.operators import OPERATORS, Compare
from ingle.iam.patterns import Resolve, Variable, resolved
from ingle.iam.request import AccessRequest

_IF_EXISTS = "IfExists"
_NULL = "Null"
_BOOLS = {"true": True, "false": False}


class Quantifier(Enum):
    """How the values of a key that has several are compared.

    ANY: one must match (a negated operator: none may).
    FOR_ALL: each must match, also where there is none.
    FOR_ANY: one must match (a negated operator: one must differ from all).
    """

    ANY = auto()
    FOR_ALL = auto()
    FOR_ANY = auto()


_QUANTIFIERS = {"ForAllValues": Quantifier.FOR_ALL, "ForAnyValue": Quantifier.FOR_ANY}


@dataclass(frozen=True, slots=True)
class Operator:
    """The name of an operator, taken apart.

    Attributes:
        base: such as `StringEquals`.
        quantifier: what its prefix says.
        if_exists: whether it ends in `IfExists`.
    """

    base: str
    quantifier: Quantifier
    if_exists: bool


def parse_operator(name: str) -> Operator | None:
    """Take an operator's name apart; None if there is no such operator."""
    prefix, colon, base = name.rpartition(":")
    if colon and prefix not in _QUANTIFIERS:
        return None
    if_exists = base.endswith(_IF_EXISTS)
    base = base.removesuffix(_IF_EXISTS)
    if base not in OPERATORS and (base != _NULL or if_exists):
        return None
    return Operator(base, _QUANTIFIERS.get(prefix, Quantifier.ANY), if_exists)


class Condition:
    """What one operator asks of one key.

    Attributes:
        name: the key as written.
        key: the key in lower case.
        variables: the policy variables among the values.
    """

    __slots__ = (
        "_compare",
        "_if_exists",
        "_must_know",
        "_null",
        "_quantifier",
        "_wanted",
        "key",
        "name",
        "operator",
        "variables",
    )

    def __init__(
        self,
        operator: str,
        name: str,
        values: Sequence[str],
        *,
        has_variables: bool,
        allows: bool,
    ) -> None:
        """Compile a condition.

        Args:
            operator: the operator's name, which there is.
            name: the condition key.
            values: what it is compared with.
            has_variables: whether `${…}` is a variable.
            allows: whether its statement allows.
        """
        parsed = parse_operator(operator)
        assert parsed is not None
        self.operator = operator
        self.name = name
        self.key = name.lower()
        self.variables: tuple[Variable, ...] = ()
        self._if_exists = parsed.if_exists
        self._quantifier = parsed.quantifier
        self._null: frozenset[bool] | None = None
        self._compare: Compare = _never
        self._wanted = True
        if parsed.base == _NULL:
            self._null = frozenset(
                _BOOLS[text] for value in values if (text := value.lower()) in _BOOLS
            )
        else:
            kind = OPERATORS[parsed.base]
            self._wanted = not kind.is_negated
            self._compare, self.variables = kind.compile(values, has_variables)
        # What differs from a variable that has no value is not known: deny it, and do not allow it.
        self._must_know = allows and not self._wanted and bool(self.variables)

    def holds(self, request: AccessRequest) -> bool:
        """Whether a request fulfils it."""
        values = request.values(self.key)
        if self._null is not None:
            return (not values) in self._null
        if self._if_exists and not values:
            return True
        if self._must_know and self._has_unknown(request):
            return False
        wanted, quantifier = self._wanted, self._quantifier
        if not values:
            # Nothing matches what is not there: a negated operator holds, unless one must differ.
            return quantifier is Quantifier.FOR_ALL or (not wanted and quantifier is Quantifier.ANY)
        compare, resolve = self._compare, request.values
        if len(values) == 1 and quantifier is not Quantifier.FOR_ALL:
            return compare(values[0], resolve) is wanted
        if quantifier is Quantifier.ANY:
            return any(compare(value, resolve) for value in values) is wanted
        if quantifier is Quantifier.FOR_ANY:
            return any(compare(value, resolve) is wanted for value in values)
        # AWS takes empty texts for no value at all.
        return not any(values) or all(compare(value, resolve) is wanted for value in values)

    def _has_unknown(self, request: AccessRequest) -> bool:
        return any(resolved(each, request.values) is None for each in self.variables)


def _never(value: str, resolve: Resolve) -> bool:
    """What `Null` compares: nothing."""
    return False
