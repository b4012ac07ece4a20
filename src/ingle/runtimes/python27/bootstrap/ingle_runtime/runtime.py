"""The life of a runtime: load the handler, then serve invocations, one at a time."""

from __future__ import absolute_import

import json
import os
import sys

from . import channel, encoding, environment, errors, function_logging, handler, output, restart
from .context import LambdaContext
from .invocation import Invocation

MAX_RESPONSE = 6291556
"""Bytes of an answer; https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
_TOO_LARGE = {
    "errorMessage": "Response payload size exceeded maximum allowed payload size (%d bytes)."
    % MAX_RESPONSE,
    "errorType": "Function.ResponseSizeTooLarge",
}
_INIT_FAILED = 1
_TRACE_ID = "_X_AMZN_TRACE_ID"


class Runtime(object):
    """Loads a handler and serves its invocations."""

    def __init__(self, to_server):
        self.function = None
        self._channel = to_server
        self._request_id = function_logging.set_up()

    def run(self, started_anew):
        """Serve one function until the server closes the channel; return the exit status."""
        if started_anew:
            environment.enter(os.environ)
            name = os.environ["_HANDLER"]
        else:
            body = self._channel.receive(channel.INIT)
            if body is None:
                return 0
            settings = json.loads(body)
            if restart.is_needed(settings["environment"]):
                restart.perform(settings["environment"], self._channel.fd)
            environment.enter(settings["environment"])
            name = settings["handler"].encode("utf-8")
        try:
            self.function, init = handler.load(name)
        except errors.Fault as fault:
            described = errors.answer_fault(fault)
            output.flush()
            self._channel.send(channel.INIT_ERROR, encoding.dump(described))
            return _INIT_FAILED
        if init is not None:
            init()  # AWS's runtime for Python 2.7 knows no better, and does not tell
        output.flush()
        self._channel.send(channel.READY)
        while True:
            body = self._channel.receive(channel.INVOKE)
            if body is None:
                return 0
            invocation = Invocation(body)
            kind, text = self.answer(invocation)
            output.flush()
            self._channel.send(kind, invocation.request_id, text)

    def answer(self, invocation):
        """Run the handler; return the kind of the answer's frame and its JSON."""
        self._request_id.request_id = invocation.request_id
        if invocation.trace_id:
            os.environ[_TRACE_ID] = invocation.trace_id
        else:
            os.environ.pop(_TRACE_ID, None)
        try:
            text = self._call(invocation)
        except errors.Fault as fault:
            described = errors.answer_fault(fault)
        except errors.JsonError as error:
            described = errors.answer_error(error.information, error.message)
        except Exception:
            described = errors.answer_error(sys.exc_info())
        else:
            if len(text) <= MAX_RESPONSE:
                return channel.RESULT, text
            described = _TOO_LARGE
        return channel.FAULT, encoding.dump(described)

    def forget(self):
        """Be as if nothing had been invoked."""
        self.function = None
        self._request_id.request_id = ""

    def _call(self, invocation):
        client_context = None
        if invocation.client_context:
            client_context = _converted(
                json.loads, invocation.client_context, "Unable to parse client context"
            )
        context = LambdaContext(
            invocation.request_id, invocation.deadline_ms, invocation.invoked_arn, client_context
        )
        event = _converted(json.loads, invocation.event, "Unable to parse input as json")
        return _converted(
            encoding.dump,
            self.function(event, context),
            "An error occurred during JSON serialization of response",
        )


def _converted(convert, value, failure):
    try:
        return convert(value)
    except Exception:
        raise errors.JsonError(sys.exc_info(), failure)
