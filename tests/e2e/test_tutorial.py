"""The README's tutorial, pasted into a terminal."""

import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.server import Server

README = Path(__file__).parents[2] / "README.md"
_PORT = 4566  # as the README prints it
_END = "-- end of block --"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
"""What a terminal shows as a colour, and nobody reads."""


class Terminal:
    """A bash whose output goes to a terminal, as a reader's does.

    Args:
        folder: where it starts, and its home.
    """

    def __init__(self, folder: Path) -> None:
        self._reader, writer = pty.openpty()
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=writer,
            stderr=writer,
            cwd=folder,
            env={
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "HOME": str(folder),
                "TERM": "dumb",
                "COLUMNS": "200",
            },
        )
        os.close(writer)
        self._watchdog = threading.Timer(240, self._bash.kill)
        self._watchdog.start()

    def paste(self, commands: str) -> str:
        """Run commands and return what the terminal showed."""
        assert self._bash.stdin is not None
        self._bash.stdin.write(f"{commands}\necho '{_END}'\n".encode())
        self._bash.stdin.flush()
        shown = b""
        while not shown.endswith(f"{_END}\r\n".encode()):
            try:
                shown += os.read(self._reader, 65536)
            except OSError:  # the terminal is gone
                pytest.fail(f"bash ended after {shown.decode()}")
        return shown.decode().replace("\r\n", "\n").removesuffix(f"{_END}\n")

    def close(self) -> None:
        self._watchdog.cancel()
        assert self._bash.stdin is not None
        self._bash.stdin.close()
        self._bash.wait(10)
        os.close(self._reader)


def steps(markdown: str) -> list[tuple[str, str]]:
    """The tutorial's commands, each with the output that is shown for them or with ""."""
    section = markdown.partition("## Five-minute tutorial\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    found: list[tuple[str, str]] = []
    for language, text in blocks:
        if language == "sh":
            found.append((text, ""))
        else:
            assert language == "text", f"a reader cannot tell what a block of {language} is"
            found[-1] = (found[-1][0], text)
    return found


def pattern(shown: str) -> str:
    """A regular expression for an output in which `…` stands for anything."""
    lines = []
    for line in shown.splitlines():
        if line == "…":
            lines.append(r"(?:.*\n)*?")
            continue
        words = r"\s+".join(re.escape(word) for word in line.split())
        lines.append(r"\s*" + words.replace("…", ".*") + r"\s*?\n")
    return r"\s*".join(lines) + r"\s*"


@pytest.fixture
def port() -> int:
    """A TCP port that is free."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        number: int = sock.getsockname()[1]
        return number


@pytest.fixture
def first_terminal(tmp_path: Path, port: int) -> Iterator[Server]:
    """Runs the server, not started yet, with its data folder where the reader's is."""
    server = Server(tmp_path / ".ingle", "--port", str(port))
    yield server
    if server.running:
        server.stop()


@pytest.fixture
def second_terminal(tmp_path: Path) -> Iterator[Terminal]:
    """Runs all other commands."""
    second = Terminal(tmp_path)
    yield second
    second.close()


def test_the_tutorial_works_when_it_is_pasted(
    first_terminal: Server, second_terminal: Terminal, port: int
) -> None:
    server, terminal = first_terminal, second_terminal
    starts = 0
    for commands, shown in steps(README.read_text("utf-8")):
        if commands == "make serve\n":
            if starts:
                assert server.stop(signal.SIGINT) == 0
            starts += 1
            server.start()
            assert shown == f"ready http://127.0.0.1:{_PORT}\n"
            assert server.endpoint == f"http://127.0.0.1:{port}"
            continue
        output = terminal.paste(commands)
        output = _COLOUR.sub("", output)
        assert re.fullmatch(pattern(shown), output), f"{commands}\nshows\n{output}\nnot\n{shown}"
    assert starts == 2, "the tutorial restarts the server"


def test_an_output_matches_only_what_the_readme_shows() -> None:
    shown = pattern("START RequestId: … end\n…\n  last line\n")
    assert re.fullmatch(shown, "START RequestId: 1-2 end\na\nb\nlast line\n")
    assert re.fullmatch(shown, "START RequestId: 1-2 end\nlast line\n")
    assert not re.fullmatch(shown, "START RequestId: 1-2 end\na\nb\n")
    assert not re.fullmatch(shown, "started\nSTART RequestId: 1-2 end\nlast line\n")
    assert re.fullmatch(pattern(""), "")
    assert not re.fullmatch(pattern(""), "surprise\n")
