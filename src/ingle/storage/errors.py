"""What can go wrong with the data folder, the database and the blobs, and what to do about it."""

from pathlib import Path


class StorageError(Exception):
    """The base of all errors of this package; its text is meant for the person at the terminal."""


class FolderInUse(StorageError):
    """Another server holds the data folder's lock.

    Attributes:
        path: the data folder.
        pid: the holder's process id, or None where it could not be read.
    """

    def __init__(self, path: Path, pid: int | None) -> None:
        self.path = path
        self.pid = pid
        holder = f"process {pid}" if pid is not None else "another process"
        super().__init__(
            f"The data folder {path} is in use by {holder}. Stop that server first, or start this "
            "one on another folder with --data-dir."
        )


class NotADataFolder(StorageError):
    """The folder holds other things than Ingle's, or cannot be used as a data folder."""


class FormatTooNew(StorageError):
    """The folder was laid out by a newer Ingle than this one."""

    def __init__(self, path: Path, stored: int, known: int) -> None:
        self.stored = stored
        self.known = known
        super().__init__(
            f"The data folder {path} has format {stored}; this Ingle knows formats up to {known}. "
            "Upgrade Ingle, or start on another folder with --data-dir."
        )


class SchemaTooNew(StorageError):
    """The database was written by a newer Ingle than this one.

    Attributes:
        stored: the revision in the database.
        known: the newest revision that this Ingle has.
    """

    def __init__(self, database: str, stored: str, known: str) -> None:
        self.stored = stored
        self.known = known
        super().__init__(
            f"The database {database} has schema {stored}; this Ingle knows schemas up to {known}. "
            "Upgrade Ingle, or start on another folder with --data-dir. Nothing was changed."
        )


class MigrationFailed(StorageError):
    """A migration left references that lead nowhere; it was rolled back."""


class CompactingFailed(StorageError):
    """The database could not be rewritten."""

    def __init__(self, database: str, reason: str) -> None:
        super().__init__(
            f"The database {database} has to be rewritten once, so that nothing of what was "
            f"encrypted stays in it as it was, but that failed: {reason}. See that no other "
            "program has it open and that the disk has room for a second copy, and start again."
        )


class DatabaseClosed(StorageError):
    """The database is closed or closing, and takes no new work."""

    def __init__(self) -> None:
        super().__init__("The database is closed.")


class WriterStopped(StorageError):
    """The task that writes ended unexpectedly; nothing is written until the server restarts."""


class WriteWithinWrite(StorageError):
    """A write was asked for from within another one, which it would have waited for for ever."""

    def __init__(self) -> None:
        super().__init__("A write was asked for from within another one.")


class CommitFailed(StorageError):
    """The transaction that a write was part of could not be committed; it is not stored."""


class TransactionGone(StorageError):
    """The database has ended a transaction by itself."""

    def __init__(self) -> None:
        super().__init__("the database has ended the transaction by itself")


class BlobMissing(StorageError):
    """No blob with this digest is stored."""

    def __init__(self, digest: str) -> None:
        super().__init__(f"The blob {digest} is not in the store.")


class BlobCorrupt(StorageError):
    """A stored blob's bytes no longer have the digest that names it."""

    def __init__(self, digest: str, path: Path) -> None:
        super().__init__(
            f"The blob {digest} is damaged: the bytes in {path} have another sha256. "
            "Restore the file from a backup, or upload its content again."
        )
