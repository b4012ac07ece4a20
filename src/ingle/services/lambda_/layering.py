"""Lays the contents of layers over one another.

Source: https://docs.aws.amazon.com/lambda/latest/dg/adding-layers.html: Lambda extracts the layers
into /opt in the order in which they are listed; folders of the same name are merged, and of files
of the same name the last layer's stays.
"""

from collections.abc import Iterable

from ingle.services.lambda_.archive import Folder


def merged(roots: Iterable[Folder]) -> Folder:
    """Merge folders, later ones over earlier ones; they are left as they are.

    Where a name is a folder in one and a file or a link in another, the last one's stays.
    """
    result = Folder()
    for root in roots:
        _lay_over(result, root)
    return result


def _lay_over(lower: Folder, upper: Folder) -> None:
    for name, entry in upper.entries.items():
        if not isinstance(entry, Folder):
            lower.entries[name] = entry
            continue
        below = lower.entries.get(name)
        if not isinstance(below, Folder):
            below = lower.entries[name] = Folder()
        _lay_over(below, entry)
