"""Becoming the function's own process: its variables, its folder, its libraries."""

from __future__ import absolute_import

import os
import sys
import time

_LAYERS = ("/opt/python/lib/python2.7/site-packages", "/opt/python")
_RUNTIME = "/var/runtime"
_HOST_FOLDERS = ("dist-packages", "site-packages")


def forget_host_packages():
    """Look no longer for what is installed on the machine for other programs."""
    sys.path[:] = [entry for entry in sys.path if os.path.basename(entry) not in _HOST_FOLDERS]


def enter(environment):
    """Take over a function's environment."""
    for name, value in environment.items():
        os.environ[_encoded(name)] = _encoded(value)
    time.tzset()
    root = os.environ["LAMBDA_TASK_ROOT"]
    os.chdir(root)
    # PYTHONPATH names the runtime's folder too, but what layers bring is found before it.
    named = os.environ.get("PYTHONPATH", "").split(":")
    own = [entry for entry in named if entry not in ("", _RUNTIME)]
    first = []
    for entry in [root] + own + list(_LAYERS) + [_RUNTIME]:
        if entry not in first:
            first.append(entry)
    sys.path[:] = first + [entry for entry in sys.path if entry not in first]
    for entry in first:
        sys.path_importer_cache.pop(entry, None)  # it may not have been there before


def _encoded(text):
    return text.encode("utf-8") if isinstance(text, unicode) else text
