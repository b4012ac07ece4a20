"""How a sandbox takes a container image for its root file system.

The image was unpacked with plain folders and files where mounts are to be (`ingle.images.ground`),
so nothing in it leads a mount elsewhere; and if something did, it would be in this sandbox's own
namespace, which has nothing of the host's in it that can be written.
"""

from __future__ import annotations

import _frozen_importlib
import os
import sys

from . import lock

PLACE = f"{lock.INNER}/image"
"""An empty folder for the image to be mounted at before it becomes the root."""
MOVED = ("proc", "tmp")
SHARED = "mnt"
FILES = ("etc/hosts", "etc/resolv.conf")
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_REMOUNT, _MS_BIND, _MS_MOVE, _MS_REC = 32, 4096, 8192, 16384
_READ_ONLY = _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID


def enter(image: str, shared: bool) -> None:
    """Make an image the root of the calling process, read-only; raise OSError.

    `/proc`, `/tmp`, `/dev`, `/etc/hosts` and `/etc/resolv.conf` are the sandbox's own. Nothing else
    of the former root is left.

    Args:
        image: the name of its folder.
        shared: whether there is a file system below `/mnt`, which then is the sandbox's own too.
    """
    _import_no_more()
    lock.mount(f"{lock.INNER}/code/{image}", PLACE, "", _MS_BIND)
    lock.mount("", PLACE, "", _READ_ONLY | _MS_NODEV)
    for name in (*MOVED, *([SHARED] if shared else [])):
        lock.mount(f"/{name}", f"{PLACE}/{name}", "", _MS_MOVE)
    # Where devices can only be borrowed, each of them is a mount.
    lock.mount("/dev", f"{PLACE}/dev", "", _MS_BIND | _MS_REC)
    lock.mount("", f"{PLACE}/dev", "", _READ_ONLY | _MS_NOEXEC)
    for name in FILES:
        lock.mount(f"/{name}", f"{PLACE}/{name}", "", _MS_BIND)
        lock.mount("", f"{PLACE}/{name}", "", _READ_ONLY | _MS_NODEV | _MS_NOEXEC)
    os.chdir(PLACE)
    lock.pivot_here()


def _import_no_more() -> None:
    """Have this interpreter, which still has rights, load nothing that the image brings."""
    sys.path.clear()
    sys.path_importer_cache.clear()
    sys.meta_path[:] = [_frozen_importlib.BuiltinImporter, _frozen_importlib.FrozenImporter]
