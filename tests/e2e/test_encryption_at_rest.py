"""The environment variables of functions are nowhere in the data folder in the clear."""

import base64
import json
import os
import re
import secrets
import sqlite3
import subprocess

import pytest

from tests.e2e.conftest import ROLE, create, zip_of
from tests.e2e.server import INGLE

SECRET = "a-secret-" + secrets.token_hex(16)
LATER = "another-secret-" + secrets.token_hex(16)
READER = "import os\ndef handler(event, context):\n    return os.environ.get('PASSWORD')\n"


def variables(value):
    return {"Variables": {"PASSWORD": value}}


def holders(folder):
    """The files of a folder, and its log, in which either secret can be found in some form."""
    forms = [
        form
        for secret in (SECRET, LATER)
        for form in (
            secret.encode(),
            secret.encode("utf-16-le"),
            base64.b64encode(secret.encode())[4:-4],
            secret.encode().hex().encode(),
        )
    ]
    files = [path for path in folder.parent.rglob("*") if path.is_file()]
    assert {"ingle.db", "format", "server.log"} <= {path.name for path in files}
    return [path for path in files if any(form in path.read_bytes() for form in forms)]


def answer(functions, name):
    return json.load(functions.invoke(FunctionName=name)["Payload"])


def failed_start(server):
    """Start a server that must refuse to; return what it says."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "INGLE_"))}
    done = subprocess.run(
        [INGLE, "serve", "--port", "0", "--data-dir", str(server.data_dir)],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert "a bug in Ingle" not in done.stderr
    return re.sub(r"\s+", " ", done.stderr)


@pytest.fixture
def filled(start_server):
    """A server with a function, its name, and all that can be done with its variables."""
    server = start_server("--log-level", "debug")
    functions = server.client("lambda")
    name = create(functions, READER, Environment=variables(SECRET))
    functions.publish_version(FunctionName=name)
    functions.update_function_configuration(FunctionName=name, Environment=variables(LATER))
    gone = create(functions, READER, Environment=variables(SECRET))
    functions.delete_function(FunctionName=gone)
    return server, name


def check_readable(server, name):
    functions = server.client("lambda")
    described = functions.get_function_configuration(FunctionName=name)
    assert described["Environment"] == variables(LATER)
    assert answer(functions, name) == LATER
    assert answer(functions, f"{name}:1") == SECRET


def test_no_file_holds_them_not_even_after_kill_9_and_a_restart(filled):
    server, name = filled
    assert holders(server.data_dir) == []
    check_readable(server, name)
    assert holders(server.data_dir) == []
    server.kill()
    assert (server.data_dir / "ingle.db-wal").stat().st_size > 0
    assert holders(server.data_dir) == []
    server.start()
    check_readable(server, name)
    assert server.stop() == 0
    assert holders(server.data_dir) == []


def test_the_key_file_is_the_owner_s_alone_and_stays_the_same(filled):
    server, _ = filled
    path = server.data_dir / "secret.key"
    assert path.stat().st_mode & 0o777 == 0o600
    key = path.read_bytes()
    server.stop()
    server.start()
    assert path.read_bytes() == key
    assert key.splitlines()[-1].decode() not in server.log


def test_a_lost_key_file_is_told_of_and_restoring_it_helps(filled):
    server, name = filled
    server.stop()
    path = server.data_dir / "secret.key"
    backup = path.rename(path.with_name("backup"))
    for _ in range(2):
        said = failed_start(server)
        assert f"The key file {path} is missing" in said
        assert "Restore it from the backup" in said
    backup.rename(path)
    server.start()
    check_readable(server, name)


def test_another_key_file_is_told_of_and_restoring_the_right_one_helps(filled):
    server, name = filled
    server.stop()
    path = server.data_dir / "secret.key"
    right = path.read_bytes()
    path.write_bytes(base64.b64encode(b"w" * 32) + b"\n")
    said = failed_start(server)
    assert f"function:{name}" in said
    assert f"the key file {path} does not hold" in said
    assert "Restore the key file from the backup" in said
    path.write_bytes(right[:-8])
    assert f"The key file {path} is damaged" in failed_start(server)
    path.write_bytes(right)
    server.start()
    check_readable(server, name)


def test_a_key_can_be_replaced(filled):
    server, name = filled
    server.stop()
    path = server.data_dir / "secret.key"
    new = base64.b64encode(b"n" * 32) + b"\n"
    path.write_bytes(path.read_bytes() + new)
    server.start()
    check_readable(server, name)
    server.stop()
    path.write_bytes(new)
    server.start()
    check_readable(server, name)
    assert holders(server.data_dir) == []


def test_a_folder_of_an_older_ingle_is_encrypted_at_the_first_start(filled):
    server, name = filled
    server.stop()
    with sqlite3.connect(server.data_dir / "ingle.db") as database:
        for table, value in (("lambda_functions", LATER), ("lambda_versions", SECRET)):
            database.execute(
                f"UPDATE {table} SET environment = ?", [json.dumps({"PASSWORD": value})]
            )
    database.close()
    (server.data_dir / "format").write_text("1\n")
    (server.data_dir / "secret.key").unlink()
    assert {path.name for path in holders(server.data_dir)} == {"ingle.db"}
    server.start()
    assert holders(server.data_dir) == []
    check_readable(server, name)
    server.kill()
    assert holders(server.data_dir) == []
    server.start()
    check_readable(server, name)


def test_a_key_of_kms_is_refused_by_name(functions):
    with pytest.raises(functions.exceptions.InvalidParameterValueException, match="KMSKeyArn"):
        functions.create_function(
            FunctionName="with-kms",
            Role=ROLE,
            Runtime="python3.11",
            Handler="app.handler",
            Code={"ZipFile": zip_of(app=READER)},
            KMSKeyArn="arn:aws:kms:us-east-1:000000000000:key/055efbb4-0000-4336-ba9c-538c7d31f599",
        )
