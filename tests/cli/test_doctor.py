import json
import socket
import threading

import pytest


def checks_of(result):
    return {check["name"]: check for check in json.loads(result.stdout)["checks"]}


def test_every_check_says_what_was_found(run):
    result = run("doctor", "--port", "0", "--format", "json")
    checks = checks_of(result)
    assert {"system", "sqlite", "data folder", "disk", "port", "interpreters"} < set(checks)
    assert {"boto3", "open files"} < set(checks)
    for check in checks.values():
        assert check["state"] in ("ok", "weak", "missing")
        assert check["detail"]
        assert bool(check["advice"]) == (check["state"] != "ok")
    can_run = all(check["state"] != "missing" for check in checks.values())
    assert json.loads(result.stdout)["can_run"] is can_run
    assert result.returncode == (0 if can_run else 1)


def test_the_table_holds_the_same_checks(run):
    names = set(checks_of(run("doctor", "--port", "0", "--format", "json")))
    lines = run("doctor", "--port", "0").stdout.splitlines()
    assert all(any(line.startswith(name) for line in lines) for name in names)


def test_looking_leaves_nothing_behind(run, tmp_path):
    before = sorted(tmp_path.iterdir())
    run("doctor", "--port", "0")
    assert sorted(tmp_path.iterdir()) == before


def test_a_data_folder_that_cannot_be_written_to_is_missing(run, tmp_path):
    (tmp_path / "file").touch()
    result = run("doctor", "--data-dir", "file/below", "--port", "0", "--format", "json")
    assert result.returncode == 1
    check = checks_of(result)["data folder"]
    assert (check["state"], check["advice"]) == ("missing", "choose another one with --data-dir")


@pytest.mark.parametrize(
    ("body", "state"), [(b'{"status": "running"}', "ok"), (b"[]", "weak"), (b"hello", "weak")]
)
def test_what_holds_the_port_is_told_from_ingle(run, body, state):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve_one() -> None:
            connection, _address = listener.accept()
            with connection:
                assert connection.recv(65_536).startswith(b"GET /_ingle/health ")
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b"
                    % (len(body), body)
                )

        thread = threading.Thread(target=serve_one)
        thread.start()
        port = listener.getsockname()[1]
        result = run("doctor", "--port", str(port), "--format", "json")
        thread.join()
    check = checks_of(result)["port"]
    assert check["state"] == state
    assert f"127.0.0.1:{port}" in check["detail"]
