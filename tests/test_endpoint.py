import pytest

from ingle.endpoint import Endpoint

NOTE = Endpoint("http://127.0.0.1:4566", "us-east-1", "000000000000", 4711)


def test_what_is_written_is_read_back(tmp_path):
    NOTE.write(tmp_path)
    assert Endpoint.read(tmp_path) == NOTE
    assert [file.name for file in tmp_path.iterdir()] == ["server.json"]


def test_a_folder_without_a_note_says_so(tmp_path):
    with pytest.raises(FileNotFoundError):
        Endpoint.read(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"endpoint": 1', '{"pid": "x"}', "null"])
def test_a_damaged_note_is_refused(tmp_path, content):
    (tmp_path / "server.json").write_text(content)
    with pytest.raises(ValueError):
        Endpoint.read(tmp_path)
