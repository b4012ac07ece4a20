"""Values of a model as the query protocol's form: `Tags.member.1.Key=a&Tags.member.1.Value=b`.

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#serialization
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ingle.wire.errors import Serialization
from ingle.wire.scalars import text_reader
from ingle.wire.shapes import PerShape, Shape
from ingle.wire.timestamps import ISO8601
from ingle.wire.xml_values import flat_name

# A tree of the keys' parts; "" holds the value of a key that ends at a node.
Node = dict[str, Any]
Reader = Callable[[Node], Any]

_MAX_DEPTH = 64
_MAX_INDEX_DIGITS = 9


def form_tree(fields: Iterable[tuple[str, str]]) -> Node:
    """The fields as a tree by the parts of their keys.

    Raises:
        Serialization: a key is nested deeper than any model is.
    """
    root: Node = {}
    for key, value in fields:
        parts = key.split(".")
        if len(parts) > _MAX_DEPTH:
            raise Serialization(f"The parameter {key[:64]}... is nested too deeply")
        node = root
        for part in parts:
            node = node.setdefault(part, {})
        node[""] = value
    return root


class FormReaders(PerShape[Reader]):
    """Readers of form trees."""

    def build(self, shape: Shape) -> Reader:
        """Make the reader for a shape."""
        kind = shape.type
        if kind == "structure":
            return self.structure(shape.members)
        if kind == "list":
            return self._list(shape)
        if kind == "map":
            return self._map(shape)
        text = text_reader(shape, ISO8601)
        return lambda node: text(node.get("", ""))

    def structure(self, shapes: Mapping[str, Shape]) -> Reader:
        """A reader of a node with these members."""
        members: dict[str, tuple[str, Reader]] = {}
        for name, shape in shapes.items():
            reader = self.of(shape)
            # A flattened list goes by its own name or by that of its items.
            members[shape.wire_name(name)] = (name, reader)
            members[form_name(name, shape)] = (name, reader)

        def read(node: Node) -> dict[str, Any]:
            found: dict[str, Any] = {}
            for key, child in node.items():
                member = members.get(key)
                if member is not None:
                    found[member[0]] = member[1](child)
            return found

        return read

    def _list(self, shape: Shape) -> Reader:
        read_item = self.of(shape.member)
        item_name = None if shape.is_flattened else shape.member.wire_name("member")

        def read(node: Node) -> list[Any]:
            return [read_item(child) for child in _numbered(node, item_name)]

        return read

    def _map(self, shape: Shape) -> Reader:
        read_key, read_value = self.of(shape.key), self.of(shape.value)
        key_name, value_name = shape.key.wire_name("key"), shape.value.wire_name("value")
        entry_name = None if shape.is_flattened else "entry"

        def read(node: Node) -> dict[str, Any]:
            found: dict[str, Any] = {}
            for entry in _numbered(node, entry_name):
                if key_name not in entry:
                    raise Serialization(f"A map's entry has no {key_name}")
                value = entry.get(value_name)
                found[read_key(entry[key_name])] = None if value is None else read_value(value)
            return found

        return read


def form_name(name: str, shape: Shape) -> str:
    """The name of a member in the query protocol, where a service that has moved on from it
    may use another name than in its newer protocols.
    """
    query_name: str | None = shape.traits.get("queryName")
    return query_name if query_name is not None else flat_name(shape, name)


def _numbered(node: Node, wrapper: str | None) -> list[Node]:
    """The children of a node (or of its wrapper) that are numbered, in order."""
    if wrapper is not None and wrapper in node:
        node = node[wrapper]
    numbered = [
        (int(key), child)
        for key, child in node.items()
        if key.isdecimal() and len(key) <= _MAX_INDEX_DIGITS
    ]
    return [child for _, child in sorted(numbered, key=lambda pair: pair[0])]
