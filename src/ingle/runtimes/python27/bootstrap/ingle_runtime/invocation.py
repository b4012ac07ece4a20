"""What an INVOKE frame tells."""

from __future__ import absolute_import

import struct

_HEAD = struct.Struct("<36sQHHIH")


class Invocation(object):
    """One invocation.

    Attributes:
        request_id: its id.
        deadline_ms: until when it may take, in milliseconds since the epoch.
        invoked_arn: of the function, as the caller named it.
        trace_id: X-Ray's; empty where there is none.
        client_context: JSON; empty where there is none.
        event: JSON.
    """

    def __init__(self, frame):
        head = _HEAD.unpack_from(frame)
        self.request_id, self.deadline_ms = head[:2]
        texts, start = [], _HEAD.size
        for length in head[2:]:
            texts.append(frame[start : start + length])
            start += length
        # The last is the tenant, whom this language's context never told.
        self.invoked_arn, self.trace_id, self.client_context, _ = texts
        self.event = frame[start:]
