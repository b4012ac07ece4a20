"""The frames that a process sends, and how the server stops reading them."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator

import pytest

from ingle.runtimes.python import frames
from ingle.sandbox.process import LockedProcess


class Listener:
    """Takes frames, and pauses after each as often as it is told to."""

    def __init__(self) -> None:
        self.process: LockedProcess | None = None
        self.frames: list[bytes] = []
        self.pauses = False
        self.ended = False

    def on_frame(self, kind: int, body: bytes) -> bool:
        assert kind == frames.CHUNK
        self.frames.append(body)
        if self.pauses and self.process is not None:
            self.process.pause_channel()
        return True

    def on_channel_end(self) -> None:
        pass

    def on_descriptors(self, fds: list[int]) -> None:
        raise AssertionError("no descriptors are sent")

    def on_output(self, data: bytes) -> bool:
        return True

    def on_end(self, status: int | None, out_of_memory: bool, peak: int, reason: str) -> None:
        self.ended = True


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
async def other_end(listener: Listener) -> AsyncIterator[socket.socket]:
    """The sandbox's end of the channel."""
    ours, theirs = socket.socketpair()
    output, _output = os.pipe()
    process = LockedProcess(asyncio.get_running_loop(), 1, listener)
    listener.process = process
    process.started(os.getpid(), ours.detach(), output, None, None)
    yield theirs
    process.close()
    theirs.close()
    os.close(_output)


def send(other_end: socket.socket, body: bytes) -> None:
    other_end.sendall(frames.HEADER.pack(len(body), frames.CHUNK) + body)


async def turn() -> None:
    """Let the loop look at its sockets."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_paused_channel_is_read_no_further_until_it_is_resumed(
    listener: Listener, other_end: socket.socket
) -> None:
    assert listener.process is not None
    listener.pauses = True
    send(other_end, b"one")
    await turn()
    assert listener.frames == [b"one"]
    send(other_end, b"two")
    await turn()
    assert listener.frames == [b"one"]
    listener.process.resume_channel()
    await turn()
    assert listener.frames == [b"one", b"two"]


async def test_a_process_that_ends_leaves_nothing_unread_in_a_paused_channel(
    listener: Listener, other_end: socket.socket
) -> None:
    assert listener.process is not None
    listener.pauses = True
    send(other_end, b"one")
    await turn()
    # More than is read at a time, as far as this machine's sockets hold it.
    other_end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    other_end.setblocking(False)
    frame = frames.HEADER.pack(1000, frames.CHUNK) + bytes(1000)
    whole, _ = divmod(other_end.send(frame * 1000), len(frame))
    listener.process.finish(0, False, 0, "")
    assert listener.frames == [b"one", *[bytes(1000)] * whole]
    assert listener.ended
