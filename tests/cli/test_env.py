import json
import shlex
import subprocess

import pytest

EXPECTED = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "it's%(a)s$secret/+=",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_REGION": "eu-west-1",
}


def test_a_shell_takes_the_settings_as_they_are(run, data_dir):
    script = run("env").stdout + "\nenv -0"
    output = subprocess.run(["sh", "-c", script], capture_output=True, check=True, text=True)
    variables = dict(entry.split("=", 1) for entry in output.stdout.split("\0") if entry)
    assert {name: variables.get(name) for name in EXPECTED} == EXPECTED


def test_json_holds_the_same_settings(run, data_dir):
    assert json.loads(run("env", "--format", "json").stdout) == EXPECTED


def test_the_data_folder_can_be_named(run, data_dir, tmp_path):
    elsewhere = data_dir.rename(tmp_path / "else where")
    assert run("env", "--data-dir", elsewhere).returncode == 0
    assert run("env", env={"INGLE_DATA_DIR": str(elsewhere)}).returncode == 0
    assert run("env").returncode == 1


def test_what_would_be_mixed_up_with_the_key_pair_is_taken_away(run, data_dir):
    result = run("env", env={"AWS_SESSION_TOKEN": "x", "AWS_PROFILE": "work"})
    assert shlex.split(result.stdout.splitlines()[-1]) == [
        "unset",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
    ]


def test_where_no_server_has_run_the_error_says_what_to_do(run):
    result = run("env")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        "error: no Ingle has run on the data folder .ingle — start one with `ingle serve`, "
        "or name another folder with --data-dir\n"
    )


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("server.json", "{"),
        ("credentials", "[default]\nsecret without equals sign"),
        ("credentials", "[other]\naws_access_key_id = secret\n"),
        ("credentials", "[default]\naws_secret_access_key = secret\n"),
    ],
)
def test_a_damaged_data_folder_is_one_line_without_secrets(run, data_dir, file, content):
    (data_dir / file).write_text(content)
    result = run("env")
    assert (result.returncode, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1
    assert str(data_dir.name) in result.stderr
    assert "secret" not in result.stderr


def test_missing_credentials_are_named(run, data_dir):
    (data_dir / "credentials").unlink()
    result = run("env")
    assert result.returncode == 1
    assert "holds no credentials" in result.stderr


def test_another_account_has_a_key_pair_of_its_own(run, data_dir):
    file = data_dir / "credentials"
    text = "\n[111111111111]\naws_access_key_id = AKOTHER\naws_secret_access_key = other\n"
    file.write_text(file.read_text() + text)
    settings = json.loads(run("env", "--format", "json", "--account", "111111111111").stdout)
    assert settings == EXPECTED | {
        "AWS_ACCESS_KEY_ID": "AKOTHER",
        "AWS_SECRET_ACCESS_KEY": "other",
    }
    missing = run("env", "--account", "222222222222")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "ingle account create 222222222222" in missing.stderr
