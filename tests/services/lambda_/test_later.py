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
WHY = TABLES.pop("why")
ACTED_ON = {
    "CreateFunction": "FunctionName Runtime Role Handler Code Description Timeout MemorySize "
    "Publish VpcConfig DeadLetterConfig Environment TracingConfig Tags Layers FileSystemConfigs "
    "CodeSigningConfigArn Architectures EphemeralStorage SnapStart LoggingConfig TenancyConfig "
    "DurableConfig PackageType ImageConfig",
    "CreateFunction.Code": "ZipFile ImageUri S3Bucket S3Key S3ObjectVersion",
    "UpdateFunctionConfiguration": "FunctionName Role Handler Description Timeout MemorySize "
    "VpcConfig Environment Runtime DeadLetterConfig TracingConfig RevisionId Layers "
    "FileSystemConfigs EphemeralStorage SnapStart LoggingConfig "
    "DurableConfig ImageConfig",
    "UpdateFunctionCode": "FunctionName ZipFile ImageUri Publish DryRun RevisionId Architectures "
    "S3Bucket S3Key S3ObjectVersion",
    "PublishVersion": "FunctionName CodeSha256 Description RevisionId",
    "PublishLayerVersion.Content": "ZipFile S3Bucket S3Key S3ObjectVersion",
    "CreateFunction.DurableConfig": "ExecutionTimeout RetentionPeriodInDays",
    "UpdateFunctionConfiguration.DurableConfig": "ExecutionTimeout RetentionPeriodInDays",
}
"""What the operations do as they are told to."""


def test_every_table_says_where_it_applies() -> None:
    assert set(APPLIES) == set(TABLES)


@pytest.mark.parametrize(
    ("table", "place"), [(table, place) for table, places in APPLIES.items() for place in places]
)
def test_each_place_has_members_that_its_table_refuses(table: str, place: str) -> None:
    assert members(place) & set(TABLES[table])


@pytest.mark.parametrize(
    ("table", "place"), [(table, place) for table, places in APPLIES.items() for place in places]
)
def test_every_member_is_acted_on_or_refused(table: str, place: str) -> None:
    acted_on = set(ACTED_ON[place].split())
    assert members(place) - set(TABLES[table]) == acted_on
    # DeadLetterConfig is refused by what it names.
    assert not acted_on & set(TABLES[table])


def test_reasons_are_given_of_what_is_refused() -> None:
    assert set(WHY) <= {member for table in TABLES.values() for member in table}


def members(place: str) -> set[str]:
    """The members of an operation's input, or of a structure in it."""
    operation, _, member = place.partition(".")
    shape = load_model("lambda").operation(operation).input
    assert shape is not None
    return set(shape.members[member].members if member else shape.members)
