"""The digests of message bodies."""

import hashlib


def md5(body: str) -> str:
    """MD5 of a body, in hexadecimal: what SDKs verify."""
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


def sha256(body: str) -> str:
    """SHA-256 of a body, in hexadecimal: its deduplication id where content tells copies."""
    return hashlib.sha256(body.encode()).hexdigest()
