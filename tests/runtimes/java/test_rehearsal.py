"""What a runtime does before it is told what it runs."""

import pytest

from ingle.runtimes.python import frames


@pytest.mark.parametrize("rehearsed", [True, False])
def test_it_rehearses_unless_a_function_is_waiting(bring_up, put, tmp_path, rehearsed):
    put("functions")
    runtime = bring_up(f"-Xlog:class+load:file={tmp_path}/loaded")
    handler = "example.Interfaces$Hello"
    assert runtime.initialise(handler, rehearsed=rehearsed) == (frames.READY, None)
    assert runtime.invoke({"name": "Ann"}).value == "Hello, Ann!"
    loaded = (tmp_path / "loaded").read_text()
    assert (" ingle.rehearsal.Usual " in loaded) == rehearsed


def test_what_it_rehearses_is_not_in_the_log(start):
    runtime = start("example.Interfaces$Hello")
    assert runtime.invoke({"name": "Ann"}).value == "Hello, Ann!"
    assert runtime.events() == []


def test_after_it_no_functions_as_values_are_made_for_the_first_time(bring_up, put, tmp_path):
    put("functions")
    runtime = bring_up(f"-Xlog:class+load:file={tmp_path}/loaded")
    runtime.rehearse()
    before = len((tmp_path / "loaded").read_text().splitlines())
    assert runtime.initialise("example.Warmth::use") == (frames.READY, None)
    assert runtime.invoke({"a": 1}).value == "1 [a]"
    after = (tmp_path / "loaded").read_text().splitlines()[before:]
    names = [line.split("] ")[-1].split(" ")[0] for line in after]
    of_java = [name for name in names if name.startswith(("java.", "jdk.", "sun."))]
    assert "java.lang.invoke.InnerClassLambdaMetafactory" not in of_java
    assert len(of_java) < 20, of_java
