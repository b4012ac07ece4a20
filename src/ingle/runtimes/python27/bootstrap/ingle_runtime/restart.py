"""Starting anew with what Python takes in only when it starts.

This process came up before it was known whom it serves. Where the function has what it should have
been started with, it becomes a new Python, which costs the time that Python takes to start.
"""

from __future__ import absolute_import

import os
import re
import sys

_MARK = "_INGLE_STARTED_ANEW"
"""Holds the LANG that the function is to find."""

# What Python, the C library or the dynamic linker read at the start only.
_READ_AT_START = re.compile(
    r"(?:GLIBC_TUNABLES|LD_LIBRARY_PATH|LD_PRELOAD|MALLOC_\w+|PYTHON(?!PATH$)\w+)$"
)


def is_needed(environment):
    """Whether a function's environment needs a start of its own."""
    return any(
        _READ_AT_START.match(name) and os.environ.get(name) != value.encode("utf-8")
        for name, value in environment.items()
    )


def perform(environment, channel_fd):
    """Become a new Python with this environment, and with the channel as its standard input."""
    variables = dict(os.environ)
    for name, value in environment.items():
        variables[name.encode("utf-8")] = value.encode("utf-8")
    variables[_MARK] = variables.get("LANG", "")
    variables["LANG"] = os.environ["LANG"]
    os.dup2(channel_fd, 0)
    os.execve(sys.executable, [sys.executable, sys.argv[0]], variables)


def started_anew():
    """Whether this is the new Python, which has its environment already."""
    lang = os.environ.pop(_MARK, None)
    if lang is None:
        return False
    os.environ["LANG"] = lang
    return True
