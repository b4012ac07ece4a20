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
    etc = root.entries.get(_ETC)
    if isinstance(etc, Link):
        led_to = find(root, [_ETC])
        etc = Folder(dict(led_to.entries), led_to.mode) if isinstance(led_to, Folder) else None
    if not isinstance(etc, Folder):
        etc = Folder()
    root.entries[_ETC] = etc
    etc.mode |= 0o555
    for path in image_root.FILES:
        etc.entries[path.removeprefix(f"{_ETC}/")] = File(None)
