"""System calls that a signal interrupts, which Python 2.7 does not repeat by itself."""

from __future__ import absolute_import

import errno
import os


def uninterrupted(call, *arguments):
    """Call until no signal interrupts it."""
    while True:
        try:
            return call(*arguments)
        except OSError as error:
            if error.errno != errno.EINTR:
                raise


def write_fully(fd, data):
    """Write all bytes to a descriptor."""
    written = uninterrupted(os.write, fd, data)
    while written < len(data):
        data = data[written:]
        written = uninterrupted(os.write, fd, data)
