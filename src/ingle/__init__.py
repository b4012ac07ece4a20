"""Ingle: AWS Lambda that you run yourself."""

from importlib.metadata import version

__version__ = version("ingle")
