import pytest

UNREACHABLE = "error: no Ingle answers at http://127.0.0.1:9 — start one with `ingle serve`\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("missing", "missing does not exist — name a folder, a .py file or a .zip"),
        ("notes.txt", "notes.txt is not something to deploy — name a folder, a .py file or a .zip"),
    ],
)
def test_what_cannot_be_deployed_is_wrong_usage(run, data_dir, tmp_path, source, expected):
    (tmp_path / "notes.txt").touch()
    result = run("deploy", source)
    assert (result.returncode, result.stderr) == (2, f"error: {expected}\n")


@pytest.mark.parametrize("pair", ["KEY", "=value", "1KEY=value", "K=v", "A B=c"])
def test_a_variable_that_is_none_is_refused_without_its_value(run, data_dir, tmp_path, pair):
    (tmp_path / "app.py").touch()
    result = run("deploy", "app.py", "--env", pair)
    assert result.returncode == 2
    assert "give it like --env KEY=VALUE" in result.stderr
    assert "value" not in result.stderr.replace("KEY=VALUE", "")


def test_a_folder_in_a_shell_without_a_server_says_what_to_do(run, data_dir, tmp_path):
    (tmp_path / "app.py").write_text("def handler(event, context): pass")
    assert run("deploy", "app.py").stderr == UNREACHABLE
