"""Settings that change what a container image is run with, or in."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.server import Server
from tests.e2e.test_images import Maker
from tests.images.building import Entry, Layout

ARN = "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-00000000000000009"
OWNER = 54_321


@pytest.mark.parametrize("own", [Entry("mnt/own", b"x"), Entry("mnt", b"a file")])
def test_a_file_system_is_mounted_over_what_an_image_has_there(
    own: Entry, start_server: Callable[..., Server], tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(shared, OWNER, OWNER)
    told = json.dumps({ARN: {"folder": str(shared)}})
    (tmp_path / "images").mkdir()
    server = start_server("--images", str(tmp_path / "images"), "--file-systems", told)
    make = Maker(server.client("lambda"), Layout(tmp_path / "images" / "layout"))
    uri = make.probe(own)
    name = make.create(uri, FileSystemConfigs=[{"Arn": ARN, "LocalMountPath": "/mnt/data"}])
    make.ask(name, "open('/mnt/data/note', 'w').write('kept'); answer = None")
    assert (shared / "note").read_text() == "kept"
    assert make.ask(name, "answer = os.listdir('/mnt')") == ["data"]
    without = make.create(uri)
    assert make.ask(without, "answer = os.listdir('/mnt')") == (["own"] if "/" in own.name else [])


def test_an_image_can_be_of_a_durable_function(
    start_server: Callable[..., Server], tmp_path: Path
) -> None:
    (tmp_path / "images").mkdir()
    server = start_server("--images", str(tmp_path / "images"))
    make = Maker(server.client("lambda"), Layout(tmp_path / "images" / "layout"))
    name = make.create(make.probe(), DurableConfig={"ExecutionTimeout": 60})
    found = make.client.get_function_configuration(FunctionName=name)
    assert found["DurableConfig"]["ExecutionTimeout"] == 60
