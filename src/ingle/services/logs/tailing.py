"""Beginning a live tail.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html
"""

import uuid
from typing import Any

from ingle.services.logs.errors import InvalidParameter, LimitExceeded
from ingle.services.logs.groups import identified_key
from ingle.services.logs.limits import TAIL
from ingle.services.logs.live_tail import LiveTails, Session
from ingle.services.logs.lookup import Lookup
from ingle.services.logs.searching import read_pattern
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput


class Tailing:
    """The operation on live tails.

    Args:
        lookup: finds groups.
        tails: the live tails.
    """

    def __init__(self, lookup: Lookup, tails: LiveTails) -> None:
        self._lookup = lookup
        self._tails = tails

    async def start(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Begin one; it lasts for three hours, or until its client goes."""
        identifiers = request["logGroupIdentifiers"]
        streams = request.get("logStreamNames")
        prefixes = request.get("logStreamNamePrefixes")
        if streams is not None and prefixes is not None:
            raise InvalidParameter(
                "logStreamNames and logStreamNamePrefixes are mutually exclusive parameters."
            )
        if len(identifiers) > 1 and (streams is not None or prefixes is not None):
            raise InvalidParameter(
                "logStreamNames and logStreamNamePrefixes can be given for a single log group only."
            )
        pattern = read_pattern(request.get("logEventFilterPattern", ""))
        for identifier in identifiers:
            if not identifier.startswith("arn:"):
                raise InvalidParameter(
                    f"The log group identifier {identifier} is not a log group's ARN, which "
                    "StartLiveTail takes."
                )
        groups = [
            (await self._lookup.group(identified_key(context, identifier))).key
            for identifier in identifiers
        ]
        session = Session(
            context.account_id,
            context.region,
            frozenset(groups),
            frozenset(streams) if streams is not None else None,
            tuple(prefixes) if prefixes is not None else None,
            pattern,
        )
        if self._tails.count(context.account_id, context.region) >= TAIL.sessions:
            raise LimitExceeded(f"There are already {TAIL.sessions} live tails.")
        begin: dict[str, Any] = {
            "requestId": context.request_id,
            "sessionId": str(uuid.uuid4()),
            "logGroupIdentifiers": identifiers,
        }
        for member in ("logStreamNames", "logStreamNamePrefixes", "logEventFilterPattern"):
            if member in request:
                begin[member] = request[member]
        return {"responseStream": self._tails.add(session, begin)}
