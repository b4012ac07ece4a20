"""Values in JSON, CBOR, forms and headers, apart from any operation."""

import math
from typing import Any

import cbor2
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.wire.cbor_values import CborReaders, CborWriters
from ingle.wire.errors import Serialization
from ingle.wire.form_values import form_tree
from ingle.wire.json_values import JsonReaders, JsonWriters
from ingle.wire.scalars import decode_base64, encode_base64, text_reader, text_writer
from ingle.wire.shapes import ShapeTable
from ingle.wire.xml_values import XmlReaders, XmlWriters, escape_text, load_xml, quote_attribute

_TABLE = ShapeTable(
    {
        "Tree": {
            "type": "structure",
            "members": {
                "text": {"shape": "Text"},
                "blob": {"shape": "Blob"},
                "when": {"shape": "When"},
                "ratio": {"shape": "Ratio"},
                "count": {"shape": "Count"},
                "flag": {"shape": "Flag"},
                "children": {"shape": "Trees", "locationName": "kids"},
                "named": {"shape": "TreeMap"},
            },
        },
        "Trees": {"type": "list", "member": {"shape": "Tree"}},
        "TreeMap": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Tree"}},
        "Text": {"type": "string"},
        "Json": {"type": "string", "jsonvalue": True},
        "Blob": {"type": "blob"},
        "When": {"type": "timestamp"},
        "Ratio": {"type": "double"},
        "Count": {"type": "long"},
        "Flag": {"type": "boolean"},
    }
)
_TREE = _TABLE.named("Tree")

_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
_LEAVES = st.fixed_dictionaries(
    {},
    optional={
        "text": _TEXT,
        "blob": st.binary(max_size=20),
        "when": st.integers(0, 4_000_000_000_000).map(lambda number: number / 1000),
        "ratio": st.floats(allow_nan=False),
        "count": st.integers(-(2**63), 2**63 - 1),
        "flag": st.booleans(),
    },
)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.fixed_dictionaries(
        {}, optional={"children": st.lists(inner), "named": st.dictionaries(_TEXT, inner)}
    ),
    max_leaves=8,
)


@given(_TREES)
def test_json_is_read_as_it_was_written(value: dict[str, Any]) -> None:
    body = orjson.dumps(JsonWriters().of(_TREE)(value))
    assert JsonReaders().of(_TREE)(orjson.loads(body)) == value


@given(_TREES)
def test_cbor_is_read_as_it_was_written(value: dict[str, Any]) -> None:
    body = cbor2.dumps(CborWriters().of(_TREE)(value))
    assert CborReaders().of(_TREE)(cbor2.loads(body)) == value


@given(_TREES)
def test_xml_is_read_as_it_was_written(value: dict[str, Any]) -> None:
    out: list[str] = []
    XmlWriters().of(_TREE)(out, "tree", value)
    assert XmlReaders().of(_TREE)(load_xml("".join(out).encode())) == value


@pytest.mark.parametrize(
    ("number", "word"), [(math.inf, "Infinity"), (-math.inf, "-Infinity"), (math.nan, "NaN")]
)
def test_numbers_that_are_not_finite_are_words(number: float, word: str) -> None:
    shape = _TABLE.named("Ratio")
    assert JsonWriters().of(shape)(number) == word
    assert text_writer(shape, "iso8601")(number) == word
    for found in (JsonReaders().of(shape)(word), text_reader(shape, "iso8601")(word)):
        assert found == number or (math.isnan(found) and math.isnan(number))


def test_json_in_a_header_is_base64() -> None:
    shape = _TABLE.named("Json")
    text = text_writer(shape, "iso8601")({"a": [1]})
    assert text_reader(shape, "iso8601")(text) == {"a": [1]}
    with pytest.raises(Serialization):
        text_reader(shape, "iso8601")(encode_base64(b"{"))


def test_base64_may_be_broken_into_lines() -> None:
    assert decode_base64("aGVs\nbG8=\n") == b"hello"


@pytest.mark.parametrize(
    ("kind", "text"),
    [("Count", "1_000"), ("Count", "1.5"), ("Ratio", "1_0.0"), ("Flag", "yes"), ("When", "noon")],
)
def test_text_that_is_not_of_its_type_is_refused(kind: str, text: str) -> None:
    with pytest.raises(Serialization):
        text_reader(_TABLE.named(kind), "iso8601")(text)


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=5)), max_size=20))
def test_any_form_is_a_tree_that_holds_every_last_value(fields: list[tuple[str, str]]) -> None:
    tree = form_tree(fields)
    for key, value in dict(fields).items():
        node: Any = tree
        for part in key.split("."):
            node = node[part]
        if not any(other != key and other.startswith(key + ".") for other, _ in fields):
            assert node[""] == value


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_readable_in_xml(text: str) -> None:
    element = load_xml(f"<a b={quote_attribute(text)}>{escape_text(text)}</a>".encode())
    said = "".join(each if each.isprintable() or each in "\t\n\r" else "?" for each in text)
    for read in (element.text or "", element.get("b") or ""):
        shown = "".join(
            each if (each.isprintable() and each != "\ufffd") or each in "\t\n\r" else "?"
            for each in read
        )
        assert shown == said.replace("\ufffd", "?")
