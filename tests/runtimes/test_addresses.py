"""Where a sandbox finds the Runtime API."""

from pathlib import Path

from ingle.runtimes.python.addresses import api_address
from ingle.runtimes.python.supervisor import extensions_in


def test_the_runtime_api_is_where_aws_has_it() -> None:
    assert api_address(4566) == "127.0.0.1:9001"


def test_it_gives_way_to_a_server_at_that_port() -> None:
    assert api_address(9001) == "127.0.0.1:9002"


def test_extensions_are_the_files_of_a_folder_and_nothing_below(tmp_path: Path) -> None:
    (tmp_path / "second").touch()
    (tmp_path / "first").touch()
    (tmp_path / "link").symlink_to("first")
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "third").touch()
    assert extensions_in(str(tmp_path)) == ["first", "link", "second"]
    assert extensions_in(str(tmp_path / "none")) == []
    assert extensions_in(str(tmp_path / "first")) == []
