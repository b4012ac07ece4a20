"""Tries to live on when those who made it are gone."""

import os
import signal
import time

from lab import call


def handler(event, context):
    """Cut every tie to the parent, leave a child that does, and wait."""
    for _ in range(2):
        call("prctl", 1, 0, 0, 0, 0)
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                continue
        if os.fork() == 0:
            os.setsid()
            os.execv("/bin/sh", ["/bin/sh", "-c", "while :; do sleep 1; done", event])
    while True:
        time.sleep(1)
