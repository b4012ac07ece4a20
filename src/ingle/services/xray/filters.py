"""The language of filter expressions.

Source: https://docs.aws.amazon.com/xray/latest/devguide/xray-console-filters.html.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingle.services.xray.summaries import Document, Trace, http_part

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>"(?:[^"\\]|\\.)*")
      | (?P<number>-?\d+(?:\.\d+)?(?![\w.]))
      | (?P<symbol><=|>=|!=|[=<>!(){},:\[\]])
      | (?P<word>[A-Za-z_][\w.\-]*)
    )""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_DEEPEST = 50


class BadFilter(ValueError):
    """A text is no filter expression."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression is about: a trace or, in braces, a segment of one.

    Attributes:
        trace: the whole trace, or the one segment as a trace of its own.
        whole: the whole trace.
    """

    trace: Trace
    whole: Trace


Test = Callable[[Scope], bool]
_Value = str | float | bool

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TEXTS: Mapping[str, Callable[[str, str], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "contains": lambda found, wanted: wanted in found,
    "beginswith": str.startswith,
    "endswith": str.endswith,
}
_FLAGS: Mapping[str, Test] = {
    "ok": lambda s: not (s.trace.has("error") or s.trace.has("fault")),
    "error": lambda s: s.trace.has("error"),
    "fault": lambda s: s.trace.has("fault"),
    "throttle": lambda s: s.trace.has("throttle"),
    "partial": lambda s: s.trace.partial,
    "inferred": lambda s: any(each.get("inferred") is True for each in s.trace.documents),
    "remote": lambda s: any(_is_remote(each) for each in s.trace.everything()),
    "root": lambda s: s.whole.root in s.trace.documents,
    "first": lambda s: s.whole.documents[0] in s.trace.documents,
    "last": lambda s: s.whole.documents[-1] in s.trace.documents,
}
_NUMBERS: Mapping[str, Callable[[Scope], Sequence[float]]] = {
    "responsetime": lambda s: [s.trace.response_time],
    "duration": lambda s: [s.trace.duration],
    "http.status": lambda s: [
        each
        for each in _of_http(s, "response", "status")
        if isinstance(each, int | float) and not isinstance(each, bool)
    ],
}
_STRINGS: Mapping[str, Callable[[Scope], Sequence[str]]] = {
    "http.url": lambda s: _texts(_of_http(s, "request", "url")),
    "http.method": lambda s: _texts(_of_http(s, "request", "method")),
    "http.useragent": lambda s: _texts(_of_http(s, "request", "user_agent")),
    "http.clientip": lambda s: _texts(_of_http(s, "request", "client_ip")),
    "user": lambda s: list(s.trace.users()),
    "name": lambda s: _texts(each.get("name") for each in s.trace.everything()),
    "type": lambda s: _texts(each.get("origin") for each in s.trace.documents),
    "message": lambda s: [text for each in s.trace.everything() for text in _messages(each)],
    "resource.arn": lambda s: _texts(each.get("resource_arn") for each in s.trace.documents),
    "availabilityzone": lambda s: _texts(
        _within(each, "aws", "ec2", "availability_zone") for each in s.trace.documents
    ),
    "instance.id": lambda s: _texts(
        _within(each, "aws", "ec2", "instance_id") for each in s.trace.documents
    ),
}


def parse(text: str) -> Callable[[Trace], bool]:
    """Read a filter expression; what is returned says whether a trace matches.

    Raises:
        BadFilter: it is none, or asks for what Ingle's traces do not have.
    """
    parser = _Parser(text)
    test = parser.either(0)
    parser.end()
    return lambda trace: test(Scope(trace, trace))


class _Parser:
    """A recursive descent over the tokens of an expression."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        position, text = 0, text.rstrip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                raise BadFilter(f"unexpected {text[position:].strip()[:20]!r}")
            self._tokens.append((match.lastgroup, match[match.lastgroup]))
            position = match.end()
        self._next = 0

    def either(self, depth: int) -> Test:
        """Read what `OR` joins."""
        if depth > _DEEPEST:
            raise BadFilter("it is nested too deep")
        tests = [self._all(depth)]
        while self._takes_word("or"):
            tests.append(self._all(depth))
        return tests[0] if len(tests) == 1 else lambda s: any(test(s) for test in tests)

    def end(self) -> None:
        """See that there is nothing more."""
        if self._next < len(self._tokens):
            raise BadFilter(f"unexpected {self._tokens[self._next][1]!r}")

    def _all(self, depth: int) -> Test:
        tests = [self._one(depth)]
        while self._takes_word("and"):
            tests.append(self._one(depth))
        return tests[0] if len(tests) == 1 else lambda s: all(test(s) for test in tests)

    def _one(self, depth: int) -> Test:
        if depth > _DEEPEST:
            raise BadFilter("it is nested too deep")
        if self._takes("!"):
            test = self._one(depth + 1)
            return lambda s: not test(s)
        if self._takes("("):
            test = self.either(depth + 1)
            self._expect(")")
            return test
        kind, word = self._token()
        if kind != "word":
            raise BadFilter(f"unexpected {word!r}")
        name = word.lower()
        if name == "service":
            return self._service(depth)
        if name == "edge":
            return self._edge(depth)
        if name.partition(".")[0] == "annotation":
            return self._annotation(word)
        if name in _FLAGS:
            return self._flag(_FLAGS[name])
        if name in _NUMBERS:
            return self._compared(name, _NUMBERS[name], _COMPARE, "a number")
        if name in _STRINGS:
            return self._compared(name, _STRINGS[name], _TEXTS, "a text in double quotes")
        raise BadFilter(f"{word} is no keyword that Ingle has")

    def _flag(self, test: Test) -> Test:
        if self._peek() not in ("=", "!="):
            return test
        _, sign = self._token()
        wanted = self._value()
        if not isinstance(wanted, bool):
            raise BadFilter(f"{sign} is followed by neither true nor false")
        expected = wanted is (sign == "=")
        return lambda s: test(s) is expected

    def _compared(
        self,
        name: str,
        found: Callable[[Scope], Sequence[Any]],
        signs: Mapping[str, Callable[[Any, Any], bool]],
        what: str,
    ) -> Test:
        sign = self._token()[1].lower()
        if sign not in signs:
            raise BadFilter(f"{name} cannot be compared with {sign}")
        value = self._value()
        if isinstance(value, bool) or isinstance(value, str) is (what == "a number"):
            raise BadFilter(f"{name} is compared with {what}")
        compare = signs[sign]
        if sign == "!=":
            return lambda s: all(compare(each, value) for each in found(s))
        return lambda s: any(compare(each, value) for each in found(s))

    def _annotation(self, word: str) -> Test:
        if self._takes("["):
            key = self._token()[1].strip('"')
            self._expect("]")
        else:
            key = word.partition(".")[2]
        if not key:
            raise BadFilter("annotation is followed by no key")
        sign = self._peek().lower()
        if sign not in _COMPARE and sign not in _TEXTS:
            return lambda s: key in s.trace.annotations()
        self._next += 1
        value = self._value()

        def holds(found: _Value) -> bool:
            if isinstance(found, bool) is not isinstance(value, bool) or isinstance(
                found, str
            ) is not isinstance(value, str):
                return False
            signs: Mapping[str, Callable[[Any, Any], bool]] = (
                _TEXTS if isinstance(value, str) else _COMPARE
            )
            return sign in signs and signs[sign](found, value)

        return lambda s: any(holds(each) for each, _ in s.trace.annotations().get(key, ()))

    def _service(self, depth: int) -> Test:
        self._expect("(")
        wanted = self._identity() if self._peek() != ")" else _anything
        self._expect(")")
        inner = self._block(depth)
        return lambda s: any(wanted(each) and inner(_alone(s, each)) for each in s.trace.documents)

    def _edge(self, depth: int) -> Test:
        self._expect("(")
        source = self._identity()
        self._expect(",")
        target = self._identity()
        self._expect(")")
        inner = self._block(depth)

        def test(scope: Scope) -> bool:
            above = {
                inside["id"]: each
                for each in scope.whole.documents
                for inside in Trace("", "", [each]).everything()
                if "id" in inside
            }
            for each in scope.trace.documents:
                caller = above.get(each.get("parent_id"))
                if caller is None or caller is each:
                    continue
                if source(caller) and target(each) and inner(_alone(scope, each)):
                    return True
            return False

        return test

    def _block(self, depth: int) -> Test:
        if not self._takes("{"):
            return lambda s: True
        test = self.either(depth + 1)
        self._expect("}")
        return test

    def _identity(self) -> Callable[[Document], bool]:
        kind, token = self._token()
        if kind == "text":
            wanted = {"name": _unquoted(token)}
        elif (kind, token.lower()) == ("word", "id"):
            self._expect("(")
            wanted = {}
            while not wanted or self._takes(","):
                key = self._token()[1].lower()
                self._expect(":")
                value = self._value()
                if key not in ("name", "type", "account.id") or not isinstance(value, str):
                    raise BadFilter('id() takes name: "…", type: "…" and account.id: "…"')
                wanted[key] = value
            self._expect(")")
        else:
            raise BadFilter(f"{token} is no service: a name in double quotes, or id(…)")

        def test(document: Document) -> bool:
            has = {
                "name": document.get("name"),
                "type": document.get("origin"),
                "account.id": _within(document, "aws", "account_id"),
            }
            return all(has[key] == value for key, value in wanted.items())

        return test

    def _value(self) -> _Value:
        kind, token = self._token()
        if kind == "text":
            return _unquoted(token)
        if kind == "number":
            return float(token)
        if token.lower() in ("true", "false"):
            return token.lower() == "true"
        raise BadFilter(f"{token} is no value")

    def _token(self) -> tuple[str, str]:
        if self._next >= len(self._tokens):
            raise BadFilter("it ends too early")
        self._next += 1
        return self._tokens[self._next - 1]

    def _peek(self) -> str:
        return self._tokens[self._next][1] if self._next < len(self._tokens) else ""

    def _takes(self, symbol: str) -> bool:
        found = self._next < len(self._tokens) and self._tokens[self._next] == ("symbol", symbol)
        self._next += found
        return found

    def _takes_word(self, word: str) -> bool:
        found = self._peek().lower() == word
        self._next += found
        return found

    def _expect(self, symbol: str) -> None:
        if not self._takes(symbol):
            raise BadFilter(f"{symbol} is missing before {self._peek()!r}")


def _alone(scope: Scope, document: Document) -> Scope:
    whole = scope.whole
    return Scope(Trace(whole.id, whole.account_id, [document]), whole)


def _anything(document: Document) -> bool:
    return bool(document)


def _is_remote(document: Document) -> bool:
    return document.get("namespace") in ("remote", "aws")


def _of_http(scope: Scope, part: str, name: str) -> list[Any]:
    return [http_part(each, part).get(name) for each in scope.trace.documents]


def _texts(found: Any) -> list[str]:
    return [each for each in found if isinstance(each, str)]


def _within(document: Document, *names: str) -> Any:
    found: Any = document
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _messages(document: Document) -> list[str]:
    exceptions = _within(document, "cause", "exceptions")
    if not isinstance(exceptions, list):
        return []
    return _texts(_within(each, "message") for each in exceptions if isinstance(each, Mapping))


def _unquoted(token: str) -> str:
    return _ESCAPE.sub(r"\1", token[1:-1])
