"""What is refused for now is told where it is."""

import tomllib
from pathlib import Path

import pytest

import ingle.services.lambda_.later
from ingle.wire.model import load_model

TABLES = tomllib.loads(
    Path(ingle.services.lambda_.later.__file__).with_name("later.toml").read_text("utf-8")
)
APPLIES = TABLES.pop("applies")


def test_every_table_says_where_it_applies() -> None:
    assert set(APPLIES) == set(TABLES)


@pytest.mark.parametrize(
    ("table", "place"), [(table, place) for table, places in APPLIES.items() for place in places]
)
def test_each_place_has_members_that_its_table_refuses(table: str, place: str) -> None:
    operation, _, member = place.partition(".")
    shape = load_model("lambda").operation(operation).input
    assert shape is not None
    if member:
        shape = shape.members[member]
    assert set(shape.members) & set(TABLES[table])
