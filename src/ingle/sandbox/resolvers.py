"""The name servers that sandboxes ask: the machine's, where they can be reached from outside it.

Source: https://man7.org/linux/man-pages/man5/resolv.conf.5.html
"""

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

_FILES = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))
"""The second has what systemd-resolved itself asks, where the first leads to it."""
_MOST = 3
_KEPT = frozenset({"search", "domain", "options", "sortlist"})


@dataclass(frozen=True, slots=True)
class Resolvers:
    """What a sandbox's resolv.conf is made of.

    Attributes:
        servers: at most three.
        text: the file, also where there is no server.
    """

    servers: tuple[IPv4Address, ...]
    text: str


def find(own: Collection[IPv4Address], files: tuple[Path, ...] = _FILES) -> Resolvers:
    """Return the servers of the first file that names any that sandboxes can reach.

    Args:
        own: the machine's own addresses, which they cannot.
        files: where to look.
    """
    for file in files:
        try:
            found = read(file.read_text("utf-8", "replace"), own)
        except OSError:
            continue  # this machine has no such file
        if found.servers:
            return found
    return Resolvers((), "")


def read(text: str, own: Collection[IPv4Address]) -> Resolvers:
    """Take from a resolv.conf what sandboxes can use; IPv6 they do not have.

    Args:
        text: the file.
        own: the machine's own addresses.
    """
    servers: list[IPv4Address] = []
    lines = []
    for line in text.splitlines():
        key, *values = line.split() or [""]
        if key == "nameserver" and values:
            server = _address(values[0])
            reachable = server is not None and not server.is_loopback and server not in own
            if server is not None and reachable and not server.is_unspecified:
                servers.append(server)
        elif key in _KEPT:
            lines.append(" ".join([key, *values]))
    del servers[_MOST:]
    lines = [f"nameserver {each}" for each in servers] + lines
    return Resolvers(tuple(servers), "".join(f"{line}\n" for line in lines))


def _address(text: str) -> IPv4Address | None:
    try:
        return IPv4Address(text)
    except ValueError:
        return None
