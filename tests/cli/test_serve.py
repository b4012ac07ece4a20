import socket

import pytest


def only_line(result):
    (line,) = result.stderr.splitlines()
    return line


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ["--port", "http"],
            "error: --port (the command line): 'http' is not allowed; it takes a whole number "
            "from 0 to 65535 — see `ingle serve --help`",
        ),
        (
            ["--account-id", "12"],
            "error: --account-id (the command line): '12' is not allowed; it takes twelve digits "
            "— see `ingle serve --help`",
        ),
        (
            ["--config", "none.toml"],
            "error: --config (none.toml): No such file or directory; name a TOML file "
            "— see `ingle serve --help`",
        ),
        (
            ["--images", "/nothing/there"],
            "error: images: /nothing/there is not a folder — make it, or name another",
        ),
        (
            ["--images", "/", "--data-dir", "/nothing/data"],
            "error: images: / holds the data folder /nothing/data — name a folder with nothing but "
            "images in it",
        ),
    ],
)
def test_a_bad_setting_is_wrong_usage(run, arguments, expected):
    result = run("serve", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert only_line(result) == expected


def test_a_bad_variable_is_wrong_usage(run):
    result = run("serve", env={"INGLE_PROT": "1"})
    assert result.returncode == 2
    assert "INGLE_PROT (the environment): no such setting; did you mean INGLE_PORT?" in only_line(
        result
    )


def test_a_port_that_is_taken_is_named_with_what_to_do(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--port", str(port))
    assert result.returncode == 1
    assert only_line(result) == (
        f"error: 127.0.0.1:{port} is taken by another program — stop it, or choose another port "
        "with --port (0 takes any free one)"
    )


def test_an_address_that_is_not_this_machines_is_named(run):
    result = run("serve", "--host", "192.0.2.1", "--port", "0")  # TEST-NET-1 belongs to nobody
    assert result.returncode == 1
    assert only_line(result) == (
        "error: this machine has no address 192.0.2.1 — choose another --host"
    )


def test_a_folder_with_other_things_in_it_is_not_taken_as_a_data_folder(run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    result = run("serve", "--data-dir", "mine", "--port", "0")
    assert result.returncode == 1
    assert "letter.txt" in only_line(result)
    assert [file.name for file in (tmp_path / "mine").iterdir()] == ["letter.txt"]
