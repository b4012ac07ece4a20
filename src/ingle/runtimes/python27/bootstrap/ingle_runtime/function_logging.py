"""The `logging` module, as a function finds it.

Source: https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
"""

from __future__ import absolute_import

import logging
import time

from . import output

_FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)dZ\t%(aws_request_id)s\t%(message)s\n"
_TIME = "%Y-%m-%dT%H:%M:%S"


class LambdaLoggerHandler(logging.Handler):
    """Writes every record as one event."""

    def emit(self, record):
        """Write a record."""
        output.event(self.format(record))


class RequestIdFilter(logging.Filter):
    """Gives every record the id of the invocation that it came from."""

    def __init__(self):
        logging.Filter.__init__(self)
        self.request_id = ""

    def filter(self, record):
        """Let every record pass."""
        record.aws_request_id = self.request_id
        return True


def set_up():
    """Give the root logger AWS's handler and format; return the filter that holds the id."""
    logging.Formatter.converter = time.gmtime
    handler = LambdaLoggerHandler()
    handler.setFormatter(logging.Formatter(_FORMAT, _TIME))
    request_id = RequestIdFilter()
    handler.addFilter(request_id)
    logging.getLogger().addHandler(handler)
    return request_id
