"""What functions reach of the network, and what reaches them; only the Internet is not real."""

import errno
import os
import signal
import socket
from pathlib import Path

import pytest

from ingle.sandbox import nftables
from tests.e2e.conftest import eventually
from tests.e2e.outside import GATEWAY, INTERNET, METADATA, PORT
from tests.e2e.processes import children, descendants
from tests.e2e.server import Server
from tests.e2e.world import (
    MACHINE,
    forwarding,
    interfaces,
    ip,
    machine,
    namespaces,
    needs_network,
)

pytestmark = needs_network

PROBE = """
import errno, json, os, socket, urllib.request

def handler(event, context):
    return eval(event)

def error_of(call, *arguments):
    try:
        call(*arguments)
    except TimeoutError:
        return "timeout"
    except OSError as error:
        return error.errno

def connect(host, port):
    with socket.socket() as sock:
        sock.settimeout(2)
        sock.connect((host, port))

def greeting(host, port):
    with socket.create_connection((host, port), 5) as sock:
        return sock.recv(16, socket.MSG_WAITALL).decode().strip()

def echo(host, port, size):
    with socket.create_connection((host, port), 5) as sock:
        sock.recv(16, socket.MSG_WAITALL)
        sent = os.urandom(size)
        got = b""
        for start in range(0, size, 65536):
            sock.sendall(sent[start:start + 65536])
            while len(got) < min(size, start + 65536):
                got += sock.recv(65536)
        return got == sent

def ask(host, port, question):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.connect((host, port))
        sock.send(question.encode())
        return sock.recv(1000).decode()

kept = []

def listen(port):
    kept.append(socket.create_server(("0.0.0.0", port)))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("198.51.100.7", 9))
        return sock.getsockname()[0]

def connect_many(host, port, count):
    try:
        while len(kept) < count:
            kept.append(socket.create_connection((host, port), 2))
    except OSError as error:
        return len(kept), error.errno
    return len(kept), None

def routes():
    with open("/proc/net/route") as lines:
        return lines.read().splitlines()[1:]
"""
IPV4 = 0x0800
REFUSED = (errno.EHOSTUNREACH, errno.ECONNREFUSED, errno.ENETUNREACH, "timeout")


@pytest.fixture
def around(tmp_path):
    """Be on a machine that is connected to the outside."""
    with machine():
        (tmp_path / "resolv.conf").write_text(f"nameserver 127.0.0.53\nnameserver {GATEWAY}\n")
        yield


@pytest.fixture
def start(around, tmp_path):
    """Start a server on that machine."""
    started = []

    def run(*flags, within=()):
        named = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
        wrapper = ("unshare", "-m", "sh", "-c", named, str(tmp_path / "resolv.conf"))
        folder = tmp_path / f"server{len(started)}" / "data"
        started.append(Server(folder, *flags, wrapper=(*wrapper, *within)))
        return started[-1].start()

    yield run
    for each in started:
        if each.running:
            each.stop()


@pytest.fixture
def inside(start, invoke_on):
    """Evaluate something in a function of a server of its own."""
    return invoke_on(start(), PROBE)


def tables():
    sock = nftables.connect()
    try:
        return nftables.tables(sock)
    finally:
        sock.close()


