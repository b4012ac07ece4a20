"""What a wrapper script starts: the runtime in a Python of its own.

Sandboxes see this file as /var/runtime/bootstrap.py, as on AWS. The channel is the standard input,
and the variables and the handler are those that the wrapper left.
Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper
"""

import importlib
import os
import sys

_OTHERS = ("site-packages", "dist-packages")


def main() -> None:
    """Serve the function until the server is gone, then exit."""
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    # A function does not find the machine's own packages.
    sys.path[:] = [each for each in sys.path if not each.endswith(_OTHERS) or each in given]
    channel_fd = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    bootstrap = importlib.import_module("ingle_runtime.bootstrap")
    sys.exit(bootstrap.Runtime(rehearsed=False).run_wrapped(channel_fd))


if __name__ == "__main__":
    main()
