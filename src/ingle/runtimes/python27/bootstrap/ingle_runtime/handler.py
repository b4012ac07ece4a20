"""Finding the function's handler.

The wording is that of AWS's own runtime for Python 2.7, which says less than its later ones.
"""

from __future__ import absolute_import

import imp
import sys
import traceback

from .errors import Fault


def load(name):
    """Import the handler's module; return the handler, and the module's `init` or None.

    Raises:
        Fault: it cannot be found, or its module cannot be imported.
    """
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        raise Fault("Bad handler '%s'" % name, "need more than 1 value to unpack")
    try:
        module = _import(module_name)
    except Fault:
        raise
    except ImportError as error:
        raise Fault("Unable to import module '%s'" % module_name, error)
    except SyntaxError as error:
        raise Fault("Syntax error in module '%s'" % module_name, error)
    except Exception as error:
        raise Fault(
            "module initialization error",
            error,
            "".join(traceback.format_list(traceback.extract_tb(sys.exc_info()[2])[2:])),
        )
    try:
        function = getattr(module, function_name)
    except AttributeError as error:
        raise Fault("Handler '%s' missing on module '%s'" % (function_name, module_name), error)
    return function, getattr(module, "init", None)


def _import(name):
    """Import a module without its parents, and although it was imported before, as AWS does."""
    opened, where, kind = None, None, None
    for segment in name.split("."):
        if opened is not None:
            opened.close()
        opened, where, kind = imp.find_module(segment, None if where is None else [where])
    try:
        if opened is None and kind[2] == imp.C_BUILTIN:
            raise Fault("Cannot use built-in module %s as a handler module" % name)
        return imp.load_module(name, opened, where, kind)
    finally:
        if opened is not None:
            opened.close()
