"""AddPermission and RemovePermission: single statements of a queue's policy.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_AddPermission.html
"""

import re

import orjson

from ingle.services.locks import KeyedLocks
from ingle.services.policy_statements import Statements, is_account
from ingle.services.sqs.errors import InvalidParameterValue, OverLimit, invalid
from ingle.services.sqs.limits import QUEUE
from ingle.services.sqs.live import LiveQueue
from ingle.services.sqs.model import QueueKey
from ingle.services.sqs.store import SqsStore
from ingle.wire.service import ServiceInput

_LABEL = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)
_ACTIONS = frozenset(
    (
        "*",
        "ChangeMessageVisibility",
        "DeleteMessage",
        "GetQueueAttributes",
        "GetQueueUrl",
        "ListDeadLetterSourceQueues",
        "PurgeQueue",
        "ReceiveMessage",
        "SendMessage",
    )
)


class Permissions:
    """The operations on single statements.

    Args:
        store: where queues are kept, with their policies.
        changing: the lock of each queue.
    """

    def __init__(self, store: SqsStore, changing: KeyedLocks[QueueKey]) -> None:
        self._store = store
        self._changing = changing

    async def add(self, live: LiveQueue, request: ServiceInput) -> None:
        """Let accounts do something with a queue."""
        label, accounts = request["Label"], request["AWSAccountIds"]
        actions: list[str] = request["Actions"]
        _check(label, accounts, actions)
        async with self._changing(live.queue.key):
            policy = _policy(live)
            if label in policy:
                raise invalid("Label", label, "Already exists.")
            arn = live.queue.key.arn
            policy.allow(label, accounts, [f"SQS:{each}" for each in actions], arn)
            await self._set(live, policy)

    async def remove(self, live: LiveQueue, request: ServiceInput) -> None:
        """Take a statement away."""
        label = request["Label"]
        async with self._changing(live.queue.key):
            policy = _policy(live)
            if label not in policy:
                raise invalid("Label", label, "can't find label.")
            policy.remove(label)
            await self._set(live, policy)

    async def _set(self, live: LiveQueue, policy: Statements) -> None:
        attributes = dict(live.queue.attributes)
        written = policy.written()
        if written:
            attributes["Policy"] = written
        else:
            attributes.pop("Policy", None)
        if len(written) > QUEUE.policy_bytes:
            raise OverLimit(f"The policy of a queue may have {QUEUE.policy_bytes} bytes.")
        await self._store.set(live, attributes=attributes)


def _policy(live: LiveQueue) -> Statements:
    return Statements(live.queue.attributes.get("Policy") or _empty_policy(live.queue.key))


def _empty_policy(key: QueueKey) -> str:
    head = {"Version": "2008-10-17", "Id": f"{key.arn}/SQSDefaultPolicy"}
    return orjson.dumps({**head, "Statement": []}).decode()


def _check(label: str, accounts: list[str], actions: list[str]) -> None:
    if not _LABEL.fullmatch(label):
        raise invalid(
            "Label",
            label,
            f"Can only include alphanumeric characters, hyphens, or underscores. 1 to "
            f"{QUEUE.label} in length",
        )
    if not accounts or len(accounts) > QUEUE.permission_accounts:
        raise InvalidParameterValue(
            f"AWSAccountIds must name 1 to {QUEUE.permission_accounts} accounts."
        )
    for account in accounts:
        if not is_account(account):
            raise InvalidParameterValue(
                f"Value {accounts} for parameter PrincipalId is invalid. Reason: Unable to verify."
            )
    if len(actions) > QUEUE.permission_actions:
        raise OverLimit(
            f"{len(actions)} Actions were found, maximum allowed is {QUEUE.permission_actions}."
        )
    for action in actions:
        if action not in _ACTIONS:
            raise invalid(
                "ActionName",
                f"SQS:{action}",
                "Please refer to the appropriate WSDL for a list of valid actions.",
            )
