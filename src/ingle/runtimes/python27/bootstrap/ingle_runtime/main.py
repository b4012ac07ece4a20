"""Coming up completely, before it is known whom this process serves."""

from __future__ import absolute_import

import gc
import sys

from . import environment, output, rehearsal, restart
from .channel import Channel
from .runtime import Runtime


def start():
    """Be a runtime until the server is gone."""
    started_anew = restart.started_anew()
    environment.forget_host_packages()
    channel = Channel.from_standard_input()
    # As AWS's: text of either kind may be printed and answered.
    reload(sys)
    sys.setdefaultencoding("utf-8")
    output.open_streams()
    runtime = Runtime(channel)
    if not started_anew:
        rehearsal.run(runtime)
    gc.collect()
    sys.exit(runtime.run(started_anew))
