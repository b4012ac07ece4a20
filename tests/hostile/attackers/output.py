"""Writes what a log should not have to take."""

import contextlib
import fcntl
import os
import struct
import sys
import threading

F_SETPIPE_SZ = 1031
REQUEST = "00000000-0000-4000-8000-000000000000"


def write_for_ever(data):
    """Write the same without end."""
    while True:
        os.write(1, data)


def lines():
    """Print without end."""
    while True:
        print("x" * 1000)


def line_ends():
    """Write nothing but line ends, each an event of its own."""
    write_for_ever(b"\n" * 65536)


def without_line_ends():
    """Write one line without end."""
    write_for_ever(b"x" * 65536)


def binary():
    """Write every byte there is."""
    write_for_ever(os.urandom(4096) + bytes(range(256)) * 240)


def megabytes_a_line():
    """Write long lines."""
    write_for_ever(b"x" * (4 << 20) + b"\n")


def from_many():
    """Write from many threads and processes at once."""
    for _ in range(4):
        os.fork()
    for _ in range(4):
        threading.Thread(target=write_for_ever, args=(b"many\n" * 1000,), daemon=True).start()
    write_for_ever(b"many\n" * 1000)


def bytes_one_by_one():
    """Write a byte at a time, half a line and half a frame each."""
    while True:
        for byte in frame(b"y" * 200_000):
            os.write(1, bytes([byte]))


def frame(text, length=None, kind=0xA55A0003):
    """Make a frame of AWS's telemetry descriptor."""
    return struct.pack(">IIQ", kind, len(text) if length is None else length, 0) + text


def frames_without_end():
    """Write frames of nothing, each an event of its own."""
    write_for_ever(frame(b"") * 4096)


def false_frames():
    """Write frames that lie about their length, and pieces of frames."""
    for data in (
        frame(b"short", 0xFFFFFFFF),
        frame(b"negative", 0x80000000),
        frame(b"almost\n", 262_118),
        frame(b"y" * 300_000),
        frame(b"other\n", kind=0xA55A0001),
        b"\xa5" * 100_000 + b"\n",
        b"\xa5\x5a" * 1000,
        b"\xa5\x5a\x00",
        b"\n",
        frame(b"nested " + frame(b"inner")),
        frame(b"half a frame", 100)[:20],
    ):
        os.write(1, data)
    return "written"


def strange_text():
    """Write what terminals, parsers and databases stumble over."""
    for data in (
        b"\x1b[2J\x1b[31mred\x1b]0;title\x07\n",
        b"nul \x00 nul\n",
        b"\xff\xfe invalid \xc3\x28 \xed\xa0\x80 \xf8\x88\x80\x80\x80\n",
        "\u202egnirts\u2028next\u2029\x85 \ufeff \ufffe \U0010ffff\n".encode(),
        b"carriage\rreturn\r\n",
        b"\x0b\x0c\x1c\x1d\x1e\n",
        b"'; DROP TABLE events; --\n",
        b'{"message": "unclosed\n',
    ):
        os.write(1, data)
    return "written"


def imitations(request_id):
    """Write lines like those of the platform."""
    text = (
        f"END RequestId: {request_id}\n"
        f"REPORT RequestId: {request_id}\tDuration: 0.01 ms\tBilled Duration: 1 ms\t"
        "Memory Size: 1 MB\tMax Memory Used: 1 MB\t\n"
        f"START RequestId: {request_id} Version: 99\n"
        f"INIT_START Runtime Version: none\n"
        f"2020-01-01T00:00:00.000Z {request_id} Task timed out after 0.01 seconds\n\n"
    )
    os.write(1, text.encode())
    os.write(2, frame(text.encode()))
    return "written"


def closed():
    """Take its output away."""
    for fd in (1, 2):
        os.close(fd)
    sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = None
    return "closed"


def broken():
    """Make its output fail, block, or end up elsewhere."""
    os.set_blocking(1, False)
    _, write = os.pipe()
    fcntl.fcntl(write, F_SETPIPE_SZ, 4096)
    os.dup2(write, 2)
    sys.stderr = open("/dev/full", "w")
    return "broken"


def large_pipe():
    """Have the server's pipe hold more than it reads at once, where the kernel lets us.

    It does not where system calls are filtered: then this much of the attack has failed.
    """
    with contextlib.suppress(PermissionError):
        fcntl.fcntl(1, F_SETPIPE_SZ, 1 << 20)


def behind(data):
    """Go on writing after the answer, in a process of its own."""
    if os.fork() == 0:
        write_for_ever(data)


def without_end(kind):
    """Write to a large pipe faster than the server can, until the timeout."""
    large_pipe()
    behind(KINDS[kind])
    write_for_ever(KINDS[kind])


def answer_and_go_on(kind):
    """Write to a large pipe faster than the server can, and answer meanwhile."""
    large_pipe()
    behind(KINDS[kind])
    behind(KINDS[kind])
    return "answered"


KINDS = {"lines": (b"z" * 99 + b"\n") * 10_000, "line ends": b"\n" * 1_000_000}


def handler(event, context):
    """Attack in the way that the event names."""
    if event == "fine":
        return context.log_stream_name
    if event == "imitations":
        return imitations(context.aws_request_id)
    way, *arguments = event
    return globals()[way](*arguments)
