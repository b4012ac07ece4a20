"""What a process writes is read in pieces that leave the loop's other work its turn."""

import asyncio
import fcntl
import os
import socket
import time
from pathlib import Path

import pytest

from ingle.runtimes.python import frames, pipes
from ingle.sandbox.process import LockedProcess

FAR_TOO_LONG_S = 0.003


class Listener:
    """Takes output, as slowly as it is told to, and stops after so many pieces."""

    def __init__(self, *, takes_s=0.0, stop_after=None):
        self.pieces = []
        self.frames = []
        self.stopped = asyncio.Event()
        self._takes_s = takes_s
        self._stop_after = stop_after

    def on_frame(self, kind, body):
        self.frames.append((kind, body.decode()))
        return True

    def on_channel_end(self):
        self.stopped.set()

    def on_output(self, data):
        self.pieces.append(len(data))
        until = time.perf_counter() + self._takes_s
        while time.perf_counter() < until:
            pass
        if len(self.pieces) == self._stop_after:
            self.stopped.set()
            return False
        return True


@pytest.fixture
async def started():
    """Start a process with this listener and output.

    Returns it, the end of the output to write to, and the process's end of the channel.
    """
    opened = []

    def start(listener, output):
        read, write = output
        ours, theirs = socket.socketpair()
        process = LockedProcess(asyncio.get_running_loop(), 1, listener)
        process.started(os.getpid(), ours.detach(), read, None, None)
        opened.append((process, theirs, write))
        return process, write, theirs

    yield start
    for process, theirs, write in opened:
        process.close()
        theirs.close()
        os.close(write)


def fill(write):
    """Write until there is no more room; return how many bytes went in."""
    os.set_blocking(write, False)
    size = 0
    while True:
        try:
            size += os.write(write, b"\n" * 4096)
        except BlockingIOError:
            return size


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def large_pipe():
    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 1 << 20)
    return read, write


def test_a_pipe_for_output_holds_little():
    read, write = pipes.open_output()
    assert fill(write) == pipes.CAPACITY
    os.close(read)
    os.close(write)


async def test_output_that_takes_long_is_read_in_ever_smaller_pieces(started):
    listener = Listener(takes_s=FAR_TOO_LONG_S, stop_after=6)
    _, write, _ = started(listener, large_pipe())
    fill(write)
    await listener.stopped.wait()
    first, *others = listener.pieces
    assert first <= pipes.CAPACITY
    assert others == [max(512, first >> halvings) for halvings in range(1, 6)]


async def test_a_process_whose_descriptors_do_not_all_arrive_has_not_started(started):
    listener = Listener()
    _, _, theirs = started(listener, pipes.open_output())
    before = open_files()
    # The kernel keeps back what is too much, whether for the reader's room or for its limit.
    socket.send_fds(theirs, [frames.HEADER.pack(0, frames.ENDPOINT)], [0] * 40)
    await listener.stopped.wait()
    ((kind, reason),) = listener.frames
    assert kind == frames.SETUP_FAILED
    assert "too many files open" in reason
    assert open_files() == before - 1  # the channel


async def test_no_piece_is_larger_than_a_pipe_for_output(started):
    listener = Listener(stop_after=30)
    _, write, _ = started(listener, large_pipe())
    fill(write)
    await listener.stopped.wait()
    assert max(listener.pieces) <= pipes.CAPACITY


async def test_a_pipe_that_was_enlarged_is_not_read_empty_at_once(started):
    listener = Listener()
    process, write, _ = started(listener, large_pipe())
    written = fill(write)
    process.read_output()
    assert sum(listener.pieces) == pipes.CAPACITY < written
