"""URI templates of the REST protocols: which operation a request is for, and its labels.

https://smithy.io/2.0/spec/http-bindings.html#http-trait
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote, unquote_plus

from ingle.wire.http import Request

Query = dict[str, list[str]]
LabelReader = Callable[[list[str]], str]


def parse_query(raw: str) -> Query:
    """The values of each query parameter, decoded, in order; a bare key has the value ""."""
    found: Query = {}
    for pair in raw.split("&"):
        if pair:
            key, _, value = pair.partition("=")
            found.setdefault(_decode_plus(key), []).append(_decode_plus(value))
    return found


def split_path(path: str) -> list[str]:
    """The segments of a path, still encoded, without the empty one in front."""
    return path.split("/")[1:]


def decode_label(raw: str) -> str:
    """A label's value."""
    return unquote(raw) if "%" in raw else raw


def _decode_plus(raw: str) -> str:
    return unquote_plus(raw) if "%" in raw or "+" in raw else raw


class UriTemplate:
    """A template such as `/{Bucket}/{Key+}?acl`, taken apart.

    Attributes:
        segments: the parts of the path.
        literals: the query parameters that must be there, with their value, or None for any.
    """

    __slots__ = ("literals", "segments")

    def __init__(self, template: str) -> None:
        path, _, query = template.partition("?")
        self.segments = split_path(path)
        if self.segments[-1] == "":
            self.segments.pop()
        self.literals: dict[str, str | None] = {}
        for pair in filter(None, query.split("&")):
            key, equals, value = pair.partition("=")
            self.literals[key] = value if equals else None

    def label(self, name: str) -> LabelReader:
        """What gives the value of a label, from the segments of a path that matches.

        Raises:
            LookupError: the template has no such label.
        """
        for index, segment in enumerate(self.segments):
            if segment == f"{{{name}}}":
                return self._single(index)
            if segment == f"{{{name}+}}":
                return self._greedy(index)
        raise LookupError(f"no label {name} in /{'/'.join(self.segments)}")

    def _single(self, index: int) -> LabelReader:
        if any(segment.endswith("+}") for segment in self.segments[:index]):
            index -= len(self.segments)
        return lambda segments: decode_label(segments[index])

    def _greedy(self, index: int) -> LabelReader:
        after = len(self.segments) - index - 1
        return lambda segments: decode_label(
            "/".join(segments[index : len(segments) - after if after else None])
        )


class _Candidate:
    __slots__ = ("headers", "literals", "name", "query", "strict")

    def __init__(
        self,
        name: str,
        literals: Mapping[str, str | None],
        headers: Iterable[str],
        query: Iterable[str],
        strict: bool,
    ) -> None:
        self.name = name
        self.strict = strict
        self.literals = tuple(literals.items())
        self.headers = tuple(headers)
        self.query = tuple(query)

    @property
    def is_plain(self) -> bool:
        return not (self.literals or self.headers or self.query)

    def fits_literals(self, query: Query) -> bool:
        for key, value in self.literals:
            if key not in query or (value is not None and value not in query[key]):
                return False
        return True

    def fits(self, query: Query, headers: Mapping[str, str]) -> bool:
        return (
            self.fits_literals(query)
            and all(name in query for name in self.query)
            and all(name in headers for name in self.headers)
        )


class _Node:
    __slots__ = ("greedy", "label", "literals", "methods")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.label: _Node | None = None
        self.greedy: dict[int, _Node] = {}  # by the number of segments behind the greedy label
        self.methods: dict[str, list[_Candidate]] = {}


class Routes:
    """A table of URI templates.

    Where several operations share a method and a path, the one that asks for the most wins among
    those whose query literals, required query parameters and required headers are all there
    (`?partNumber=1&uploadId=x` is UploadPart and not PutObject); if none has all, the one that
    asks for least, so that the caller learns which parameter is missing.
    """

    def __init__(self) -> None:
        self._root = _Node()

    def add(
        self,
        name: str,
        method: str,
        template: UriTemplate,
        headers: Iterable[str] = (),
        query: Iterable[str] = (),
        *,
        strict: bool = False,
    ) -> None:
        """Add an operation with the (lower-case) headers and query parameters that it requires.

        Of operations that cannot be told apart, the one added first wins. A strict one is found
        only where all of them are there.
        """
        node = self._root
        segments = template.segments
        for index, segment in enumerate(segments):
            if segment.endswith("+}"):
                parent = node
                node = parent.greedy.setdefault(len(segments) - index - 1, _Node())
                # `/{Name+}/policy` goes before `/{Name+}`.
                parent.greedy = dict(sorted(parent.greedy.items(), reverse=True))
            elif segment.startswith("{"):
                if node.label is None:
                    node.label = _Node()
                node = node.label
            else:
                node = node.literals.setdefault(segment, _Node())
        candidates = node.methods.setdefault(method, [])
        candidates.append(_Candidate(name, template.literals, headers, query, strict))
        candidates.sort(
            key=lambda candidate: (
                len(candidate.literals),
                len(candidate.headers) + len(candidate.query),
            ),
            reverse=True,
        )

    def find(self, request: Request) -> str | None:
        """The operation at the request's method and path, or None."""
        segments = split_path(request.target)
        found = self._walk(self._root, segments, 0, request)
        if found is None and segments[-1] == "":
            # A trailing slash matters only where it can be part of a label's value.
            found = self._walk(self._root, segments[:-1], 0, request)
        return found

    def _walk(
        self, node: _Node, segments: list[str], position: int, request: Request
    ) -> str | None:
        if position == len(segments):
            candidates = node.methods.get(request.method)
            return None if candidates is None else _choose(candidates, request)
        segment = segments[position]
        child = node.literals.get(segment)
        if child is not None:
            found = self._walk(child, segments, position + 1, request)
            if found is not None:
                return found
        if node.label is not None and segment:
            found = self._walk(node.label, segments, position + 1, request)
            if found is not None:
                return found
        for after, child in node.greedy.items():
            end = len(segments) - after
            # The label's value must not be empty, though it may start with a slash.
            if end > position and (segment or end > position + 1):
                found = self._walk(child, segments, end, request)
                if found is not None:
                    return found
        return None


def _choose(candidates: list[_Candidate], request: Request) -> str | None:
    if len(candidates) == 1 and candidates[0].is_plain:
        return candidates[0].name
    query = parse_query(request.query)
    for candidate in candidates:
        if candidate.fits(query, request.headers):
            return candidate.name
    for candidate in reversed(candidates):
        if candidate.fits_literals(query) and not candidate.strict:
            return candidate.name
    return None


def required_bindings(
    members: Mapping[str, Mapping[str, Any]], required: Iterable[str]
) -> tuple[list[str], list[str]]:
    """The lower-case headers and the query parameters that required members are bound to."""
    headers: list[str] = []
    query: list[str] = []
    for name in required:
        member = members[name]
        wire = member.get("locationName", name)
        if member.get("location") == "header":
            headers.append(wire.lower())
        elif member.get("location") == "querystring":
            query.append(wire)
    return headers, query
