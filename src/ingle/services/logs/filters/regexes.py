"""Regular expressions of filter patterns: AWS's part of the syntax, matched in linear time.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
("Supported regular expressions (regex) syntax").
"""

from collections.abc import Callable

import re2

from ingle.services.logs.filters.errors import PatternError

MOST = 2
"""Regular expressions in one pattern."""

_SYMBOLS = frozenset(":_#=@/;,-")
_OPERATORS = frozenset("^$?[]{}|\\*+.")
_CLASSES = frozenset("dDsSwWx")

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False


def compile_regex(text: str) -> Callable[[str], bool]:
    """Make a test whether a text holds something that an expression describes.

    RE2 takes time in proportion to the text, whatever the expression.

    Raises:
        PatternError: the expression is malformed, or has what AWS does not take.
    """
    if not text:
        raise PatternError("A regular expression between % and % must not be empty.")
    at = 0
    while at < len(text):
        character = text[at]
        if character == "\\":
            at += 1
            escaped = text[at : at + 1]
            if not escaped or not (
                escaped in _CLASSES or escaped in _SYMBOLS or escaped in _OPERATORS
            ):
                raise PatternError(f"Invalid escape '\\{escaped}' in regular expression %{text}%")
        elif not (
            (character.isascii() and character.isalnum())
            or character in _SYMBOLS
            or character in _OPERATORS
        ):
            raise PatternError(
                f"Invalid character(s) in regular expression %{text}%: '{character}' is not "
                "supported; \\s stands for white space, \\xhh for any other character"
            )
        at += 1
    try:
        compiled = re2.compile(text, _OPTIONS)
    except re2.error as error:
        raise PatternError(f"Invalid regular expression %{text}%: {_reason(error)}") from error
    search = compiled.search
    return lambda value: search(value) is not None


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else error
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
