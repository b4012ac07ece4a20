"""Which of a machine's name servers functions are told."""

from ipaddress import IPv4Address

from hypothesis import given
from hypothesis import strategies as st

from ingle.sandbox.resolvers import find, read

OWN = {IPv4Address("10.0.0.5")}


def test_servers_outside_the_machine_are_kept_with_what_else_is_said():
    text = "# made by hand\nsearch example.com corp\nnameserver 10.0.0.2\noptions ndots:2\n"
    assert read(text, OWN).text == (
        "nameserver 10.0.0.2\nsearch example.com corp\noptions ndots:2\n"
    )


def test_servers_on_the_machine_and_those_of_ipv6_are_not():
    text = "".join(
        f"nameserver {each}\n" for each in ("127.0.0.53", "10.0.0.5", "::1", "fe80::1%eth0", "")
    )
    assert read(text + "nameserver 0.0.0.0\nnameserver 9.9.9.9", OWN).servers == (
        IPv4Address("9.9.9.9"),
    )


def test_where_only_a_local_stub_is_named_what_it_asks_is_taken(tmp_path):
    stub, asked = tmp_path / "stub", tmp_path / "asked"
    stub.write_text("nameserver 127.0.0.53\noptions edns0\n")
    assert find(OWN, (stub, asked)).servers == ()
    asked.write_text("nameserver 10.0.0.2\n")
    assert find(OWN, (stub, asked)).text == "nameserver 10.0.0.2\n"


@given(st.lists(st.ip_addresses(v=4)), st.sets(st.ip_addresses(v=4)))
def test_at_most_three_reachable_servers_are_named_in_their_order(servers, own):
    found = read("".join(f"nameserver {each}\n" for each in servers), own)
    wanted = [
        each
        for each in servers
        if each not in own and not each.is_loopback and not each.is_unspecified
    ]
    assert list(found.servers) == wanted[:3]
    assert found.text == "".join(f"nameserver {each}\n" for each in found.servers)


@given(st.text())
def test_any_file_can_be_read(text):
    read(text, OWN)
