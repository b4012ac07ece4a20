"""How much memory this machine has, as the kernel counts it."""

from pathlib import Path

_MEMINFO = Path("/proc/meminfo")


def total_memory() -> int:
    """Return all of it, in bytes."""
    return _read("MemTotal")


def available_memory() -> int:
    """Return what new processes can have without swapping, in bytes.

    Source: https://www.kernel.org/doc/html/latest/filesystems/proc.html#meminfo
    """
    return _read("MemAvailable")


def _read(name: str) -> int:
    for line in _MEMINFO.read_text(encoding="ascii").splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0]) * 1024
    raise ValueError(f"{_MEMINFO} does not tell {name}")
