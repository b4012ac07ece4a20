"""The sockets of a sandbox's own network that are served outside of it."""

from __future__ import annotations

import _socket

from . import addresses, frames

_BACKLOG = 64


def offer(channel_fd: int, port: int) -> None:
    """Hand the server the sockets on which it serves the AWS endpoint and the Runtime API.

    With them go an unconnected one, for a subscriber to telemetry, and that of X-Ray's daemon.

    Args:
        channel_fd: the socket to the server.
        port: where the sandbox looks for the endpoint, on its loopback.
    """
    sockets = [_socket.socket(_socket.AF_INET, _socket.SOCK_STREAM) for _ in range(3)]
    for number, each in enumerate((port, addresses.api_port(port))):
        sockets[number].bind((addresses.LOOPBACK, each))
        sockets[number].listen(_BACKLOG)
    sockets.append(_socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM))
    sockets[-1].bind((addresses.LOOPBACK, addresses.TRACES_PORT))
    descriptors = [sock.fileno() for sock in sockets]
    frames.Channel(channel_fd).send_descriptors(frames.ENDPOINT, descriptors)
    for sock in sockets:
        sock.close()
