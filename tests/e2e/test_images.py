"""Functions whose code is a container image."""

import base64
import json
import shutil
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ROLE, RUNTIME, eventually, refusal, zip_of
from tests.e2e.extensions import OBSERVER
from tests.images.building import (
    TAR,
    Entry,
    Layout,
    digest,
    docker_archive,
    folder,
    link,
    oci_archive,
    program,
    tar,
)
from tests.images.roots import python_layer, shell_layer

ECR = "000000000000.dkr.ecr.us-east-1.amazonaws.com"
CLIENT = ["/usr/local/bin/python", "-m", "awslambdaric"]
RUN = {"Entrypoint": CLIENT, "Cmd": ["app.handler"], "WorkingDir": "/function"}
# Runs what the event says, and answers what that gives.
PROBE = """
import os, sys

def handler(event, context):
    scope = {"event": event, "context": context, "os": os, "sys": sys}
    exec(event["code"], scope)
    return scope["answer"]

def other(event, context):
    return ["other", event]
"""


@pytest.fixture(scope="session")
def layout(images: Path) -> Layout:
    """The layout that holds the images of these tests."""
    return Layout(images / "probe")


class Maker:
    """Makes functions of images.

    Args:
        client: a Lambda client.
        layout: what images are put into.
    """

    def __init__(self, client: Any, layout: Layout) -> None:
        self.client = client
        self.layout = layout
        self.made: list[str] = []

    def uri(self, *layers: bytes, **config: Any) -> str:
        """Put an image into the layout; return its name."""
        tag = uuid.uuid4().hex[:12]
        self.layout.tag(self.layout.image(layers, config, compression="none"), tag)
        return f"oci:{self.layout.root}:{tag}"

    def probe(self, *entries: Entry, **config: Any) -> str:
        """Put an image with Python and a probe into the layout; return its name."""
        app = tar([Entry("function/app.py", PROBE.encode()), *entries])
        return self.uri(python_layer(), app, **{**RUN, **config})

    def begin(self, uri: str, **settings: Any) -> dict[str, Any]:
        """Create a function, and wait for nothing."""
        name = f"i-{uuid.uuid4().hex[:12]}"
        answer: dict[str, Any] = self.client.create_function(
            FunctionName=name,
            Role=ROLE,
            PackageType="Image",
            Code={"ImageUri": uri},
            **{"Timeout": 20, "MemorySize": 512, **settings},
        )
        self.made.append(name)
        return answer

    def create(self, uri: str, **settings: Any) -> str:
        """Create a function, wait until it can be invoked, and return its name."""
        name = str(self.begin(uri, **settings)["FunctionName"])
        self.client.get_waiter("function_active_v2").wait(FunctionName=name)
        return name

    def ask(self, name: str, code: str, **settings: Any) -> Any:
        """Have a probe run code, and return what it calls `answer`."""
        event = json.dumps({"code": code}).encode()
        response = self.client.invoke(FunctionName=name, Payload=event, **settings)
        answer = json.loads(response["Payload"].read())
        assert "FunctionError" not in response, answer
        return answer

    def fail(self, name: str) -> tuple[dict[str, Any], str]:
        """Invoke a function that fails; return its answer and its log."""
        response = self.client.invoke(FunctionName=name, LogType="Tail")
        assert response["FunctionError"] == "Unhandled"
        log = base64.b64decode(response["LogResult"]).decode()
        return json.loads(response["Payload"].read()), log


@pytest.fixture
def make(functions: Any, layout: Layout) -> Any:
    maker = Maker(functions, layout)
    yield maker
    for name in maker.made:
        functions.delete_function(FunctionName=name)


@pytest.fixture(scope="module")
def probe(functions: Any, layout: Layout) -> Any:
    """A function that does what it is told, for tests that only ask."""
    maker = Maker(functions, layout)
    name = maker.create(
        maker.probe(Env=["COLOR=blue", "SIZE=1", "PATH=/usr/local/bin", "AWS_REGION=mine"]),
        Environment={"Variables": {"SIZE": "2"}},
        EphemeralStorage={"Size": 600},
    )
    yield lambda code: maker.ask(name, code)
    functions.delete_function(FunctionName=name)


