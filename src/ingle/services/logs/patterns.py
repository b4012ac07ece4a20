"""Filter patterns of unstructured log events: terms and phrases that must all be there.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
("Match single terms", "Match multiple terms", "Match exact phrases").
"""

import re
from collections.abc import Callable

from ingle.services.logs.errors import InvalidParameter

_TERM = re.compile(r"[A-Za-z0-9_]+")
_PHRASE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_SPACE = re.compile(r"\s+")
# How the patterns begin that come later.
_LATER = {
    "{": "JSON patterns",
    "[": "space-delimited patterns",
    "%": "regular expressions",
    "?": "optional terms",
    "-": "excluded terms",
}


def parse(pattern: str) -> tuple[str, ...]:
    """Read a pattern into the texts that a message must hold, all of them, in any order.

    Raises:
        InvalidParameter: the pattern is malformed, or of a kind that Ingle does not have yet.
    """
    terms: list[str] = []
    at = 0
    while at < len(pattern):
        if match := _SPACE.match(pattern, at):
            at = match.end()
            continue
        if match := _PHRASE.match(pattern, at):
            terms.append(_ESCAPE.sub(r"\1", match[1]))
        elif match := _TERM.match(pattern, at):
            terms.append(match[0])
        else:
            raise _error(pattern, at)
        at = match.end()
        if at < len(pattern) and not pattern[at].isspace():
            raise InvalidParameter(f"Invalid character(s) in term '{pattern[at]}'")
    return tuple(term for term in terms if term)


def matcher(pattern: str) -> Callable[[str], bool] | None:
    """Make a test of messages from a pattern, or None where every message passes.

    Case matters, and a term is found within a word too, as in AWS.

    Raises:
        InvalidParameter: as `parse`.
    """
    terms = parse(pattern)
    if not terms:
        return None
    if len(terms) == 1:
        only = terms[0]
        return lambda message: only in message
    return lambda message: all(term in message for term in terms)


def _error(pattern: str, at: int) -> InvalidParameter:
    kind = _LATER.get(pattern[at])
    if kind is None:
        return InvalidParameter(f"Invalid character(s) in term '{pattern[at]}'")
    return InvalidParameter(
        f"Filter patterns with {kind} ('{pattern[at]}') are not supported by this version of "
        "Ingle. Use plain terms and phrases in double quotes."
    )
