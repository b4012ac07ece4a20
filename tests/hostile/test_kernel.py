"""Functions that reach into the kernel, or for rights, are refused."""

import pytest

REFUSED = {"EPERM", "ENOSYS", "EACCES"}
WAYS = {
    "namespaces": REFUSED,
    "mounts": REFUSED,
    "tracing": REFUSED,
    "pipes": REFUSED,
    # Nobody listens to the audit's messages outside of the host's own namespaces.
    "netlink": REFUSED | {"ECONNREFUSED"},
    "sockets": REFUSED | {"EAFNOSUPPORT", "ESOCKTNOSUPPORT", "EPROTONOSUPPORT"},
    # EINVAL: no value takes `no_new_privs` back. The others: there is no terminal.
    "rights": REFUSED | {"EINVAL", "ENOTTY", "ENOENT"},
}
OWN_SETTINGS = (
    "/proc/sys/fs/mqueue/",
    "/proc/sys/kernel/auto_msgmni",
    "/proc/sys/kernel/msg",
    "/proc/sys/kernel/pid_max",
    "/proc/sys/kernel/sem",
    "/proc/sys/kernel/shm",
    "/proc/sys/net/",
)


@pytest.fixture
def attack(deploy_attacker, invoke):
    """Attack in the way that a name says; return what became of it."""

    def run(name):
        answer, response = invoke(deploy_attacker("kernel"), name)
        assert "FunctionError" not in response, answer
        return answer

    return run


def test_forbidden_system_calls_do_not_reach_the_kernel(attack, system_calls):
    found = attack("system_calls")
    assert len(found) > 40
    # Anything else, such as EFAULT or EINVAL, would be the answer of the call itself.
    assert {name: error for name, error in found.items() if error not in ("EPERM", "ENOSYS")} == {}


@pytest.mark.parametrize("way", WAYS)
def test_what_reaches_into_the_kernel_is_refused(attack, way):
    found = attack(way)
    assert found
    assert {name: error for name, error in found.items() if error not in WAYS[way]} == {}


def test_what_programs_do_with_descriptors_is_allowed(attack):
    found = attack("descriptors")
    assert {name: answer for name, answer in found.items() if not answer.startswith("done")} == {}


def test_set_user_id_programs_give_no_rights(attack):
    found = attack("set_user_id_programs")
    assert found["through a program"] == found["own"]
    assert {*found["own"]["CapEff"], *found["own"]["CapPrm"]} == {"0" * 16}
    assert found["own"]["NoNewPrivs"] == ["1"]
    assert "mount" in found["ends"]
    # The others give in at once where they are run without a terminal, and say nothing of rights.
    assert not {"mount", "umount", "su", "sudo"} & {
        name for name, status in found["ends"].items() if status == 0
    }
    assert not found["mounted"]


def test_system_calls_of_other_architectures_are_no_way_around_the_filter(attack, system_calls):
    found = attack("other_architectures")
    # A signal ended the caller, or it was told that there is no such call (2).
    assert {name: end for name, end in found.items() if end >= 0 and end != 2} == {}


def test_no_setting_of_the_host_s_kernel_can_be_written(attack, machine):
    written = attack("proc_writes")
    if machine["sandbox users"] != "ok":
        # Without root a function is the owner of its own namespaces, and of their settings.
        written = [path for path in written if not path.startswith(OWN_SETTINGS)]
    assert written == []
