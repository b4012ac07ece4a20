"""Container images that lie in a bucket."""

import uuid
from pathlib import Path

import pytest

from tests.e2e.callers import allow, new_user
from tests.e2e.conftest import ROLE, refusal
from tests.images.building import Entry, Layout, docker_archive, oci_archive, tar
from tests.images.roots import python_layer

RUN = {"Entrypoint": ["/usr/local/bin/python", "-m", "awslambdaric"], "Cmd": ["app.handler"]}
CONFIG = {**RUN, "WorkingDir": "/function"}


def app(answer: str) -> bytes:
    """A layer with a function that answers this."""
    return tar([Entry("function/app.py", f"def handler(e, c):\n    return {answer!r}\n".encode())])


def archive(folder: Path, answer: str) -> tuple[Path, str]:
    """An image as an OCI archive, tagged `v1`; and its digest."""
    layout = Layout(folder / f"layout-{answer}")
    layout.tag(layout.image([python_layer(), app(answer)], CONFIG, compression="none"), "v1")
    return oci_archive(layout.root, folder / f"{answer}.tar"), layout.manifests[0]["digest"]


@pytest.fixture
def create(functions):
    """Create a function of an image, wait for it, and return its name."""
    made = []

    def create(uri, client=functions):
        name = f"i-{uuid.uuid4().hex[:12]}"
        client.create_function(
            FunctionName=name,
            Role=ROLE,
            PackageType="Image",
            Code={"ImageUri": uri},
            Timeout=20,
            MemorySize=512,
        )
        made.append(name)
        functions.get_waiter("function_active_v2").wait(FunctionName=name)
        return name

    yield create
    for name in made:
        functions.delete_function(FunctionName=name)


def test_an_image_comes_from_a_bucket(s3, functions, bucket, invoke, create, tmp_path):
    file, digest = archive(tmp_path, "one")
    s3.upload_file(str(file), bucket, "images/hello.tar")
    uri = f"s3://{bucket}/images/hello.tar"
    name = create(f"{uri}:v1")
    code = functions.get_function(FunctionName=name)["Code"]
    assert (code["ImageUri"], code["ResolvedImageUri"]) == (f"{uri}:v1", f"{uri}@{digest}")
    assert invoke(name)[0] == "one"
    other, _ = archive(tmp_path, "two")
    s3.upload_file(str(other), bucket, "images/hello.tar")
    assert invoke(name)[0] == "one"
    functions.update_function_code(FunctionName=name, ImageUri=uri, Publish=True)
    functions.get_waiter("function_updated_v2").wait(FunctionName=name)
    assert invoke(name)[0] == "two"


def test_an_archive_of_docker_s_comes_from_a_bucket(s3, bucket, invoke, create, tmp_path):
    docker_archive(tmp_path / "saved.tar", [python_layer(), app("saved")], CONFIG, ["probe:v1"])
    s3.upload_file(str(tmp_path / "saved.tar"), bucket, "saved.tar")
    assert invoke(create(f"s3://{bucket}/saved.tar:probe:v1"))[0] == "saved"


def test_an_image_that_is_not_there_or_none_is_refused(s3, bucket, create):
    assert refusal(create, uri=f"s3://{bucket}/none.tar") == (
        400,
        "InvalidParameterValueException",
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. "
        "S3 Error Message: The specified key does not exist.",
    )
    s3.put_object(Bucket=bucket, Key="text", Body=b"no image")
    status, code, message = refusal(create, uri=f"s3://{bucket}/text")
    assert (status, code) == (400, "InvalidParameterValueException")
    assert message.startswith(f"Source image s3://{bucket}/text is not valid.")


def test_an_image_is_read_with_the_caller_s_permissions(server, s3, bucket, create, tmp_path):
    file, _ = archive(tmp_path, "mine")
    s3.upload_file(str(file), bucket, "hello.tar")
    uri, statements = f"s3://{bucket}/hello.tar", [allow("lambda:*", "iam:PassRole")]
    user = server.client("lambda", **new_user(server, *statements))
    status, code, message = refusal(create, uri=uri, client=user)
    assert (status, code) == (403, "AccessDeniedException")
    assert message.startswith("Your access has been denied by S3")
    statements.append(allow("s3:GetObject", on=f"arn:aws:s3:::{bucket}/*"))
    create(uri, server.client("lambda", **new_user(server, *statements)))
