"""Whether a function may be part of an endless loop.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
"""

from ingle.services.lambda_.lookup import existing
from ingle.services.lambda_.model import ALLOW, TERMINATE, FunctionKey, Recursion
from ingle.services.lambda_.names import resolve
from ingle.services.lambda_.store import LambdaStore
from ingle.services.locks import KeyedLocks
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput


class Recursions:
    """The operations on this setting.

    Args:
        store: where it is kept.
        changing: the lock of each function.
    """

    def __init__(self, store: LambdaStore, changing: KeyedLocks[FunctionKey]) -> None:
        self._store = store
        self._changing = changing

    async def put(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Allow a function to be part of a loop, or have it stopped again."""
        action = "lambda:PutFunctionRecursionConfig"
        reference = resolve(request["FunctionName"], context, action)
        async with self._changing(reference.key):
            existing(self._store, reference)
            setting = Recursion(key=reference.key, loop=request["RecursiveLoop"])
            await self._store.recursions.put(setting)
        return {"RecursiveLoop": setting.loop}

    async def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell whether a function may be part of a loop."""
        action = "lambda:GetFunctionRecursionConfig"
        reference = resolve(request["FunctionName"], context, action)
        existing(self._store, reference)
        return {"RecursiveLoop": ALLOW if may_loop(self._store, reference.key) else TERMINATE}


def may_loop(store: LambdaStore, key: FunctionKey) -> bool:
    """Whether a function is not stopped when it is invoked in an endless loop."""
    setting = store.recursions.get(key, "")
    return setting is not None and setting.loop == ALLOW
