import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.cli.handlers import FUNCTIONS, MODULES, guess_handler


@pytest.mark.parametrize(
    "source",
    [
        b"def handler(event, context): pass",
        b"async def handler(event, context): pass",
        b"handler = print",
        b"handler: object = print",
        b"from elsewhere import handler",
        b"from elsewhere import other as handler",
        b"# -*- coding: latin-1 -*-\n# \xe9\ndef handler(event, context): pass",
        b"\xef\xbb\xbfdef handler(event, context): pass",
    ],
)
def test_a_handler_is_found_however_it_is_defined(source):
    assert guess_handler({"app.py": source}) == "app.handler"


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"def other(): pass",
        b"class A:\n    def handler(self): pass",
        b"def a():\n    def handler(): pass",
        b"handler: object",
        b"# def handler(): pass",
        b"'''\ndef handler(): pass\n'''",
        b"def handler(:",
        b"\0",
        b"\xff",
    ],
)
def test_what_is_no_handler_is_not_taken_for_one(source):
    assert guess_handler({"app.py": source}) is None


def test_a_single_file_may_have_any_name():
    assert guess_handler({"hello.py": b"def lambda_handler(e, c): pass"}) == "hello.lambda_handler"


def test_among_several_files_only_the_usual_names_count():
    source = b"def handler(e, c): pass"
    assert guess_handler({"util.py": source, "other.py": source}) is None
    assert guess_handler({"util.py": source, "main.py": source}) == "main.handler"


def test_a_file_that_cannot_be_parsed_does_not_hide_another():
    sources = {"lambda_function.py": b"print 'old'", "app.py": b"def handler(e, c): pass"}
    assert guess_handler(sources) == "app.handler"


@given(
    st.dictionaries(
        st.sampled_from([*MODULES, "util"]),
        st.sets(st.sampled_from([*FUNCTIONS, "other"])),
        min_size=2,
    )
)
def test_the_first_usual_name_wins(defined):
    sources = {
        f"{module}.py": "\n".join(f"def {name}(e, c): pass" for name in sorted(names)).encode()
        for module, names in defined.items()
    }
    candidates = [
        f"{module}.{function}"
        for module in MODULES
        for function in FUNCTIONS
        if function in defined.get(module, ())
    ]
    assert guess_handler(sources) == (candidates[0] if candidates else None)


@given(st.binary(max_size=200))
def test_no_content_makes_it_fail(content):
    guess = guess_handler({"app.py": content})
    assert guess is None or not keyword.iskeyword(guess)
