"""The socket that a server listens on."""

import socket

from ingle.config import Config


def listen(config: Config) -> socket.socket:
    """Take the address; connections are accepted later.

    Raises:
        OSError: it cannot be had.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


def url_of(sock: socket.socket) -> str:
    """Say under which URL a server is that listens on a socket."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def local_url_of(sock: socket.socket) -> str:
    """Where the server is reached from this machine."""
    return url_of(sock).replace("//0.0.0.0:", "//127.0.0.1:").replace("[::]", "[::1]")
