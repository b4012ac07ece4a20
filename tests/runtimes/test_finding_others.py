"""Python 2.7 and Ruby, and where Python 3 is besides `tests/runtimes/test_discovery.py`."""

import pytest

from ingle.runtimes.finders import python, python2, ruby
from ingle.runtimes.interpreter import Installation
from tests.runtimes import pretenders


@pytest.mark.parametrize(
    ("finder", "place"),
    [
        (python, ".pyenv/versions/3.11.1"),
        (python, ".local/share/uv/python/cpython-3.11.1-linux-x86_64-gnu"),
        (python, ".asdf/installs/python/3.11.1"),
        (python, ".local/share/mise/installs/python/3.11.1"),
        (python2, ".pyenv/versions/2.7.18"),
        (python2, ".asdf/installs/python/2.7.18"),
        (ruby, ".rbenv/versions/3.3.1"),
        (ruby, ".rvm/rubies/ruby-3.3.1"),
        (ruby, ".rubies/ruby-3.3.1"),
        (ruby, ".asdf/installs/ruby/3.3.1"),
        (ruby, ".local/share/mise/installs/ruby/3.3.1"),
    ],
)
def test_version_managers_keep_them_below_the_home_folder(home, finder, place):
    folder = home / place / "bin"
    folder.mkdir(parents=True)
    assert folder in list(finder.folders())


def python2_saying(path, said):
    return pretenders.executable(path, f"#!/bin/sh\necho '{said}'\n")


def test_a_python_2_tells_what_it_is(tmp_path):
    path = tmp_path / "bin" / "python2.7"
    said = f'{{"cpython": true, "version": [2, 7, 18], "executable": "{path}", "prefix": "/usr"}}'
    found = python2.probe(python2_saying(path, said))
    assert found is not None
    assert (found.language, found.release, found.version) == ("python2", (2, 7, 18), "2.7.18")
    assert (found.executable, str(found.prefix)) == (path, "/usr")


@pytest.mark.parametrize(
    "said",
    [
        "",
        "{}",
        '{"cpython": false, "version": [2, 7, 18], "executable": "/bin/sh", "prefix": "/usr"}',
        '{"cpython": true, "version": [2, 7, 18], "executable": "/nowhere", "prefix": "/usr"}',
        '{"cpython": true, "version": [2, 7], "executable": "/bin/sh", "prefix": "/usr"}',
    ],
)
def test_what_is_no_cpython_2_counts_as_absent(tmp_path, said):
    assert python2.probe(python2_saying(tmp_path / "python2", said)) is None


def test_only_these_names_may_be_a_python_2():
    assert [n for n in ("python", "python2", "python2.7", "python2.6", "python3", "python2-config")
            if python2.NAME.fullmatch(n)] == ["python2", "python2.7"]  # fmt: skip


def test_a_ruby_tells_what_it_is(tmp_path):
    made = pretenders.ruby(tmp_path, "3.3.1")
    assert ruby.probe(made) == Installation("ruby", (3, 3, 1), "3.3.1", made, tmp_path)


@pytest.mark.parametrize(
    ("version", "patch", "engine"),
    [("3.4.0", "-1", "ruby"), ("3.4.0", "100", "jruby"), ("3.4.0dev", "100", "ruby")],
)
def test_a_preview_and_another_kind_of_ruby_count_as_absent(tmp_path, version, patch, engine):
    assert ruby.probe(pretenders.ruby(tmp_path, version, patch, engine)) is None


def test_only_these_names_may_be_a_ruby():
    names = ("ruby", "ruby3.1", "ruby-3.1", "ruby31", "rubyc", "ruby-build", "irb", "erb")
    assert [n for n in names if ruby.NAME.fullmatch(n)] == [
        "ruby",
        "ruby3.1",
        "ruby-3.1",
        "ruby31",
    ]
