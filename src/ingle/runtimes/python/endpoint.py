"""The socket on which a sandbox finds the AWS endpoint: of its own network, served outside."""

from __future__ import annotations

import _socket

from . import frames

_LOOPBACK = "127.0.0.1"
_BACKLOG = 64


def offer(channel_fd: int, port: int) -> None:
    """Hand the server a socket of this network on which it serves the AWS endpoint.

    Args:
        channel_fd: the socket to the server.
        port: where the sandbox looks for the endpoint, on its loopback.
    """
    listening = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    listening.bind((_LOOPBACK, port))
    listening.listen(_BACKLOG)
    frames.Channel(channel_fd).send_descriptor(frames.ENDPOINT, listening.fileno())
    listening.close()
