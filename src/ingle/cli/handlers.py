"""Guess which function of a package is its handler."""

import ast
from collections.abc import Iterable, Mapping

MODULES = ("lambda_function", "app", "main", "handler", "index")
"""The modules looked into, in this order."""

FUNCTIONS = ("lambda_handler", "handler")
"""The functions looked for, in this order."""


def guess_handler(sources: Mapping[str, bytes]) -> str | None:
    """Return the handler, for instance `app.handler`, or None where none is found.

    The code is read, never run.

    Args:
        sources: the content of the Python files at the package's root, by file name. A single
            file is looked into whatever its name.
    """
    modules: Iterable[str] = MODULES
    if len(sources) == 1:
        modules = [next(iter(sources)).removesuffix(".py")]
    for module in modules:
        source = sources.get(f"{module}.py")
        names = _names_defined(source) if source is not None else set()
        for function in FUNCTIONS:
            if function in names:
                return f"{module}.{function}"
    return None


def _names_defined(source: bytes) -> set[str]:
    """Return the names that a module's top level defines, assigns or imports."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()  # a file that this Python cannot read may be right for the function's
    names: set[str] = set()
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.ImportFrom(names=aliases):
                names.update(alias.asname or alias.name for alias in aliases)
            case ast.Assign(targets=targets):
                names.update(target.id for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
                names.add(name)
            case _:
                pass
    return names
