"""Ingle: AWS Lambda that you run yourself."""

__version__: str


def __getattr__(name: str) -> str:
    # Looked up when it is asked for: that costs 50 ms, and most processes never do.
    if name == "__version__":
        from importlib.metadata import version

        return version("ingle")
    raise AttributeError(f"module 'ingle' has no attribute {name!r}")
