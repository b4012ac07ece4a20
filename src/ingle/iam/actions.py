"""The actions that a statement names, made into something fast to match.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
"""

from collections.abc import Iterable

from ingle.iam.patterns import ANY, Patterns, Style


class Actions:
    """Patterns such as `s3:Get*`, by service; case makes no difference."""

    __slots__ = ("_all", "_by_service", "_names", "_of_any_service")

    def __init__(self, names: Iterable[str]) -> None:
        lowered = [name.lower() for name in names]
        self._all = ANY in lowered
        self._names = frozenset(name for name in lowered if "*" not in name and "?" not in name)
        wild: dict[str, list[str]] = {}
        of_any: list[str] = []
        for name in lowered:
            service, _, operation = name.partition(":")
            if "*" in service or "?" in service:
                of_any.append(name)
            elif name not in self._names:
                wild.setdefault(service, []).append(operation)
        self._of_any_service = Patterns(of_any, Style.LIKE, has_variables=False) if of_any else None
        self._by_service = {
            service: Patterns(operations, Style.LIKE, has_variables=False)
            for service, operations in wild.items()
        }

    def match(self, action: str) -> bool:
        """Whether an action, in lower case, is among them."""
        if self._all or action in self._names:
            return True
        service, _, operation = action.partition(":")
        patterns = self._by_service.get(service)
        if patterns is not None and patterns.match(operation, _no_variables):
            return True
        of_any = self._of_any_service
        return of_any is not None and of_any.match(action, _no_variables)


def _no_variables(key: str) -> None:
    """Actions have no variables."""
