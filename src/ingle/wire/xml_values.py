"""Values of a model as XML, for the rest-xml and query protocols.

https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html#xml-shape-serialization
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from ingle.wire.errors import Serialization
from ingle.wire.scalars import TextReader, text_reader, text_writer
from ingle.wire.shapes import PerShape, Shape
from ingle.wire.timestamps import ISO8601

Reader = Callable[[Element], Any]
Writer = Callable[[list[str], str, Any], None]
BodyReader = Callable[[bytes], Any]

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
# What XML 1.0 cannot say in any way would make a whole answer unreadable.
_UNSAYABLE = [*(chr(each) for each in range(32) if chr(each) not in "\t\n\r"), "\ufffe", "\uffff"]
_IN_TEXT = {
    **str.maketrans(dict.fromkeys(_UNSAYABLE, "\ufffd")),
    **str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"}),
}
_SPECIAL = re.compile("[&<>\r" + "".join(_UNSAYABLE) + "]").search
_IN_ATTRIBUTE = {**_IN_TEXT, **str.maketrans({'"': "&quot;", "\n": "&#xA;", "\t": "&#x9;"})}
_AGAINST_SCHEMA = (
    "The XML you provided was not well-formed or did not validate against our published schema"
)
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


class _NoDoctype(TreeBuilder):
    """Refuses document types: with them come entities, and with entities files and bombs."""

    def doctype(self, name: str, pubid: str, system: str) -> None:
        raise Serialization("The XML you provided has a document type, which is not allowed")


def load_xml(body: bytes) -> Element:
    """The root element of a request's body; raises Serialization when it is not XML."""
    parser = XMLParser(target=_NoDoctype())  # noqa: S314  # document types are refused
    try:
        parser.feed(body)
        root: Element = parser.close()
    except (ParseError, ValueError, LookupError) as problem:
        raise Serialization(f"The XML you provided was not well-formed: {problem}") from None
    return root


def local_name(tag: str) -> str:
    """An element's name without its namespace."""
    return tag.rpartition("}")[2]


class XmlReaders(PerShape[Reader]):
    """Readers of elements.

    Args:
        passed_over: the elements that are passed over where the model does not know them; None for
            all of them. Readers raise Serialization for others.
    """

    def __init__(self, passed_over: Collection[str] | None = None) -> None:
        super().__init__()
        self._passed_over = passed_over

    def build(self, shape: Shape) -> Reader:
        """Make the reader for a shape."""
        kind = shape.type
        if kind == "structure":
            return self.structure(shape.members)
        if kind == "list":
            item_reader = self.of(shape.member)
            return lambda element: [item_reader(child) for child in element]
        if kind == "map":
            entry_reader = self._entry(shape)
            return lambda element: dict(entry_reader(child) for child in element)
        reader = text_reader(shape, ISO8601)
        return lambda element: reader(element.text or "")

    def structure(self, shapes: Mapping[str, Shape]) -> Reader:
        """A reader of an element with these members as its children and attributes."""
        children: dict[str, tuple[str, Reader, str]] = {}
        attributes: dict[str, tuple[str, TextReader]] = {}
        for name, shape in shapes.items():
            if shape.traits.get("xmlAttribute"):
                read_text = text_reader(shape, ISO8601)
                attributes[_attribute_key(shape.wire_name(name))] = (name, read_text)
            elif shape.is_flattened and shape.type == "list":
                entry = (name, self.of(shape.member), "list")
                children[shape.wire_name(name)] = entry
                children[flat_name(shape, name)] = entry
            elif shape.is_flattened and shape.type == "map":
                children[shape.wire_name(name)] = (name, self._entry(shape), "map")
            else:
                children[shape.wire_name(name)] = (name, self.of(shape), "one")

        def read(element: Element) -> dict[str, Any]:
            found: dict[str, Any] = {}
            for child in element:
                member = children.get(local_name(child.tag))
                if member is None:
                    self._check_passed_over(child)
                    continue
                name, reader, kind = member
                if kind == "one":
                    found[name] = reader(child)
                elif kind == "list":
                    found.setdefault(name, []).append(reader(child))
                else:
                    key, value = reader(child)
                    found.setdefault(name, {})[key] = value
            if attributes:
                for key, text in element.attrib.items():
                    attribute = attributes.get(key)
                    if attribute is not None:
                        found[attribute[0]] = attribute[1](text)
            return found

        return read

    def document(self, name: str, read: Reader) -> BodyReader:
        """A reader of a body whose root element has this name."""

        def read_document(body: bytes) -> Any:
            root = load_xml(body)
            if self._passed_over is not None and local_name(root.tag) != name:
                raise Serialization(f"{_AGAINST_SCHEMA}: {local_name(root.tag)[:64]}")
            return read(root)

        return read_document

    def _check_passed_over(self, element: Element) -> None:
        name = local_name(element.tag)
        if self._passed_over is not None and name not in self._passed_over:
            raise Serialization(f"{_AGAINST_SCHEMA}: {name[:64]}")

    def _entry(self, shape: Shape) -> Reader:
        key_name, value_name = shape.key.wire_name("key"), shape.value.wire_name("value")
        read_key, read_value = self.of(shape.key), self.of(shape.value)

        def read(element: Element) -> tuple[Any, Any]:
            key = value = None
            for child in element:
                tag = local_name(child.tag)
                if tag == key_name:
                    key = read_key(child)
                elif tag == value_name:
                    value = read_value(child)
            if key is None:
                raise Serialization(f"A map's entry has no {key_name}")
            return key, value

        return read


