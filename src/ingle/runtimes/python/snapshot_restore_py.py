"""The module with which functions register hooks for SnapStart, under AWS's name for it.

AWS's runtimes have it too, so it need not be in a function's package.
Source: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    Function = TypeVar("Function", bound=Callable[..., Any])
    Hook = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]

_before_snapshot: list[Hook] = []
_after_restore: list[Hook] = []


def register_before_snapshot(func: Function, *args: Any, **kwargs: Any) -> Function:
    """Have a function called, with these arguments, before the snapshot is taken."""
    _before_snapshot.append((func, args, kwargs))
    return func


def register_after_restore(func: Function, *args: Any, **kwargs: Any) -> Function:
    """Have a function called, with these arguments, whenever the snapshot is restored."""
    _after_restore.append((func, args, kwargs))
    return func


def get_before_snapshot() -> list[Hook]:
    """List what is registered to be called before the snapshot, in the order of registration."""
    return _before_snapshot


def get_after_restore() -> list[Hook]:
    """List what is registered to be called after a restore, in the order of registration."""
    return _after_restore
