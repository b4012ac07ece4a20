"""Whose a data folder is."""

import os
from pathlib import Path


def hand_over(path: Path, uid: int, gid: int) -> None:
    """Give a data folder, with everything in it, to a user; only root may.

    Folders in it that are that user's already are taken to be so throughout.

    Raises:
        OSError: one of the files cannot be given away.
    """
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.stat(follow_symlinks=False).st_uid == uid:
                continue
            if entry.is_dir(follow_symlinks=False):
                hand_over(Path(entry.path), uid, gid)
            else:
                os.chown(entry.path, uid, gid, follow_symlinks=False)
    os.chown(path, uid, gid)  # last, so that what was interrupted is done again
