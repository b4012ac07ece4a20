"""What may import what: the house's rooms, from the roof down."""

import ast
import graphlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "ingle"
MOST_LINES = 600

# A room is a package or a module directly below `ingle`. Each may import these and itself.
ROOMS: dict[str, frozenset[str]] = {
    room: frozenset(below.split())
    for room, below in {
        "cli": "server config endpoint runtimes sandbox storage iam cost",
        "listening": "config",
        "ground": "observe config clock pool runtimes sandbox storage",
        "server": "allocator parts ground listening http services invoke pool sandbox storage wire "
        "observe config endpoint clock",
        "parts": "ground elsewhere gateway http services invoke pool sandbox runtimes auth storage "
        "wire observe config clock forwarding metering",
        "forwarding": "wire elsewhere",
        "elsewhere": "wire",
        "gateway": "http auth wire limits iam",
        "http": "wire clock",
        "services": "auth iam images invoke pool runtimes storage wire clock resources "
        "forwarding metering",
        "images": "runtimes storage",
        "observe": "invoke pool wire clock",
        "metering": "cost invoke pool storage wire clock",
        "cost": "",
        "invoke": "pool storage wire clock",
        "pool": "sandbox runtimes http wire clock",
        "sandbox": "runtimes resources",
        "runtimes": "clock",
        "endpoint": "storage",
        "auth": "wire storage clock iam",
        "storage": "",
        "wire": "",
        "iam": "",
        "config": "runtimes resources elsewhere",
        "resources": "",
        "clock": "",
        "limits": "",
        "allocator": "",
    }.items()
}
# `from ingle import __version__`: the package itself holds no more than that.
VERSION = "ingle.__version__"


def rooms_on_disk() -> set[str]:
    """The rooms that there are, whether the table names them or not."""
    entries = [e for e in SOURCE.iterdir() if e.is_dir() or e.suffix == ".py"]
    return {e.stem for e in entries} - {"__init__", "__pycache__"}


def modules(below: Path = SOURCE) -> list[Path]:
    """All modules in a folder."""
    return sorted(p for p in below.rglob("*.py") if "migrations" not in p.parts)


def imports(path: Path) -> Iterator[str]:
    """The full names that a module imports, wherever in it, also for types only."""
    package = ("ingle", *path.relative_to(SOURCE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            start = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{start}.{alias.name}" for alias in node.names)


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_table_names_every_room_and_no_other() -> None:
    assert set(ROOMS) == rooms_on_disk()


def test_the_rooms_are_layers_and_not_a_circle() -> None:
    order = list(graphlib.TopologicalSorter(ROOMS).static_order())
    down = ["cli", "server", "services", "invoke", "pool", "sandbox", "runtimes"]
    assert sorted(down, key=order.index, reverse=True) == down


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_imports_only_what_is_below_it(room: str) -> None:
    allowed = ROOMS[room] | {room}
    wrong = [
        f"{short(path)} imports {name}"
        for path in modules()
        if room_of(path) == room
        for name in imports(path)
        if name.startswith("ingle.") and name != VERSION and name.split(".")[1] not in allowed
    ]
    assert wrong == []


@pytest.mark.parametrize("room", ["wire", "auth", "iam", "storage", "http", "gateway", "clock"])
def test_what_all_services_stand_on_knows_no_service(room: str) -> None:
    below, todo = {room}, [room]
    while todo:
        new = ROOMS[todo.pop()] - below
        below |= new
        todo += new
    assert not below & {"cli", "server", "services", "invoke", "pool", "sandbox"}


def test_only_the_pool_knows_where_sandboxes_run() -> None:
    assert {room for room, below in ROOMS.items() if "sandbox" in below} == {
        "cli",
        "server",
        "parts",
        "ground",
        "pool",
    }


def test_a_service_reaches_another_only_through_its_public_class() -> None:
    services = SOURCE / "services"
    packages = {entry.name for entry in services.iterdir() if (entry / "__init__.py").exists()}
    wrong = []
    for path in modules(services):
        own = path.relative_to(services).parts[0]
        for name in imports(path):
            parts = name.split(".")
            other = parts[:2] == ["ingle", "services"] and parts[2] in packages - {own}
            if other and parts[3:4] != ["api"]:
                wrong.append(f"{short(path)} imports {name}")
    assert packages
    assert wrong == []


@pytest.mark.parametrize("path", modules(SOURCE / "runtimes" / "python"), ids=lambda p: p.name)
def test_what_runs_inside_a_sandbox_needs_nothing_but_the_standard_library(path: Path) -> None:
    own = "ingle.runtimes.python."
    strangers = [
        name
        for name in imports(path)
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith(own)
    ]
    assert strangers == []


@pytest.mark.parametrize("path", modules(SOURCE / "runtimes" / "python"), ids=lambda p: p.name)
def test_what_runs_inside_a_sandbox_is_written_for_the_oldest_python(path: Path) -> None:
    ast.parse(path.read_text("utf-8"), feature_version=(3, 8))


def test_no_file_is_too_long_to_be_read() -> None:
    found = [p for folder in ("src", "tests") for p in (ROOT / folder).rglob("*.py")]
    files = [p for p in found if "node_modules" not in p.parts]
    files += (ROOT / "bench").glob("*.py")
    long = {short(p): len(p.read_text("utf-8").splitlines()) for p in files}
    assert {name: lines for name, lines in long.items() if lines > MOST_LINES} == {}