def test_an_image_s_function_is_pending_first_and_then_runs(make: Maker) -> None:
    uri = make.probe()
    made = make.begin(uri)
    name, sha256 = made["FunctionName"], make.layout.manifests[-1]["digest"].partition(":")[2]
    assert (made["State"], made["StateReasonCode"]) == ("Pending", "Creating")
    assert made["StateReason"] == "The function is being created."
    assert (made["PackageType"], made["CodeSize"], made["CodeSha256"]) == ("Image", 0, sha256)
    assert made["ImageConfigResponse"] == {}
    assert not {"Runtime", "Handler", "RuntimeVersionConfig", "Layers"} & set(made)
    make.client.get_waiter("function_active_v2").wait(FunctionName=name)
    found = make.client.get_function(FunctionName=name)
    assert found["Configuration"]["State"] == "Active"
    assert found["Code"] == {
        "RepositoryType": "ECR",
        "ImageUri": uri,
        "ResolvedImageUri": f"oci:{make.layout.root}@sha256:{sha256}",
    }
    assert make.ask(name, "answer = [event['code'][:6], os.getcwd()]") == ["answer", "/function"]


def test_variables_are_the_image_s_the_function_s_and_aws_s_in_this_order(probe: Any) -> None:
    variables = probe("answer = dict(os.environ)")
    chosen = {name: variables[name] for name in ("COLOR", "SIZE", "PATH", "AWS_REGION", "_HANDLER")}
    assert chosen == {
        "COLOR": "blue",
        "SIZE": "2",
        "PATH": "/usr/local/bin",
        "AWS_REGION": "us-east-1",
        "_HANDLER": "",
    }
    assert variables["AWS_EXECUTION_ENV"] == "AWS_Lambda_Image"
    assert variables["LAMBDA_TASK_ROOT"] == "/var/task"
    assert not {"LANG", "LD_LIBRARY_PATH", "PYTHONPATH"} & set(variables)


def test_the_image_is_the_root_and_nothing_of_the_machine_is_there(probe: Any) -> None:
    assert set(probe("answer = os.listdir('/')")) <= {
        *("dev", "etc", "function", "lib", "lib64", "mnt", "opt", "proc", "root", "tmp", "usr")
    }
    assert probe("answer = sorted(os.listdir('/etc'))") == ["hosts", "resolv.conf"]
    mounts = probe("answer = [line.split()[4] for line in open('/proc/self/mountinfo')]")
    assert sorted(mounts) == sorted(
        ["/", "/dev", "/etc/hosts", "/etc/resolv.conf", "/proc", "/tmp"]
    ) or {"/dev/null", "/dev/zero"} <= set(mounts)
    assert "sandbox.localdomain" in probe("answer = open('/etc/hosts').read()")


def test_only_tmp_can_be_written_and_is_as_large_as_configured(probe: Any) -> None:
    written = probe(
        """
answer = {}
for place in ("/", "/function", "/etc/hosts", "/dev", "/usr/local/bin", "/opt", "/tmp"):
    try:
        path = place if os.path.isfile(place) else place + "/new"
        open(path, "w").close()
        answer[place] = "written"
    except OSError as error:
        answer[place] = error.strerror
"""
    )
    assert written.pop("/tmp") == "written"
    assert set(written.values()) <= {"Read-only file system", "Permission denied"}
    size = probe("s = os.statvfs('/tmp'); answer = s.f_blocks * s.f_frsize")
    assert 580 << 20 < size <= 640 << 20


def test_the_user_is_nobody_whatever_the_image_says(make: Maker) -> None:
    name = make.create(make.probe(User="0:0"))
    assert make.ask(name, "answer = os.getuid() != 0 or os.getpid() > 0") is True
    status = make.ask(name, "answer = open('/proc/self/status').read()")
    assert "CapEff:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    devices = make.ask(name, "answer = sorted(os.listdir('/dev'))")
    assert devices == [
        "fd",
        "full",
        "null",
        "random",
        "stderr",
        "stdin",
        "stdout",
        "urandom",
        "zero",
    ]
    assert make.ask(name, "open('/dev/null', 'w').write('x'); answer = 1") == 1