class XmlWriters(PerShape[Writer]):
    """Writers that append an element's text to a list of strings, given the element's name."""

    def build(self, shape: Shape) -> Writer:
        """Make the writer for a shape."""
        kind = shape.type
        if kind == "structure":
            return self._element(shape)
        if kind == "list":
            return self._list(shape)
        if kind == "map":
            return self._map(shape)
        text = text_writer(shape, ISO8601)
        namespace = _namespace(shape)

        def write(out: list[str], name: str, value: Any) -> None:
            out.append(f"<{name}{namespace}>{escape_text(text(value))}</{name}>")

        return write

    def members(
        self, owner: str, shapes: Mapping[str, Shape]
    ) -> Callable[[list[str], Mapping[str, Any]], None]:
        """A writer of a structure's children without the element around them.

        Members that are None are left out. The writer raises KeyError for a member that the
        structure does not have, because that is a mistake in a service of ours.
        """
        children = {
            name: (self.element_name(name, shape), self.of(shape))
            for name, shape in shapes.items()
            if not shape.traits.get("xmlAttribute")
        }

        def write(out: list[str], value: Mapping[str, Any]) -> None:
            for key, item in value.items():
                if item is None:
                    continue
                child = children.get(key)
                if child is not None:
                    child[1](out, child[0], item)
                elif key not in shapes:
                    raise KeyError(f"{owner} has no member {key}")

        return write

    def element_name(self, name: str, shape: Shape) -> str:
        """The name of a member's element."""
        return flat_name(shape, name)

    def _element(self, shape: Shape) -> Writer:
        attributes = {
            name: (member.wire_name(name), text_writer(member, ISO8601))
            for name, member in shape.members.items()
            if member.traits.get("xmlAttribute")
        }
        namespace = _namespace(shape)
        write_members = self.members(shape.name, shape.members)

        def write(out: list[str], name: str, value: Mapping[str, Any]) -> None:
            out.append(f"<{name}{namespace}")
            for key, (attribute, text) in attributes.items():
                if value.get(key) is not None:
                    out.append(f" {attribute}={quote_attribute(text(value[key]))}")
            out.append(">")
            write_members(out, value)
            out.append(f"</{name}>")

        return write

    def _list(self, shape: Shape) -> Writer:
        write_item = self.of(shape.member)
        if shape.is_flattened:

            def write_flat(out: list[str], name: str, value: Any) -> None:
                for item in value:
                    write_item(out, name, item)

            return write_flat
        item_name = shape.member.wire_name("member")
        namespace = _namespace(shape)

        def write(out: list[str], name: str, value: Any) -> None:
            out.append(f"<{name}{namespace}>")
            for item in value:
                write_item(out, item_name, item)
            out.append(f"</{name}>")

        return write

    def _map(self, shape: Shape) -> Writer:
        key_name, value_name = shape.key.wire_name("key"), shape.value.wire_name("value")
        write_key, write_value = self.of(shape.key), self.of(shape.value)

        def write_entries(out: list[str], entry: str, value: Mapping[str, Any]) -> None:
            for key, item in value.items():
                out.append(f"<{entry}>")
                write_key(out, key_name, key)
                write_value(out, value_name, item)
                out.append(f"</{entry}>")

        if shape.is_flattened:
            return write_entries
        namespace = _namespace(shape)

        def write(out: list[str], name: str, value: Mapping[str, Any]) -> None:
            out.append(f"<{name}{namespace}>")
            write_entries(out, "entry", value)
            out.append(f"</{name}>")

        return write


def flat_name(shape: Shape, name: str) -> str:
    """The element name of a member called `name`; a flattened list's is that of its items."""
    if shape.type == "list" and shape.is_flattened:
        return shape.member.wire_name(shape.wire_name(name))
    return shape.wire_name(name)


def escape_text(text: str) -> str:
    """Text for an element's content.

    Carriage returns survive the reader's normalisation; what no XML can say becomes U+FFFD.
    """
    # Looking is three times as fast as replacing, and nearly always there is nothing to replace.
    return text.translate(_IN_TEXT) if _SPECIAL(text) else text


def quote_attribute(text: str) -> str:
    """An attribute's value, in double quotes."""
    return f'"{text.translate(_IN_ATTRIBUTE)}"'


def _attribute_key(wire: str) -> str:
    prefix, _, name = wire.rpartition(":")
    return f"{_XSI}{name}" if prefix == "xsi" else wire


def _namespace(shape: Shape) -> str:
    namespace = shape.traits.get("xmlNamespace")
    if namespace is None:
        return ""
    if isinstance(namespace, str):
        return f" xmlns={quote_attribute(namespace)}"
    prefix = namespace.get("prefix")
    return f" xmlns{':' + prefix if prefix else ''}={quote_attribute(namespace['uri'])}"
