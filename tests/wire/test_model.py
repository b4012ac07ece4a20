"""Reading botocore's models."""

import gzip

import orjson
import pytest
from botocore import xform_name

from ingle.wire.behaviour import behaviour_of
from ingle.wire.model import OVERLAYS, UnknownService, data_folder, load_model, method_name
from ingle.wire.routing import served_services


def test_methods_are_named_as_in_boto3() -> None:
    for service in served_services():
        for name in load_model(service).operation_names:
            assert method_name(name) == xform_name(name)
    for name in ("CreateStorediSCSIVolume", "ListHITsForQualificationType", "DescribeACLs"):
        assert method_name(name) == xform_name(name)


@pytest.mark.parametrize("name", ["nobody", "../lambda", "", "lambda/2015-03-31"])
def test_a_service_that_botocore_does_not_have_is_refused(name: str) -> None:
    with pytest.raises(UnknownService, match="botocore has no model"):
        load_model(name)


def test_the_newest_model_is_read() -> None:
    assert load_model("lambda").metadata["apiVersion"] == "2015-03-31"


@pytest.mark.parametrize("overlay", sorted(path.stem for path in OVERLAYS.glob("*.json")))
def test_overlays_change_only_what_the_model_has(overlay: str) -> None:
    newest = max(path for path in (data_folder() / overlay).iterdir() if path.is_dir())
    raw = orjson.loads(gzip.decompress((newest / "service-2.json.gz").read_bytes()))
    changed = orjson.loads((OVERLAYS / f"{overlay}.json").read_bytes())
    for name, changes in changed.get("shapes", {}).items():
        assert name in raw["shapes"]
        for member in changes.get("members", {}):
            assert member in raw["shapes"][name]["members"]


def test_each_service_has_its_ways_and_others_the_usual_ones() -> None:
    assert behaviour_of("iam").validation_code == "ValidationError"
    assert behaviour_of("scheduler").validation_code == "ValidationException"
    for service in served_services():
        assert behaviour_of(service).unknown_route_status in (404, 405)


def test_recursive_shapes_are_one_object() -> None:
    value = load_model("dynamodb").shapes.named("AttributeValue")
    assert value.members["L"].member is value
    assert repr(value) == "<Shape AttributeValue: structure>"
