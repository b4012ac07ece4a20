"""How this process comes up. Written for Python 2.7."""

import sys

sys.dont_write_bytecode = True  # this folder is not the function's

from ingle_runtime import main  # noqa: E402

sys.dont_write_bytecode = False
del sys.path[0]  # what the function imports is its own

main.start()
