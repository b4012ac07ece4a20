"""The context object that a handler gets, with all that AWS's has.

Source: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
"""

from __future__ import absolute_import

import os
import time

from . import output


class _Record(object):
    """An object with fixed attributes, filled from a dict's keys of the same names."""

    __slots__ = ()

    def __init__(self, values):
        for name in self.__slots__:
            setattr(self, name, values.get(name))


class CognitoIdentity(_Record):
    """Who the mobile caller is; both attributes are None for other callers."""

    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")


class Client(_Record):
    """The mobile application that called."""

    __slots__ = (
        "app_package_name",
        "app_title",
        "app_version_code",
        "app_version_name",
        "installation_id",
    )


class ClientContext(_Record):
    """What the caller sent in `ClientContext`."""

    __slots__ = ("client", "custom", "env")

    def __init__(self, values):
        _Record.__init__(self, values)
        if self.client is not None:
            self.client = Client(self.client)


class LambdaContext(object):
    """What a handler may know of its invocation and of its function.

    `client_context` is what the caller's JSON holds, or None.
    """

    def __init__(self, request_id, deadline_ms, invoked_function_arn, client_context):
        environ = os.environ
        self.aws_request_id = request_id
        self.log_group_name = environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.function_name = environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.memory_limit_in_mb = environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.function_version = environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.invoked_function_arn = invoked_function_arn
        self.client_context = None if client_context is None else ClientContext(client_context)
        self.identity = CognitoIdentity({})
        self._deadline_ms = deadline_ms

    def get_remaining_time_in_millis(self):
        """Milliseconds until the invocation times out; never negative."""
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, msg):
        """Write one log event."""
        output.event(str(msg))
