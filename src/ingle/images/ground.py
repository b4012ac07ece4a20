"""Makes an image's tree the ground on which a sandbox stands: with places for what is mounted.

What an image has there itself is covered in the sandbox, so it is left out.
"""

from ingle.images.trees import File, Folder, Link, find
from ingle.runtimes.python import image_root

MOUNTED = (*image_root.MOVED, "dev")
_ETC = "etc"


def prepare(root: Folder) -> None:
    """Have plain folders and files where a sandbox's own are mounted; the tree is changed."""
    root.mode |= 0o755
    for name in MOUNTED:
        root.entries[name] = Folder()
    etc = root.entries[_ETC] = _own(root, _ETC)
    etc.mode |= 0o555
    for path in image_root.FILES:
        etc.entries[path.removeprefix(f"{_ETC}/")] = File(None)
    root.entries[image_root.SHARED] = _own(root, image_root.SHARED)


def _own(root: Folder, name: str) -> Folder:
    """The folder of this name, or a copy of the one to which its link leads."""
    entry = root.entries.get(name)
    if isinstance(entry, Link):
        led_to = find(root, [name])
        entry = Folder(dict(led_to.entries), led_to.mode) if isinstance(led_to, Folder) else None
    return entry if isinstance(entry, Folder) else Folder()
