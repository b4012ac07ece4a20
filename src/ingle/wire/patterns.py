"""The regular expressions of service models: written for Java, run by Python.

https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/regex/Pattern.html
"""

import logging
import re
from functools import cache
from pathlib import Path

import orjson

_LOG = logging.getLogger(__name__)
_UNICODE_CLASSES = Path(__file__).parent / "data" / "unicode_classes.json"

# Java's POSIX classes; ASCII only, as in Java.
_POSIX = {
    "ASCII": r"\x00-\x7f",
    "Alnum": "0-9A-Za-z",
    "Alpha": "A-Za-z",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
    "Digit": "0-9",
    "Graph": r"\x21-\x7e",
    "Lower": "a-z",
    "Print": r"\x20-\x7e",
    "Punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    "Space": r" \t\n\x0b\f\r",
    "Upper": "A-Z",
    "XDigit": "0-9A-Fa-f",
}
_ALIASES = {"IsAlphabetic": "L", "IsLetter": "L", "IsDigit": "Nd", "IsPunctuation": "P"}
_HORIZONTAL_SPACE = r" \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000"

_TOKEN = re.compile(
    r"""
    \\Q(?P<quoted>.*?)(?:\\E|$)
    | \\(?P<negated>[pP])(?:\{(?P<property>\^?\w+)\}|(?P<letter>\w))
    | \\u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})
    | \\x\{(?P<code>[0-9a-fA-F]+)\}
    | \\k<(?P<backreference>\w+)>
    | (?P<escape>\\.)
    | (?P<group>\(\?<(?=[A-Za-z]))
    | (?P<flags>\(\?(?P<letters>[imsx]+)\))
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


@cache
def compile_pattern(java: str) -> re.Pattern[str] | None:
    """A Python pattern that matches, with `fullmatch`, what Java's `matches` does.

    None where Java's pattern cannot be had in Python: the value is then not checked, since a
    pattern that Ingle fails to read must not refuse what AWS takes.
    """
    try:
        return re.compile(*_translate(java))
    except (re.error, KeyError, OverflowError, RecursionError) as problem:
        _LOG.warning("A pattern in a service model is not checked: %r (%s)", java, problem)
        return None


def _translate(java: str) -> tuple[str, re.RegexFlag]:
    # In Java, \w, \d and \s are ASCII unless told otherwise.
    flags = re.ASCII
    out: list[str] = []
    in_class = False
    after_class_escape = False
    for token in _TOKEN.finditer(java):
        is_class_escape = False
        if token["quoted"] is not None:
            out.append(re.escape(token["quoted"]))
        elif token["negated"]:
            name = token["property"] or token["letter"]
            out.append(_property(name, token["negated"] == "P", in_class))
            is_class_escape = True
        elif token["high"]:
            pair = 0x10000 + ((int(token["high"], 16) & 0x3FF) << 10)
            out.append(f"\\U{pair + (int(token['low'], 16) & 0x3FF):08x}")
        elif token["code"]:
            out.append(f"\\U{int(token['code'], 16):08x}")
        elif token["backreference"]:
            out.append(f"(?P={token['backreference']})")
        elif token["group"]:
            out.append("(?<" if in_class else "(?P<")
        elif token["flags"] and not in_class:
            # Python takes inline flags only at the very start.
            for letter in token["letters"]:
                flags |= re.RegexFlag[letter.upper()]
        elif token["escape"]:
            is_class_escape = token["escape"][1] in "wWdDsS"
            out.append(_escape(token["escape"], in_class))
        else:
            text = token[0]
            if in_class and text == "-" and after_class_escape:
                text = r"\-"
            elif in_class and text in "[&~|":
                text = "\\" + text
            elif text == "[":
                in_class = True
            elif text == "]" and in_class:
                in_class = False
            out.append(text)
        after_class_escape = is_class_escape
    return "".join(out), flags


def _escape(escape: str, in_class: bool) -> str:
    if escape[1] == "h":
        return _HORIZONTAL_SPACE if in_class else f"[{_HORIZONTAL_SPACE}]"
    if escape == r"\z":
        return r"\Z"
    if escape == r"\Z":
        return r"(?=\n?\Z)"
    if escape == r"\e":
        return r"\x1b"
    return escape


def _property(name: str, negated: bool, in_class: bool) -> str:
    ranges = _ranges(name)
    if not in_class:
        return f"[{'^' if negated else ''}{ranges}]"
    if negated:
        raise KeyError(f"\\P{{{name}}} inside a character class")
    return ranges


def _ranges(name: str) -> str:
    posix = _POSIX.get(name)
    if posix is not None:
        return posix
    return _unicode_classes()[_ALIASES.get(name, name.removeprefix("Is"))]


@cache
def _unicode_classes() -> dict[str, str]:
    classes: dict[str, str] = orjson.loads(_UNICODE_CLASSES.read_bytes())["classes"]
    return classes
