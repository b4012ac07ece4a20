"""Root file systems for tests, made of what this machine has: a Python, or a shell."""

import functools
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

import awslambdaric

from tests.images.building import Entry, folder, link, tar

_LIBRARY = re.compile(r"(?:=> )?(/\S+) \(0x")
_LEFT_OUT = {"__pycache__", "test", "tests", "idlelib", "ensurepip", "tkinter", "site-packages"}
_LEFT_OUT |= {"turtledemo", "lib2to3", "pydoc_data", "distutils"}


def libraries(*programs: str) -> dict[str, str]:
    """The shared libraries that programs need: where they look for each, and where it is."""
    found = {}
    for each in programs:
        listed = subprocess.run(["ldd", each], capture_output=True, text=True).stdout
        for path in _LIBRARY.findall(listed):
            found[path] = os.path.realpath(path)
    return found


def files(places: Iterable[tuple[str, str]]) -> Iterator[Entry]:
    """Files of this machine, by their places in the image."""
    for place, source in places:
        path = Path(source)
        mode = path.stat().st_mode & 0o777
        yield Entry(place.lstrip("/"), path.read_bytes(), mode, mtime=int(path.stat().st_mtime))


def _tree(source: Path, place: str) -> Iterator[tuple[str, str]]:
    for above, folders, names in os.walk(source):
        folders[:] = [each for each in folders if each not in _LEFT_OUT or Path(above) != source]
        folders[:] = [each for each in folders if each != "__pycache__"]
        for name in names:
            path = Path(above, name)
            if path.is_file() and not name.endswith((".a", ".pyc")):
                yield f"{place}/{path.relative_to(source)}", str(path)


@functools.cache
def python_layer() -> bytes:
    """This Python and AWS's runtime interface client: `/usr/local/bin/python` and `/function`."""
    executable = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    prefix = sys.base_prefix
    standard = Path(sysconfig.get_path("stdlib", vars={"installed_base": prefix}))
    client = Path(awslambdaric.__file__).parent
    extensions = [
        str(each) for each in (standard / "lib-dynload").glob("*.so") if "tkinter" not in each.name
    ]
    native = [str(each) for each in client.parent.glob("runtime_client*.so")]
    shared = libraries(executable, *extensions, *native)
    places = [(executable, executable), *_tree(standard, str(standard))]
    places += [(place, source) for place, source in shared.items()]
    places += _tree(client, "/function/awslambdaric")
    places += [(f"/function/{Path(each).name}", each) for each in native]
    for package in ("simplejson", "snapshot_restore_py"):
        places += _tree(client.parent / package, f"/function/{package}")
    return tar([*_usual_folders(), *files(places), link("usr/local/bin/python", executable)])


@functools.cache
def shell_layer() -> bytes:
    """Bash and a few tools, at `/bin`."""
    tools = ["bash", "cat", "ls", "id", "sleep", "env", "stat", "mknod", "touch", "mount", "chmod"]
    found = {name: os.path.realpath(path) for name in tools if (path := shutil.which(name))}
    places = [(f"/bin/{name}", path) for name, path in found.items()]
    places += libraries(*found.values()).items()
    return tar([*_usual_folders(), *files(places)])


def _usual_folders() -> list[Entry]:
    return [folder(name) for name in ("etc", "opt", "root", "usr", "usr/local", "usr/local/bin")]