def test_image_config_takes_the_place_of_the_image_s_own(make: Maker) -> None:
    uri = make.probe(
        Entry("elsewhere/app.py", b"def handler(event, context):\n    return 'elsewhere'\n")
    )
    name = make.create(uri, ImageConfig={"Command": ["app.other"]})
    client = make.client

    def answer() -> Any:
        return json.loads(client.invoke(FunctionName=name, Payload=b"7")["Payload"].read())

    found = client.get_function_configuration(FunctionName=name)
    assert found["ImageConfigResponse"] == {"ImageConfig": {"Command": ["app.other"]}}
    assert answer() == ["other", 7]
    config = {
        "EntryPoint": ["python", "-m", "awslambdaric"],
        "Command": ["app.handler"],
        "WorkingDirectory": "/elsewhere",
    }
    updated = client.update_function_configuration(
        FunctionName=name,
        ImageConfig=config,
        Environment={"Variables": {"PYTHONPATH": "/function", "PATH": "/nothing:/usr/local/bin"}},
    )
    assert updated["ImageConfigResponse"] == {"ImageConfig": config}
    assert answer() == "elsewhere"
    updated = client.update_function_configuration(FunctionName=name, ImageConfig={})
    assert updated["ImageConfigResponse"] == {}
    assert make.ask(name, "answer = os.getcwd()") == "/function"


def test_archives_and_names_of_ecr_are_taken_too(make: Maker, images: Path) -> None:
    app = tar([Entry("function/app.py", PROBE.encode())])
    place = f"a{uuid.uuid4().hex[:8]}"
    layout = Layout(images / "team" / place)
    layout.tag(layout.image([python_layer(), app], RUN, compression="none"), "v1")
    (images / "archives").mkdir(exist_ok=True)
    archive = oci_archive(layout.root, images / "archives" / f"{place}.tar")
    saved = images / "archives" / f"{place}-saved.tar"
    identity = docker_archive(saved, [python_layer(), app], RUN, ["probe:v1"])
    manifest = layout.manifests[0]["digest"]
    for uri, resolved in (
        (f"{ECR}/team/{place}:v1", f"{ECR}/team/{place}@{manifest}"),
        (f"oci-archive:{archive}:v1", f"oci-archive:{archive}@{manifest}"),
        (f"docker-archive:{saved}:probe:v1", f"docker-archive:{saved}@{identity}"),
    ):
        name = make.create(uri)
        code = make.client.get_function(FunctionName=name)["Code"]
        assert (code["ImageUri"], code["ResolvedImageUri"]) == (uri, resolved)
        assert make.ask(name, "answer = 'yes'") == "yes"


def test_what_is_no_image_to_take_is_refused_in_aws_s_words(make: Maker, tmp_path: Path) -> None:
    layout = make.layout
    helm = layout.image([tar([])])
    path = layout.root / "blobs" / helm["digest"].replace(":", "/")
    manifest = json.loads(path.read_bytes())
    manifest["layers"][0]["mediaType"] = f"{TAR}+rar"
    tag = uuid.uuid4().hex
    layout.tag(layout.document(manifest, helm["mediaType"]), tag)
    missing, unsupported = f"oci:{layout.root}:nothing", f"oci:{layout.root}:{tag}"
    for uri, text in (
        (missing, f"Source image {missing} does not exist. Provide a valid source image."),
        (
            unsupported,
            "The image manifest, config or layer media type for the source image "
            f"{unsupported} is not supported.",
        ),
        ("hello:v1", "Source image hello:v1 is not valid. Provide a valid source image. ("),
        (f"oci:{tmp_path}", f"Source image oci:{tmp_path} is not valid."),
        (f"{ECR}/../x:v1", "is not valid. Provide a valid source image."),
    ):
        status, code, message = refusal(make.begin, uri=uri)
        assert (status, code) == (400, "InvalidParameterValueException")
        assert text in message


