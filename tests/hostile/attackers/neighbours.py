"""Looks for others: services of the host, sandboxes of other functions."""

import ctypes
import http.client
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

from lab import call, libc, outcome, outcomes

IPC_CREAT = 0o1000
KEY = 0x1661


def connect(family, address):
    """Connect to a stream socket."""
    with socket.socket(family) as sock:
        sock.settimeout(1)
        sock.connect(tuple(address) if isinstance(address, list) else address)
        return "connected"


def reach(targets):
    """Connect to each of these; return what became of it."""

    def attempt(target):
        family, address = target
        return str(address), outcome(lambda: connect(getattr(socket, family), address))

    with ThreadPoolExecutor(16) as threads:
        return dict(threads.map(attempt, targets))


def own_address():
    """Tell which address it has besides its loopback, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return None
        return sock.getsockname()[0]


def gateways():
    """Tell to whom it sends what is not for itself."""
    with open("/proc/net/route") as file:
        words = [line.split()[2] for line in file.readlines()[1:]]
    return [socket.inet_ntoa(bytes.fromhex(word)[::-1]) for word in words if int(word, 16)]


def announce(names):
    """Offer something of every kind, for another sandbox to find; keep it."""
    offers = [socket.create_server(("127.0.0.1", names["port"]))]
    offers.append(socket.create_server(("0.0.0.0", names["port"] + 1)))
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind("\0" + names["name"])
    abstract.listen()
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", names["port"]))
    announce.kept = [*offers, abstract, datagrams]
    libc.shmat.restype = ctypes.c_void_p
    memory = call("shmget", KEY, 4096, IPC_CREAT | 0o666)
    ctypes.memmove(libc.shmat(memory, None, 0), names["name"].encode(), len(names["name"]))
    call("semget", KEY, 1, IPC_CREAT | 0o666)
    call("msgget", KEY, IPC_CREAT | 0o666)
    call("mq_open", b"/" + names["name"].encode(), os.O_CREAT | os.O_RDWR, 0o666, None)
    with open(f"/tmp/{names['name']}", "w") as file:
        file.write("here")
    return find(names)


def find(names):
    """Look for what `announce` offered."""
    port, name = names["port"], names["name"]
    attempts = {
        "its port": lambda: connect(socket.AF_INET, ("127.0.0.1", port)),
        "its port on all addresses": lambda: connect(socket.AF_INET, ("127.0.0.1", port + 1)),
        "its address": lambda: connect(socket.AF_INET, (names["address"], port + 1)),
        "its abstract socket": lambda: connect(socket.AF_UNIX, "\0" + name),
        "its shared memory": lambda: call("shmget", KEY, 0, 0) and None,
        "its semaphores": lambda: call("semget", KEY, 0, 0) and None,
        "its messages": lambda: call("msgget", KEY, 0) and None,
        "its message queue": lambda: call("mq_open", b"/" + name.encode(), os.O_RDWR) and None,
        "its files": lambda: open(f"/tmp/{name}").read(),
    }
    return outcomes(attempts)


def sockets():
    """Tell of the named sockets that there are."""
    with open("/proc/net/unix") as file:
        return [line.split()[7] for line in file.readlines()[1:] if len(line.split()) > 7]


def ask(port, path, headers):
    """Ask the AWS endpoint, where there is one here; return the status, or the error."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    except OSError as error:
        return str(error)
    finally:
        connection.close()


def listen_everywhere():
    """Take every port that others might want."""
    taken = []
    for port in range(1024, 1924):
        sock = socket.socket()
        try:
            sock.bind(("0.0.0.0", port))
            sock.listen(1)
        except OSError:
            continue
        taken.append(sock)
    return len(taken)


def flood(addresses):
    """Send packets to everyone near."""
    sent = 0

    def send():
        nonlocal sent
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        for number in range(1000):
            for address in addresses:
                try:
                    sock.sendto(b"x" * 1400, (address, 4566 + number % 3))
                except OSError:
                    continue
            sent += 1

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sent


def handler(event, context):
    """Attack in the way that the event names; what it has besides are the arguments."""
    way, *arguments = event
    return globals()[way](*arguments)
