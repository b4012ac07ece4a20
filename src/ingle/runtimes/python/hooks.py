"""Runs the hooks that a function has registered for its snapshot.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html and, for
the order, https://github.com/aws/aws-lambda-python-runtime-interface-client.
"""

from __future__ import annotations

import sys

_MODULE = "snapshot_restore_py"


def before_snapshot() -> None:
    """Call what is to be called before the snapshot, the last registered first."""
    module = sys.modules.get(_MODULE)
    if module is None:
        return
    registered = module.get_before_snapshot()
    while registered:
        function, arguments, named = registered.pop()
        function(*arguments, **named)


def after_restore() -> None:
    """Call what is to be called in every restored sandbox, the first registered first."""
    module = sys.modules.get(_MODULE)
    if module is None:
        return
    for function, arguments, named in module.get_after_restore():
        function(*arguments, **named)
