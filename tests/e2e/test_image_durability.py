"""What is kept of container images on the disk, and through ends of the server."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import eventually
from tests.e2e.server import Server
from tests.e2e.test_images import Maker
from tests.images.building import Entry, Layout


class Place:
    """A server of the test's own, and the images that it may read."""

    def __init__(self, folder: Path, start: Callable[..., Server]) -> None:
        folder.mkdir()
        self.server = start("--images", str(folder))
        self.layout = Layout(folder / "own")

    def maker(self) -> Maker:
        return Maker(self.server.client("lambda"), self.layout)

    def folders(self, kind: str) -> list[Path]:
        return sorted((self.server.data_dir / "code").glob(f"{kind}-*"))


@pytest.fixture
def place(tmp_path: Path, start_server: Callable[..., Server]) -> Place:
    return Place(tmp_path / "images", start_server)


def code_of(maker: Maker, name: str) -> dict[str, Any]:
    found: dict[str, Any] = maker.client.get_function(FunctionName=name)["Code"]
    return found


def test_an_image_that_is_awaited_when_the_server_is_killed_is_taken_in_afterwards(
    place: Place,
) -> None:
    make = place.maker()
    name = make.begin(make.probe())["FunctionName"]
    place.server.kill()
    place.server.start()
    make = place.maker()
    make.client.get_waiter("function_active_v2").wait(FunctionName=name)
    assert make.ask(name, "answer = 1") == 1
    # The same with an update, under which the old image goes on.
    uri = make.probe(Entry("function/second", b"x"))
    make.client.update_function_code(FunctionName=name, ImageUri=uri)
    place.server.kill()
    place.server.start()
    make = place.maker()
    make.client.get_waiter("function_updated_v2").wait(FunctionName=name)
    assert code_of(make, name)["ImageUri"] == uri
    assert make.ask(name, "answer = os.path.exists('/function/second')") is True
    left = [each.name for each in (place.server.data_dir / "code").iterdir()]
    assert not [each for each in left if each.startswith(".partial-")]


def test_an_image_that_is_gone_before_it_was_taken_in_is_refused(place: Place) -> None:
    make = place.maker()
    name = make.begin(make.probe())["FunctionName"]
    place.server.kill()
    for blob in (place.layout.root / "blobs/sha256").iterdir():
        blob.unlink()
    place.server.start()
    make = place.maker()

    def state() -> dict[str, Any]:
        found: dict[str, Any] = make.client.get_function_configuration(FunctionName=name)
        return found

    eventually(lambda: state()["State"] != "Pending", "it is decided")
    # It may have been unpacked before the kill.
    if state()["State"] != "Active":
        assert state()["StateReasonCode"] == "InvalidImage"
        assert "does not exist. Provide a valid source image." in state()["StateReason"]


def test_images_share_their_layers_and_what_nobody_needs_goes(place: Place) -> None:
    make = place.maker()
    first, second = (make.create(make.probe(Entry(f"function/{name}"))) for name in ("one", "two"))
    roots, layers = place.folders("image"), place.folders("layer")
    assert (len(roots), len(layers)) == (2, 3)
    inodes = {(root / "usr/local/bin").resolve().stat().st_ino for root in roots}
    assert len(inodes) == 2  # folders are each image's own
    inodes = {(root / "function/awslambdaric/__main__.py").stat().st_ino for root in roots}
    assert len(inodes) == 1
    third = make.create(make.probe(Entry("function/two"), Labels={"another": "config"}))
    assert len(place.folders("image")) == 2, "the same layers are the same root"
    make.client.delete_function(FunctionName=first)
    make.client.delete_function(FunctionName=third)
    assert place.server.stop() == 0
    place.server.start()
    assert (len(place.folders("image")), len(place.folders("layer"))) == (1, 2)
    make = place.maker()
    assert make.ask(second, "answer = 'kept'") == "kept"
    make.client.delete_function(FunctionName=second)
    assert place.server.stop() == 0
    place.server.start()
    assert place.folders("image") == place.folders("layer") == []


def test_an_image_s_folder_that_was_removed_is_made_again_from_its_source(place: Place) -> None:
    make = place.maker()
    name = make.create(make.probe())
    assert place.server.stop() == 0
    for each in (place.server.data_dir / "code").iterdir():
        shutil.rmtree(each)
    place.server.start()
    make = place.maker()
    assert make.ask(name, "answer = 'again'") == "again"
