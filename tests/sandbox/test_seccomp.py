"""The filter of system calls is one that the kernel takes, and names every call once."""

import struct
import tomllib
from collections import Counter
from pathlib import Path

from ingle.sandbox import seccomp

DATA = tomllib.loads((Path(seccomp.__file__).parent / "data" / "syscalls.toml").read_text())


def test_the_filter_compiles_to_a_program_of_whole_instructions_that_ends_with_a_return():
    program = seccomp.compile_filter()
    assert program
    assert len(program) % 8 == 0
    codes = [code for code, _, _, _ in struct.iter_unpack("<HBBI", program)]
    assert codes[-1] == 0x06  # BPF_RET | BPF_K
    assert len(codes) <= 4096  # the kernel's limit


def test_no_system_call_is_named_twice():
    names = [name for group in DATA.values() for name in group if isinstance(name, str)]
    assert [name for name, times in Counter(names).items() if times > 1] == []


def test_what_makes_namespaces_mounts_keys_and_traces_is_refused():
    assert {"unshare", "setns", "mount", "keyctl", "ptrace", "bpf", "io_uring_setup"} <= set(
        DATA["refused"]
    )