def packets(link):
    """A socket that hears all IPv4 packets that come over a link."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(IPV4))
    sock.bind((link, IPV4))
    sock.setblocking(False)
    return sock


def warden_of(server):
    return next(
        pid
        for pid in children(server.process.pid)
        if b"ingle.sandbox.warden" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )


def test_a_function_reaches_the_outside_by_tcp_with_the_machine_s_address(inside):
    assert inside(f"greeting({INTERNET!r}, {PORT})") == MACHINE
    assert inside(f"echo({INTERNET!r}, {PORT}, 1_000_000)") is True


def test_a_function_reaches_the_outside_by_udp(inside):
    assert inside(f"ask({INTERNET!r}, {PORT}, 'hello')") == MACHINE


def test_a_function_resolves_names_with_the_machine_s_servers(inside):
    assert inside("socket.gethostbyname('db.example.com')") == INTERNET
    # One on the machine's own loopback would not answer.
    assert inside("open('/etc/resolv.conf').read()") == f"nameserver {GATEWAY}\n"


def test_a_function_does_not_reach_the_machine(inside):
    with socket.create_server(("0.0.0.0", 0)) as listener:
        port = listener.getsockname()[1]
        for address in (MACHINE, "198.19.255.0", "198.19.255.1"):
            socket.create_connection((MACHINE, port), 2).close()
            assert inside(f"error_of(connect, {address!r}, {port})") in REFUSED, address
        assert inside(f"error_of(connect, '127.0.0.1', {port})") == errno.ECONNREFUSED


def test_a_function_does_not_reach_the_server_but_by_its_own_loopback(start, invoke_on):
    server = start("--host", "0.0.0.0")
    inside = invoke_on(server, PROBE)
    port = server.address[1]
    assert inside(f"error_of(connect, {MACHINE!r}, {port})") in REFUSED
    assert inside(f"error_of(connect, '127.0.0.1', {port})") is None


def test_a_function_does_not_reach_the_metadata_service(inside):
    socket.create_connection((METADATA, PORT), 2).close()  # the machine does
    assert inside(f"error_of(connect, {METADATA!r}, {PORT})") == errno.EHOSTUNREACH


def test_a_name_server_where_the_metadata_are_answers_names_and_nothing_else(
    start, invoke_on, tmp_path
):
    (tmp_path / "resolv.conf").write_text(f"nameserver {METADATA}\n")
    inside = invoke_on(start(), PROBE)
    assert inside("socket.gethostbyname('db.example.com')") == INTERNET
    assert inside(f"error_of(connect, {METADATA!r}, {PORT})") == errno.EHOSTUNREACH


def test_functions_do_not_reach_each_other(start, invoke_on):
    server = start()
    one, other = invoke_on(server, PROBE), invoke_on(server, PROBE)
    address = one("listen(8000)")
    assert one(f"error_of(connect, {address!r}, 8000)") is None
    assert address != other("listen(8000)")
    assert other(f"error_of(connect, {address!r}, 8000)") == errno.EHOSTUNREACH


def test_a_function_is_not_reached_from_the_outside_or_the_machine(inside):
    address = inside("listen(8000)")
    for each in (address, "198.19.255.1"):
        question = f"connect {each} 8000"
        assert inside(f"ask({INTERNET!r}, {PORT}, {question!r})") != "connected"
        with pytest.raises(OSError):
            socket.create_connection((each, 8000), 1)


def test_a_function_cannot_take_another_address(inside):
    bound = "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).bind(('198.19.77.77', 0))"
    assert inside(f"error_of(lambda: {bound})") == errno.EADDRNOTAVAIL
    assert inside("error_of(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 255))") in (
        errno.EPERM,
        errno.EACCES,
    )


def test_without_a_network_there_is_no_route_but_the_aws_endpoint(start, invoke_on):
    server = start("--network", "none")
    inside = invoke_on(server, PROBE)
    assert inside("routes()") == []
    assert inside("[name for _, name in socket.if_nameindex()]") == ["lo"]
    assert inside(f"error_of(connect, {INTERNET!r}, {PORT})") == errno.ENETUNREACH
    url = f"http://127.0.0.1:{server.address[1]}/_ingle/health"
    assert inside(f"json.load(urllib.request.urlopen({url!r}))")["status"] == "running"
    assert interfaces() == {"lo", "world"}
    assert not forwarding()


def test_a_function_s_outbound_connections_are_limited(start, invoke_on):
    server = start("--sandbox-connections", "5")
    one, other = invoke_on(server, PROBE), invoke_on(server, PROBE)
    assert one(f"connect_many({INTERNET!r}, {PORT}, 9)") == [5, errno.EHOSTUNREACH]
    assert other(f"connect_many({INTERNET!r}, {PORT}, 4)") == [4, None]


def test_a_server_that_stops_leaves_the_network_as_it_was(start, invoke_on):
    server = start()
    inside = invoke_on(server, PROBE)
    assert inside(f"greeting({INTERNET!r}, {PORT})") == MACHINE
    assert forwarding()
    assert len(tables()) == 1
    assert len(interfaces()) == 3
    assert server.stop() == 0
    assert not forwarding()
    assert tables() == []
    assert interfaces() == {"lo", "world"}


def test_a_server_and_a_warden_that_are_killed_leave_nothing_of_the_network(start, invoke_on):
    own = {str(Path("/proc/thread-self/ns/net").readlink())}
    server = start()
    inside = invoke_on(server, PROBE)
    assert inside(f"greeting({INTERNET!r}, {PORT})") == MACHINE
    made = namespaces(descendants(server.process.pid)) - own
    assert len(made) > 1  # the router's, and each sandbox's
    warden = warden_of(server)
    os.kill(server.process.pid, signal.SIGSTOP)
    os.kill(warden, signal.SIGKILL)
    server.kill()
    eventually(lambda: tables() == [], "no table is left")
    eventually(lambda: interfaces() == {"lo", "world"}, "no interface is left")
    eventually(lambda: not forwarding(), "the machine passes nothing on")
    eventually(lambda: made.isdisjoint(namespaces()), "no namespace is left")


def test_servers_on_one_machine_do_not_take_the_network_from_each_other(start, invoke_on):
    first, second = start(), start()
    one, other = invoke_on(first, PROBE), invoke_on(second, PROBE)
    assert one(f"greeting({INTERNET!r}, {PORT})") == MACHINE
    first.stop()
    assert forwarding()
    assert other(f"greeting({INTERNET!r}, {PORT})") == MACHINE
    second.stop()
    assert not forwarding()


def test_the_machine_passes_on_nothing_of_others(start):
    ip("link", "add", "lan", "type", "veth", "peer", "name", "plug")
    ip("addr", "add", "10.9.9.1/24", "dev", "lan")
    for name in ("lan", "plug"):
        ip("link", "set", name, "arp", "off", "up")
    start()
    assert forwarding()
    with socket.socket(type=socket.SOCK_DGRAM) as sock, packets("plug") as passed_on:
        sock.settimeout(10)
        sock.sendto(b"connect 10.9.9.9 80", (GATEWAY, PORT))
        assert sock.recv(100) == b"TimeoutError"
        with pytest.raises(BlockingIOError):
            passed_on.recv(100)


@pytest.mark.parametrize(
    ("within", "reason"),
    [
        (("setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"), "not permitted"),
        (("sh", "-c", 'mount -o bind,ro /proc/sys /proc/sys && exec "$0" "$@"'), "Read-only"),
    ],
)
def test_where_the_machine_does_not_allow_it_functions_run_without(
    start, invoke_on, within, reason
):
    server = start(within=within)
    said = server.log
    assert "weaker on this machine: outbound network: it cannot be set up" in said
    assert reason in said
    inside = invoke_on(server, PROBE)
    assert inside(f"error_of(connect, {INTERNET!r}, {PORT})") == errno.ENETUNREACH
    url = f"http://127.0.0.1:{server.address[1]}/_ingle/health"
    assert inside(f"json.load(urllib.request.urlopen({url!r}))")["status"] == "running"
    assert interfaces() == {"lo", "world"}
    assert tables() == []
    assert not forwarding()


def test_a_firewall_that_forwards_nothing_is_named_at_the_start(start):
    sock = nftables.connect()
    chain = nftables.Chain("forward", 0, (), policy=nftables.DROP)
    nftables.install(sock, "docker", (), (chain,), owned=False)
    sock.close()
    log = start().log
    assert "weaker on this machine: firewall: " in log
    assert "do not allow: docker; " in log


def test_a_range_that_the_machine_uses_is_named_at_the_start(start):
    server = start("--network-range", "203.0.112.0/20")
    assert "network range: 203.0.112.0/20 overlaps 203.0.113.0/24" in server.log


def test_a_machine_without_a_name_server_for_functions_is_told_so(start, tmp_path):
    (tmp_path / "resolv.conf").write_text(f"nameserver {MACHINE}\nnameserver ::1\n")
    assert "weaker on this machine: name resolution" in start().log
