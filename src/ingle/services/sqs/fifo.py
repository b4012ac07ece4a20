"""The messages of a FIFO queue: message groups that keep their order.

A group of which a message is in flight gives no others until it is deleted or visible again. Groups
take turns. What is delayed keeps those behind it waiting.
Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
"""

from collections import OrderedDict
from collections.abc import Iterator
from itertools import islice

from ingle.services.sqs.lines import Line
from ingle.services.sqs.model import Message, State


class _Group:
    """A message group.

    Attributes:
        messages: in their order, by their rows.
        in_flight: how many of them are.
    """

    __slots__ = ("in_flight", "messages")

    def __init__(self) -> None:
        self.messages: OrderedDict[int, Message] = OrderedDict()
        self.in_flight = 0


class FifoLine(Line):
    """Of a FIFO queue."""

    def __init__(self) -> None:
        super().__init__()
        self._groups: dict[str, _Group] = {}
        # Those that none of whose messages are in flight, in the order of their turns.
        self._open: OrderedDict[str, None] = OrderedDict()

    def ready(self) -> Iterator[Message]:
        """Go through what can be received now: as much of a group as there is, then the next."""
        for name in list(self._open):
            # Groups that were emptied or taken meanwhile are not open any more.
            if name not in self._open:
                continue
            held = 0
            while (group := self._groups.get(name)) is not None:
                message = next(islice(group.messages.values(), held, None), None)
                if message is None or message.state is not State.READY:
                    break
                turn, before = message.turn, group.in_flight
                yield message
                if message.turn == turn:
                    return
                held += group.in_flight - before

    def groups_in_flight(self) -> int:
        """How many groups have messages in flight."""
        return len(self._groups) - len(self._open)

    def _entered(self, message: Message, before: State) -> None:
        name = message.group or ""
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = _Group()
        if before is State.IN_FLIGHT:
            group.in_flight -= 1
        if message.state is State.IN_FLIGHT:
            group.in_flight += 1
        if message.state is State.GONE:
            group.messages.pop(message.id, None)
        elif before is State.GONE:
            group.messages[message.id] = message
        if not group.messages:
            del self._groups[name]
            self._open.pop(name, None)
        elif group.in_flight:
            self._open.pop(name, None)
        else:
            self._open.setdefault(name)