def test_package_types_do_not_mix(make: Maker, functions: Any) -> None:
    uri = make.probe()
    image = {"Code": {"ImageUri": uri}, "PackageType": "Image"}
    zipped = {"Code": {"ZipFile": zip_of(app="def handler(e, c): pass")}}
    python = {"Runtime": RUNTIME, "Handler": "app.handler"}
    layer = {"Layers": ["arn:aws:lambda:us-east-1:000000000000:layer:x:1"]}
    both = {"Code": image["Code"] | zipped["Code"], "PackageType": "Image"}
    signing = "arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-0123456789abcdef0"
    handler = "Please don't provide Handler or Runtime or Layer when the intended function"
    for members, text in (
        (image | {"Runtime": RUNTIME}, handler),
        (image | {"Handler": "app.handler"}, handler),
        (image | layer, "Lambda layers are not supported for functions created with container"),
        (image | {"SnapStart": {"ApplyOn": "PublishedVersions"}}, "SnapStart"),
        (image | {"CodeSigningConfigArn": signing}, "Code signing is not supported"),
        (both, "Please do not provide other FunctionCode parameters when providing an ImageUri."),
        (zipped | {"PackageType": "Image"}, "Please provide a source for function code."),
        (python | {"Code": image["Code"]}, "Please provide a source for function code."),
        (python | zipped | {"ImageConfig": {"Command": ["x"]}}, "Please don't provide ImageConfig"),
        ({"Code": image["Code"]}, "Runtime and Handler are mandatory parameters"),
    ):
        status, code, message = refusal(
            functions.create_function, FunctionName="mixed", Role=ROLE, **members
        )
        assert (status, code) == (400, "InvalidParameterValueException")
        assert text in message
    name = make.create(uri)
    plain = make.client.create_function(
        FunctionName=f"z-{uuid.uuid4().hex}", Role=ROLE, **python, **zipped
    )["FunctionName"]
    make.made.append(plain)
    for call, members, text in (
        ("code", {"FunctionName": name, "ZipFile": b"x"}, "Please provide ImageUri when updating"),
        ("code", {"FunctionName": plain, "ImageUri": uri}, "Please don't provide ImageUri when up"),
        ("configuration", {"FunctionName": name, "Handler": "a.b"}, handler),
        ("configuration", {"FunctionName": name, **layer}, "Lambda layers are not supported"),
        ("configuration", {"FunctionName": plain, "ImageConfig": {"Command": ["x"]}}, "ImageConf"),
    ):
        status, code, message = refusal(getattr(functions, f"update_function_{call}"), **members)
        assert (status, code) == (400, "InvalidParameterValueException")
        assert text in message
    refused = refusal(
        functions.put_runtime_management_config, FunctionName=name, UpdateRuntimeOn="Auto"
    )
    assert "Runtime management is not supported for functions created with" in refused[2]
    too_many = {"EntryPoint": ["x"] * 1501}
    refused = refusal(
        functions.update_function_configuration, FunctionName=name, ImageConfig=too_many
    )
    assert refused[:2] == (400, "ValidationException")


def test_what_was_taken_in_stays_as_it_was(make: Maker, images: Path) -> None:
    place = images / f"gone{uuid.uuid4().hex[:8]}"
    layout = Layout(place)
    app = tar([Entry("function/app.py", PROBE.encode())])
    layout.tag(layout.image([python_layer(), app], RUN, compression="none"))
    name = make.create(f"oci:{place}:latest")
    shutil.rmtree(place)
    assert make.ask(name, "answer = 'still there'") == "still there"
    status, code, message = refusal(
        make.client.update_function_code, FunctionName=name, ImageUri=f"oci:{place}:latest"
    )
    assert (status, code) == (400, "InvalidParameterValueException")
    assert "does not exist" in message


def test_an_update_gives_a_function_another_image_and_versions_keep_theirs(make: Maker) -> None:
    client, name = make.client, make.create(make.probe())
    first = client.publish_version(FunctionName=name)
    assert client.publish_version(FunctionName=name)["Version"] == first["Version"] == "1"
    uri = make.probe(Entry("function/second", b""))
    checked = client.update_function_code(FunctionName=name, ImageUri=uri, DryRun=True)
    before = client.get_function_configuration(FunctionName=name)
    assert checked["CodeSha256"] != before["CodeSha256"] == first["CodeSha256"]
    client.update_function_code(FunctionName=name, ImageUri=uri)
    client.get_waiter("function_updated_v2").wait(FunctionName=name)
    now = client.get_function_configuration(FunctionName=name)
    assert (now["LastUpdateStatus"], now["CodeSha256"]) == ("Successful", checked["CodeSha256"])
    has = "answer = os.path.exists('/function/second')"
    assert make.ask(name, has) is True
    assert make.ask(name, has, Qualifier="1") is False
    third = make.probe(Entry("function/third", b""))
    published = client.update_function_code(FunctionName=name, ImageUri=third, Publish=True)
    assert published["Version"] == "2"
    assert make.ask(name, "answer = os.path.exists('/function/third')", Qualifier="2") is True
    code = client.get_function(FunctionName=name, Qualifier="1")["Code"]
    assert code["ResolvedImageUri"].endswith(first["CodeSha256"])


