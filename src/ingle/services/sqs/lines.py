"""The messages of a queue, in the order in which they are received: memory's index of the database.

A message is ready, delayed or in flight. What becomes ready by itself, when its time has come, is
found when the line is looked at.
"""

import heapq
from collections import OrderedDict, deque
from collections.abc import Iterator

from ingle.services.sqs.model import Message, State


class Line:
    """What the lines of standard and of FIFO queues have alike.

    Attributes:
        messages: all, by their rows.
    """

    def __init__(self) -> None:
        self.messages: OrderedDict[int, Message] = OrderedDict()
        self._counts = dict.fromkeys(State, 0)
        # Of messages that become ready later: when, which, and the turn that this is true of.
        self._later: list[tuple[int, int, int]] = []

    def count(self, state: State) -> int:
        """How many messages are in this state, as of when the line was looked at last."""
        return self._counts[state]

    def add(self, message: Message, now_ms: int) -> None:
        """Take a message in; one whose time has not come waits for it."""
        self.messages[message.id] = message
        if message.due_ms <= now_ms:
            self._enter(message, State.READY)
        else:
            self._wait(
                message,
                State.IN_FLIGHT if message.receives > message.receives_before else State.DELAYED,
            )

    def hold(self, message: Message, until_ms: int) -> None:
        """Hide a message that was received until a time, or anew until another one."""
        message.due_ms = until_ms
        self._wait(message, State.IN_FLIGHT)

    def release(self, message: Message, now_ms: int) -> None:
        """Let a hidden message be received at once."""
        message.due_ms = now_ms
        self._enter(message, State.READY)

    def remove(self, message: Message) -> None:
        """Take a message out; one that is not there is left alone."""
        if self.messages.pop(message.id, None) is not None:
            self._enter(message, State.GONE)

    def look(self, now_ms: int) -> int:
        """Make ready whose time has come; return how many that were."""
        found = 0
        while self._later and self._later[0][0] <= now_ms:
            _, id_, turn = heapq.heappop(self._later)
            message = self.messages.get(id_)
            if message is not None and message.turn == turn:
                self._enter(message, State.READY)
                found += 1
        return found

    def next_due_ms(self) -> int | None:
        """When the next message becomes ready by itself, if one does."""
        while self._later:
            due_ms, id_, turn = self._later[0]
            message = self.messages.get(id_)
            if message is not None and message.turn == turn:
                return due_ms
            heapq.heappop(self._later)
        return None

    def ready(self) -> Iterator[Message]:
        """Go through what can be received now, in order.

        Whoever does must hold or remove each message, or stop at it: then it stays where it is.
        """
        raise NotImplementedError

    def old(self, before_ms: int) -> list[Message]:
        """Find the messages at the head that were sent before a time."""
        found: list[Message] = []
        for message in self.messages.values():
            if message.sent_ms >= before_ms:
                break
            found.append(message)
        return found

    def _wait(self, message: Message, state: State) -> None:
        self._enter(message, state)
        heapq.heappush(self._later, (message.due_ms, message.id, message.turn))

    def _enter(self, message: Message, state: State) -> None:
        before = message.state
        message.turn += 1
        message.state = state
        if before is not State.GONE:
            self._counts[before] -= 1
        if state is not State.GONE:
            self._counts[state] += 1
        self._entered(message, before)

    def _entered(self, message: Message, before: State) -> None:
        """Be told that a message has changed its state."""
        raise NotImplementedError


class StandardLine(Line):
    """Of a standard queue: those that were ready first come first."""

    def __init__(self) -> None:
        super().__init__()
        self._ready: deque[tuple[Message, int]] = deque()

    def ready(self) -> Iterator[Message]:
        """Go through what can be received now."""
        waiting = self._ready
        while waiting:
            message, turn = waiting[0]
            if message.turn != turn:
                waiting.popleft()
                continue
            yield message
            if message.turn == turn:
                return
            if waiting and waiting[0][0] is message and waiting[0][1] == turn:
                waiting.popleft()

    def _entered(self, message: Message, before: State) -> None:
        if message.state is State.READY:
            self._ready.append((message, message.turn))
