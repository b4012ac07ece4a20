"""Which errors AWS documents, and which of them have no case here, by `elsewhere.toml`."""

import ast
import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

import botocore.session
from botocore import xform_name

from ingle.services.lambda_.api import LambdaService
from tests.e2e.server import ROOT

Pair = tuple[str, str]
"""An operation and the code of an error."""


class Elsewhere(NamedTuple):
    """Errors that have no case, all for one reason.

    Attributes:
        pairs: the operations and their errors.
        reason: why they cannot occur, or "" where another test provokes them.
        test: that test, or "".
    """

    pairs: tuple[Pair, ...]
    reason: str
    test: str


@cache
def documented() -> frozenset[Pair]:
    """Every error that botocore's model has, of the operations that Ingle has."""
    model = botocore.session.get_session().get_service_model("lambda")
    return frozenset(
        (name, shape.name)
        for name in model.operation_names
        if hasattr(LambdaService, xform_name(name))
        for shape in model.operation_model(name).error_shapes
    )


@cache
def elsewhere() -> tuple[Elsewhere, ...]:
    """Read the list; an entry without operations is about all that have the error, or all but."""
    entries = tomllib.loads(Path(__file__).with_name("elsewhere.toml").read_text("utf-8"))["error"]
    return tuple(
        Elsewhere(
            tuple(
                (operation, error)
                for error in entry["errors"]
                for operation in entry.get("operations") or _all_but(error, entry.get("not", []))
            ),
            entry.get("reason", ""),
            entry.get("test", ""),
        )
        for entry in entries
    )


def _all_but(error: str, excepted: list[str]) -> list[str]:
    found = sorted(name for name, code in documented() if code == error and name not in excepted)
    assert found, f"no operation has {error}"
    return found


@cache
def names_in(path: str) -> frozenset[str]:
    """The names of the tests in a file."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
