"""Saying what went wrong as AWS's own runtime for Python 2.7 does."""

from __future__ import absolute_import

import os
import traceback

from . import output

_HERE = os.path.dirname(os.path.abspath(__file__))
_SDKS = ("boto3", "botocore")


class Fault(Exception):
    """An error that the runtime itself finds.

    Args:
        message: what the caller gets.
        cause: what the log tells as well.
        trace: further lines of the log.
    """

    def __init__(self, message, cause=None, trace=""):
        Exception.__init__(self, message)
        self.message = message
        self.cause = cause
        self.trace = trace


class JsonError(Exception):
    """JSON could not be read or made of something; `information` is of the error that says so."""

    def __init__(self, information, message):
        Exception.__init__(self, message)
        self.information = information
        self.message = message


def answer_fault(fault):
    """Log an error of the runtime; return what the caller gets."""
    line = fault.message
    if fault.cause is not None:
        line = "%s: %s" % (line, _text_of(fault.cause))
    output.event("%s\n%s" % (line, fault.trace) if fault.trace else line)
    missing = _missing_module(fault.cause)
    if missing in _SDKS:
        output.event(
            "%s is not part of this runtime: the function's package or a layer must bring it "
            "(the last of Python 2.7: boto3 1.17.112)." % missing
        )
    return _described(fault.message, None, None)


def answer_error(information, message=None):
    """Log an exception; return what the caller gets.

    Args:
        information: what `sys.exc_info()` returned.
        message: what failed, where that is not the function's own code.
    """
    kind, value, tb = information
    text = _text_of(value)
    frames = _without_ours(traceback.extract_tb(tb))
    head = (message, text) if message else (text, kind.__name__)
    lines = ["%s: %s\nTraceback (most recent call last):\n" % head]
    lines += [output.readable(each) for each in traceback.format_list(frames)]
    lines += [output.readable(each) for each in traceback.format_exception_only(kind, value)]
    output.event("".join(lines))
    return _described(text, kind.__name__, [_frame(*each) for each in frames])


def _described(message, kind, trace):
    described = {}
    if message:
        described["errorMessage"] = message
    if kind:
        described["errorType"] = kind
    if trace:
        described["stackTrace"] = trace
    return described


def _frame(path, line, function, text):
    return [
        output.readable(path),
        line,
        output.readable(function),
        None if text is None else output.readable(text),
    ]


def _text_of(value):
    try:
        return output.readable(str(value))
    except Exception:  # the function's own class cannot tell
        return "<unprintable %s object>" % type(value).__name__


def _without_ours(frames):
    """Leave out the runtime's frames, unless there are no others."""
    for at, frame in enumerate(frames):
        if not os.path.abspath(frame[0]).startswith(_HERE):
            return frames[at:]
    return frames


def _missing_module(error):
    words = _text_of(error).split() if isinstance(error, ImportError) else []
    return words[-1].split(".")[0] if words[:3] == ["No", "module", "named"] else None