def test_a_version_that_is_made_with_its_function_is_pending_with_it(make: Maker) -> None:
    made = make.begin(make.probe(Entry("function/new", uuid.uuid4().bytes)), Publish=True)
    assert (made["Version"], made["State"]) == ("1", "Pending")
    name = made["FunctionName"]
    make.client.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="1")
    assert make.ask(name, "answer = context.function_version", Qualifier="1") == "1"


def broken_uri(layout: Layout) -> str:
    """An image whose layer is not what its manifest says."""
    content = tar([Entry("unique", uuid.uuid4().bytes)])
    tag = uuid.uuid4().hex
    layout.tag(layout.image([content], RUN, compression="none"), tag)
    path = layout.root / "blobs" / digest(content).replace(":", "/")
    path.write_bytes(content[:-1] + b"!")
    return f"oci:{layout.root}:{tag}"


def test_an_image_that_is_damaged_fails_its_function_until_another_one_comes(make: Maker) -> None:
    client, uri = make.client, broken_uri(make.layout)
    name = make.begin(uri)["FunctionName"]

    def state() -> dict[str, Any]:
        found: dict[str, Any] = client.get_function_configuration(FunctionName=name)
        return found

    eventually(lambda: state()["State"] == "Failed", "the image is refused")
    assert state()["StateReasonCode"] == "InvalidImage"
    assert state()["StateReason"].startswith(f"Source image {uri} is not valid.")
    assert "and should have sha256:" in state()["StateReason"]
    status, code, message = refusal(client.invoke, FunctionName=name)
    assert (status, code) == (409, "ResourceConflictException")
    assert message.endswith("The function is currently in the following state: Failed")
    client.update_function_code(FunctionName=name, ImageUri=make.probe())
    client.get_waiter("function_updated_v2").wait(FunctionName=name)
    assert state()["State"] == "Active"
    assert make.ask(name, "answer = 1") == 1
    client.update_function_code(FunctionName=name, ImageUri=uri)
    eventually(lambda: state()["LastUpdateStatus"] == "Failed", "the update is refused")
    assert state()["LastUpdateStatusReasonCode"] == "InvalidImage"
    assert make.ask(name, "answer = 1") == 1
    client.update_function_configuration(FunctionName=name, Description="anything")
    assert state()["LastUpdateStatus"] == "Successful"


def entry_point_error(make: Maker, uri: str, kind: str, **settings: Any) -> str:
    name = make.create(uri, **settings)
    for _ in range(2):  # each invocation tries anew
        answer, log = make.fail(name)
        assert answer["errorType"] == kind
        assert kind in log
    return str(answer["errorMessage"])


@pytest.mark.parametrize(
    ("config", "kind", "message"),
    [
        (
            {"EntryPoint": ["/nothing"]},
            "Entrypoint",
            "fork/exec /nothing: no such file or directory",
        ),
        ({"EntryPoint": ["/bin"]}, "Entrypoint", "fork/exec /bin: permission denied"),
        ({"EntryPoint": ["/plain"]}, "Entrypoint", "fork/exec /plain: permission denied"),
        ({"EntryPoint": ["/binary"]}, "Entrypoint", "fork/exec /binary: exec format error"),
        (
            {"EntryPoint": ["tool"]},
            "Entrypoint",
            'exec: "tool": executable file not found in $PATH',
        ),
        ({"EntryPoint": ["/out"]}, "Entrypoint", "fork/exec /out: no such file or directory"),
        ({"WorkingDirectory": "/x"}, "WorkingDir", "the working directory doesn't exist: /x"),
        ({"WorkingDirectory": "/plain"}, "WorkingDir", "chdir /plain: not a directory"),
        (
            {"WorkingDirectory": "x"},
            "WorkingDir",
            "the working directory 'x' is invalid, it needs to be an absolute path",
        ),
    ],
)
def test_what_cannot_be_started_is_said_in_aws_s_words(
    make: Maker, config: dict[str, Any], kind: str, message: str, images: Path
) -> None:
    (images / "outside").write_text("#!/bin/sh\n")
    odd = tar(
        [
            Entry("plain", b"x"),
            program("binary", "not a program"),
            link("out", str(images / "outside")),
        ]
    )
    uri = make.uri(shell_layer(), odd, Entrypoint=["/bin/bash"])
    found = entry_point_error(make, uri, f"Runtime.Invalid{kind}", ImageConfig=config)
    assert found.endswith(message)


