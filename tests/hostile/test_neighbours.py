"""Functions that look for the host's services and for other sandboxes find none."""

import http.client
import socket
import uuid

import pytest

from tests.e2e.raw import signed

NOT_THERE = {"ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "ENOENT", "timed out"}


@pytest.fixture
def attack(deploy_attacker, invoke):
    """Attack in the way that a name says; return what became of it."""
    name = deploy_attacker("neighbours")

    def run(*event, of=name):
        answer, response = invoke(of, event)
        assert "FunctionError" not in response, answer
        return answer

    return run


def addresses():
    """The host's addresses besides its loopback."""
    found = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), 0, socket.AF_INET)}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return found
        return {*found, sock.getsockname()[0]}


def test_the_host_s_services_are_not_reachable(attack, server):
    with (
        socket.create_server(("127.0.0.1", 0)) as loopback,
        socket.create_server(("0.0.0.0", 0)) as everywhere,
        socket.socket(socket.AF_UNIX) as abstract,
        socket.socket(socket.AF_UNIX) as named,
    ):
        abstract.bind(f"\0hostile-{uuid.uuid4().hex}")
        named.bind(str(server.data_dir.parent / "socket"))
        for each in (abstract, named):
            each.listen()
        ports = [each.getsockname()[1] for each in (loopback, everywhere)]
        hosts = {"127.0.0.1", "127.0.0.2", "0.0.0.0", *addresses(), *attack("gateways")}
        targets = [("AF_INET", (host, port)) for host in sorted(hosts) for port in ports]
        targets += [("AF_INET6", ("::1", port)) for port in ports]
        targets += [("AF_UNIX", named.getsockname())]
        targets += [("AF_UNIX", abstract.getsockname().decode())]
        found = attack("reach", targets)
        assert len(found) == len(targets)
        assert {each: error for each, error in found.items() if error not in NOT_THERE} == {}
        assert attack("sockets") == []


def test_the_server_wants_a_signature_from_a_sandbox_too(attack, server):
    path, port = "/2015-03-31/functions/", server.address[1]
    development = dict(signed(server, "GET", path, key=("test", "test")).headers)
    own = server.credentials["AWS_ACCESS_KEY_ID"]
    forged = dict(signed(server, "GET", path, key=(own, "x")).headers)
    connection = http.client.HTTPConnection(*server.address)
    connection.request("GET", path, headers=development)
    assert connection.getresponse().status == 200, "for the host itself it is good enough"
    connection.close()
    for headers in ({}, forged, development):
        status = attack("ask", port, path, headers)
        # Either the endpoint is not to be had in a sandbox at all, or it refuses.
        assert status == 403 or "refused" in str(status)


def test_no_sandbox_finds_another(attack, deploy_attacker):
    other = deploy_attacker("neighbours")
    names = {"port": 20_000, "name": f"hostile-{uuid.uuid4().hex}"}
    names["address"] = attack("own_address") or "127.0.0.1"
    own = attack("announce", names)
    assert {each: error for each, error in own.items() if not error.startswith("done")} == {}
    found = attack("find", names, of=other)
    assert {each: error for each, error in found.items() if error not in NOT_THERE} == {}


def test_a_sandbox_that_takes_every_port_takes_none_of_the_host_s(attack):
    assert attack("listen_everywhere") > 800
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert listener.getsockname()[1]


def test_packets_to_everyone_reach_nobody(attack, server):
    near = ["127.0.0.1", "255.255.255.255", *addresses(), *attack("gateways")]
    assert attack("flood", near) == 4000
    connection = http.client.HTTPConnection(*server.address)
    connection.request("GET", "/_ingle/health")
    assert connection.getresponse().status == 200
    connection.close()
