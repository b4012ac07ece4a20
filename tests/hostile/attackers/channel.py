"""Attacks the channel on which the bootstrap speaks with the server."""

import os
import socket
import struct
import threading

from lab import (
    CHUNK,
    FAULT,
    INIT_ERROR,
    LISTENING,
    PRELUDE,
    READY,
    RESULT,
    SETUP_FAILED,
    STRANGER,
    channel,
    frame,
    write_all,
)

MB = 1 << 20
RAW = {
    "garbage": bytes(range(256)) * 64,
    "zeros": bytes(100_000),
    "a frame of 4 GB": struct.pack("<IB", 0xFFFFFFFF, RESULT),
    "a frame of 100 MB": struct.pack("<IB", 100 * MB, RESULT) + bytes(100 * MB),
    "a frame of an unknown kind": frame(99, b"x"),
    "every kind there could be": b"".join(frame(kind, b"?") for kind in range(256)),
    "an INIT of its own": frame(1, b'{"handler": "app.other", "environment": {}}'),
    "an INVOKE of its own": frame(2, STRANGER + bytes(16) + b"{}"),
    "a second READY": frame(READY),
    "an INIT_ERROR that is none": frame(INIT_ERROR, b"nonsense"),
    "a failed setup": frame(SETUP_FAILED, b"\xff\xfe"),
    "another's request id": frame(RESULT, STRANGER + b"1"),
    "an answer without a request id": frame(RESULT),
    "an answer with half a request id": frame(RESULT, STRANGER[:20]),
    "an error with another's request id": frame(FAULT, STRANGER + b"{}"),
    "a piece of another's answer": frame(CHUNK, STRANGER + b"1"),
    "the beginning of another's answer": frame(PRELUDE, STRANGER + b"text/html"),
    "a socket that is none": frame(LISTENING, b"?"),
    "an answer in capitals": frame(RESULT, STRANGER.upper() + b"1"),
}


def raw(name):
    """Write something to the channel."""
    write_all(channel(), RAW[name])


def closed():
    """Close the channel."""
    os.close(channel())


def shut_down():
    """End the channel in both directions."""
    socket.socket(fileno=os.dup(channel())).shutdown(socket.SHUT_RDWR)


def deaf():
    """End the channel in the direction in which it hears."""
    socket.socket(fileno=os.dup(channel())).shutdown(socket.SHUT_RD)


def urgent():
    """Send a byte that overtakes the others."""
    for _ in range(10):
        socket.socket(fileno=os.dup(channel())).send(b"!", socket.MSG_OOB)


def descriptors():
    """Pass descriptors, of its own files and of sockets, that whoever receives must close."""
    sock = socket.socket(fileno=os.dup(channel()))
    null = os.open("/dev/null", os.O_RDONLY)
    listening = socket.create_server(("127.0.0.1", 0))
    for fds in ([null] * 200, [listening.fileno()], [sock.fileno()] * 3):
        for _ in range(20):
            socket.send_fds(sock, [b"\0"], fds)


def half_a_frame():
    """Promise an answer, and send only half of it."""
    write_all(channel(), struct.pack("<IB", 1000, RESULT) + STRANGER)
    threading.Event().wait()


def many_small():
    """Send more frames than anyone wants to read."""
    write_all(channel(), frame(99) * 200_000)


def drip():
    """Send the largest frame there may be a byte at a time, which must not cost a copy each."""
    fd = channel()
    write_all(fd, struct.pack("<IB", 6_291_556, RESULT) + bytes(6_000_000))
    while True:
        os.write(fd, b"x")


def non_blocking():
    """Have the bootstrap's own writes fail."""
    os.set_blocking(channel(), False)
    os.set_blocking(1, False)
    return "x" * 6_000_000


def stolen():
    """Read what the bootstrap should have read, in a thread of its own."""
    fd = channel()

    def read():
        while True:
            try:
                if not os.read(fd, 65536):
                    return
            except OSError:
                return

    threading.Thread(target=read, daemon=True).start()
    return "waiting"


FLOODS = {
    "READY": frame(READY) * 50_000,
    "SETUP_FAILED": frame(SETUP_FAILED) * 50_000,
    "INIT_ERROR": frame(INIT_ERROR) * 50_000,
    "LISTENING": frame(LISTENING) * 50_000,
}


def flood_when_idle(kind, mark):
    """Once it has answered, send frames that mean nothing then, in a process of its own."""
    fd = channel()
    if os.fork() == 0:  # to be seen from outside
        os.execv("/bin/sh", ["/bin/sh", "-c", "while :; do sleep 1; done", mark])
    answered, answering = os.pipe()
    if os.fork() == 0:
        os.close(answering)
        os.read(answered, 1)
        while True:
            write_all(fd, FLOODS[kind])
    os.close(answered)
    threading.Timer(0.005, os.close, (answering,)).start()


def handler(event, context):
    """Attack in the way that the event names."""
    if event == "fine":
        return context.log_stream_name
    if event[0] == "flood":
        flood_when_idle(*event[1:])
        return context.log_stream_name
    if event == "answer twice":
        answer = frame(RESULT, context.aws_request_id.encode() + b'"mine"')
        write_all(channel(), answer + answer)
        return "late"
    if event == "answer and exit":
        write_all(channel(), frame(RESULT, context.aws_request_id.encode() + b'"last"'))
        os._exit(0)
    if event == "answer nonsense":
        write_all(channel(), frame(RESULT, context.aws_request_id.encode() + b"\xff\0{]"))
        return threading.Event().wait()
    way, *arguments = event
    return globals()[way](*arguments)