def test_an_image_that_says_not_what_to_run_has_no_entry_point(make: Maker) -> None:
    message = entry_point_error(make, make.uri(shell_layer()), "Runtime.InvalidEntrypoint")
    assert message.endswith("Couldn't find valid bootstrap(s): []")


def test_an_image_without_a_runtime_interface_client_exits_or_times_out(make: Maker) -> None:
    name = make.create(make.uri(shell_layer(), Entrypoint=["/bin/bash", "-c"], Cmd=["exit 3"]))
    answer, _ = make.fail(name)
    assert answer["errorType"] == "Runtime.ExitError"
    assert answer["errorMessage"].endswith("Runtime exited with error: exit status 3")
    name = make.create(
        make.uri(shell_layer(), Entrypoint=["/bin/sleep", "99"]), Timeout=1, MemorySize=128
    )
    answer, _ = make.fail(name)
    assert answer["errorType"] == "Sandbox.Timedout"


@pytest.mark.skipif(shutil.which("busybox") is None, reason="there is no busybox")
def test_a_root_of_one_static_program_is_enough(make: Maker) -> None:
    busybox = Path(str(shutil.which("busybox"))).read_bytes()
    script = """
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
while true; do
    busybox wget -S -O /tmp/event $api/next 2>/tmp/head
    id=$(busybox grep -i aws-request-id /tmp/head | busybox tr -d ' \\r' | busybox cut -d: -f2)
    busybox wget -q -O - --post-data "{\\"echo\\": $(busybox cat /tmp/event)}" $api/$id/response
done
"""
    root = tar([program("busybox", busybox), Entry("loop", script.encode())])
    name = make.create(
        make.uri(root, Entrypoint=["busybox", "sh"], Cmd=["/loop"], Env=["PATH=/"]), MemorySize=128
    )
    for event in (1, "two"):
        response = make.client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
        assert json.loads(response["Payload"].read()) == {"echo": event}


def test_extensions_in_the_image_are_started(make: Maker, messages: Any) -> None:
    script = OBSERVER.replace("#!/usr/bin/env python3", "#!/usr/local/bin/python")
    uri = make.probe(
        folder("usr/opt/extensions"),
        link("opt", "/usr/opt"),
        program("usr/opt/extensions/watcher", script),
    )
    name = make.create(uri)
    assert make.ask(name, "answer = 1") == 1
    eventually(
        lambda: any('EXT {"extension": "watcher"' in each for each in messages(name)),
        "the extension has written to the log",
    )
    assert any("Name: watcher\tState: Ready" in each for each in messages(name))


def test_errors_of_the_handler_are_its_own_client_s(make: Maker) -> None:
    name = make.create(make.probe())
    event = json.dumps({"code": "raise ValueError('no')"}).encode()
    response = make.client.invoke(FunctionName=name, Payload=event)
    assert response["FunctionError"] == "Unhandled"
    assert json.loads(response["Payload"].read())["errorType"] == "ValueError"


def test_it_is_listed_with_its_package_type(make: Maker) -> None:
    name = make.create(make.probe())
    pages = make.client.get_paginator("list_functions").paginate()
    (found,) = [
        each for page in pages for each in page["Functions"] if each["FunctionName"] == name
    ]
    assert (found["PackageType"], found["ImageConfigResponse"]) == ("Image", {})
    assert "Runtime" not in found
