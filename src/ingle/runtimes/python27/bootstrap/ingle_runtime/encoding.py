"""Answers' JSON."""

from __future__ import absolute_import

import json
import sys


def dump(value):
    """Return JSON; raise TypeError or ValueError where a value cannot be JSON."""
    return json.dumps(value, default=_convert)


def _convert(value):
    # Only a function that imported the module has such numbers.
    decimal = sys.modules.get("decimal")
    if decimal is not None and isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError(repr(value) + " is not JSON serializable")
