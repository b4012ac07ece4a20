"""The world outside a machine: a process in a network namespace of its own, with services in it.

On standard input it takes, once, the line that says its addresses are there. Then it answers, at
every address: TCP port 7000 with the address of whoever connects, then with what it sends; UDP port
7000 with that address, or, to `connect HOST PORT`, with what became of that; UDP port 53 with the
address 198.51.100.7 for every name.
"""

import os
import socket
import struct
import sys
import threading

from ingle.runtimes.python import lock

GATEWAY = "203.0.113.1"
INTERNET = "198.51.100.7"
METADATA = "169.254.169.254"
PORT = 7000


def _serve_tcp() -> None:
    with socket.create_server(("0.0.0.0", PORT), backlog=64) as listener:
        while True:
            threading.Thread(target=_echo, args=listener.accept(), daemon=True).start()


def _echo(sock: socket.socket, peer: tuple[str, int]) -> None:
    with sock:
        sock.sendall(peer[0].encode().ljust(16))
        while data := sock.recv(65_536):
            sock.sendall(data)


def _serve_udp(address: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((address, PORT))
        while True:
            data, peer = sock.recvfrom(1000)
            words = data.decode().split()
            answer = _connect(words[1], int(words[2])) if words[:1] == ["connect"] else peer[0]
            sock.sendto(answer.encode(), peer)


def _connect(host: str, port: int) -> str:
    try:
        socket.create_connection((host, port), 1).close()
    except OSError as error:
        return type(error).__name__
    return "connected"


def _serve_names(address: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((address, 53))
        while True:
            query, peer = sock.recvfrom(1000)
            end = query.index(b"\0", 12) + 5
            kind = struct.unpack_from(">H", query, end - 4)[0]
            records = 1 if kind == 1 else 0
            head = query[:2] + struct.pack(">HHHHH", 0x8180, 1, records, 0, 0)
            answer = struct.pack(">HHHIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(INTERNET)
            sock.sendto(head + query[12:end] + answer * records, peer)


def main() -> None:
    """Serve until standard input ends."""
    lock.unshare(lock.CLONE_NEWNET)
    os.write(1, b"alone\n")
    sys.stdin.readline()
    threading.Thread(target=_serve_tcp, daemon=True).start()
    for address in (GATEWAY, INTERNET, METADATA):
        for serve in (_serve_udp, _serve_names):
            threading.Thread(target=serve, args=(address,), daemon=True).start()
    os.write(1, b"serving\n")
    sys.stdin.readline()


if __name__ == "__main__":
    main()
