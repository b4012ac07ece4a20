import socket
import threading
from contextlib import suppress

import pytest

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
NOWHERE = "http://127.0.0.1:9"


def unreachable(url: str) -> str:
    return f"error: no Ingle answers at {url} — start one with `ingle serve`\n"


@pytest.mark.parametrize(
    "command", [["invoke", "hello"], ["logs", "hello"], ["logs", "-f", "hello"]]
)
def test_where_nothing_listens_the_error_says_what_to_do(run, data_dir, command):
    result = run(*command)
    assert (result.returncode, result.stdout, result.stderr) == (1, "", unreachable(NOWHERE))


def test_the_endpoint_option_beats_the_environment_which_beats_the_folder(run, data_dir):
    environment = KEYS | {"AWS_ENDPOINT_URL": "http://127.0.0.1:8"}
    for_lambda = environment | {"AWS_ENDPOINT_URL_LAMBDA": "http://127.0.0.1:7"}
    by_option = run("invoke", "x", "--endpoint-url", "http://127.0.0.1:6", env=for_lambda)
    assert by_option.stderr == unreachable("http://127.0.0.1:6")
    assert run("invoke", "x", env=for_lambda).stderr == unreachable("http://127.0.0.1:7")
    assert run("invoke", "x", env=environment).stderr == unreachable("http://127.0.0.1:8")
    assert run("invoke", "x").stderr == unreachable(NOWHERE)


def test_a_data_folder_that_was_named_beats_the_environment(run, data_dir):
    environment = KEYS | {"AWS_ENDPOINT_URL": "http://127.0.0.1:8"}
    result = run("invoke", "x", "--data-dir", data_dir, env=environment)
    assert result.stderr == unreachable(NOWHERE)


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(run, data_dir):
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        url = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        result = run("invoke", "x", env={"HTTP_PROXY": url, "http_proxy": url})
        proxy.setblocking(False)
        with pytest.raises(BlockingIOError):
            proxy.accept()
    assert result.stderr == unreachable(NOWHERE)


def test_without_credentials_the_error_says_where_they_come_from(run):
    result = run("invoke", "x", "--endpoint-url", NOWHERE)
    assert result.returncode == 1
    assert result.stderr == (
        'error: Unable to locate credentials — set them with `eval "$(ingle env)"`\n'
    )


@pytest.mark.parametrize(
    "url", ["127.0.0.1:4566", "ftp://127.0.0.1", "http://", "http://[", "http://a:x", "x"]
)
def test_an_address_that_is_none_is_wrong_usage(run, url):
    result = run("invoke", "x", "--endpoint-url", url, env=KEYS)
    assert result.returncode == 2
    assert "is not the address of a server" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\n<h1>",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<h1>",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
    ],
)
def test_what_answers_but_is_no_ingle_is_one_line(run, answer):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):  # the listener is shut down at the end
                while True:
                    connection, _address = listener.accept()
                    with connection:
                        connection.recv(65_536)
                        connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        result = run("logs", "x", "--endpoint-url", url, env=KEYS)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert result.returncode == 1
    assert url in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("event", ["{", "nul", "", "@missing.json", "@."])
def test_an_event_that_is_not_json_is_refused_before_anything_is_sent(run, data_dir, event):
    result = run("invoke", "x", "--event", event)
    assert result.returncode == 2
    assert result.stderr.startswith("error: the event ")
    assert len(result.stderr.splitlines()) == 1


def test_an_event_is_read_from_standard_input(run, data_dir):
    assert "the event is not JSON" in run("invoke", "x", "--event", "-", stdin="{").stderr
    assert run("invoke", "x", "--event", "-", stdin="{}").stderr == unreachable(NOWHERE)


@pytest.mark.parametrize("since", ["", "10", "m", "1y", "-5m", "1h30m"])
def test_a_span_of_time_that_is_none_is_wrong_usage(run, data_dir, since):
    result = run("logs", "x", "--since", since)
    assert result.returncode == 2
    assert result.stderr.endswith("— give one like 90s, 10m, 2h, 7d or 2026-11-21T14:30:00\n")
