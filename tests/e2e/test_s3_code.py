"""Lambda and S3 together: code that lies in a bucket, and records of failures that go to one."""

import json
import uuid

import pytest

from tests.e2e.callers import allow, new_role, new_user
from tests.e2e.conftest import ROLE, RUNTIME, eventually, refusal, zip_of

HELLO = "def handler(event, context):\n    return 'hello'\n"
OTHER = "def handler(event, context):\n    return 'other'\n"


def settings(**more):
    """What CreateFunction takes besides the code."""
    name = f"f-{uuid.uuid4().hex[:12]}"
    return {
        "FunctionName": name,
        "Role": ROLE,
        "Runtime": RUNTIME,
        "Handler": "app.handler",
        **more,
    }


def test_code_comes_from_a_bucket(s3, functions, bucket, invoke):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    one = s3.put_object(Bucket=bucket, Key="dir/code.zip", Body=zip_of(app=HELLO))["VersionId"]
    s3.put_object(Bucket=bucket, Key="dir/code.zip", Body=zip_of(app=OTHER))
    where = {"S3Bucket": bucket, "S3Key": "dir/code.zip"}
    wanted = settings()
    functions.create_function(**wanted, Code=where)
    name = wanted["FunctionName"]
    assert invoke(name)[0] == "other"
    functions.update_function_code(FunctionName=name, **where, S3ObjectVersion=one)
    assert invoke(name)[0] == "hello"
    layer = functions.publish_layer_version(LayerName=f"l-{name}", Content=where)
    assert layer["Version"] == 1
    functions.delete_function(FunctionName=name)


def test_what_s3_says_is_told(s3, functions, bucket):
    where = {"S3Bucket": bucket, "S3Key": "none"}
    assert refusal(functions.create_function, **settings(), Code=where) == (
        400,
        "InvalidParameterValueException",
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. "
        "S3 Error Message: The specified key does not exist.",
    )
    where = {"S3Bucket": f"{bucket}-none", "S3Key": "none"}
    assert refusal(functions.create_function, **settings(), Code=where)[2] == (
        "Error occurred while GetObject. S3 Error Code: NoSuchBucket. "
        "S3 Error Message: The specified bucket does not exist"
    )
    s3.put_object(Bucket=bucket, Key="none", Body=b"no zip")
    where = {"S3Bucket": bucket, "S3Key": "none"}
    assert "unzip" in refusal(functions.create_function, **settings(), Code=where)[2]
    both = {**where, "ZipFile": b"x"}
    status, code, _ = refusal(functions.create_function, **settings(), Code=both)
    assert (status, code) == (400, "InvalidParameterValueException")


def test_code_is_read_with_the_caller_s_permissions(server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="code.zip", Body=zip_of(app=HELLO))
    where = {"S3Bucket": bucket, "S3Key": "code.zip"}
    statements = [allow("lambda:*", "iam:PassRole")]
    user = server.client("lambda", **new_user(server, *statements))
    status, code, message = refusal(user.create_function, **settings(), Code=where)
    assert (status, code) == (403, "AccessDeniedException")
    assert message.startswith("Your access has been denied by S3")
    statements.append(allow("s3:GetObject", on=f"arn:aws:s3:::{bucket}/*"))
    user = server.client("lambda", **new_user(server, *statements))
    wanted = settings()
    user.create_function(**wanted, Code=where)
    user.delete_function(FunctionName=wanted["FunctionName"])


@pytest.fixture
def failing(server, functions, bucket):
    """A function that fails, and may write to the bucket."""
    arn = f"arn:aws:s3:::{bucket}"
    role = new_role(server, allow("s3:PutObject", "s3:ListBucket", on=[arn, f"{arn}/*"]))
    wanted = settings(Role=role)
    code = {"ZipFile": zip_of(app="def handler(event, context):\n    raise ValueError('no')\n")}
    functions.create_function(**wanted, Code=code)
    yield wanted["FunctionName"]
    functions.delete_function(FunctionName=wanted["FunctionName"])


def test_the_record_of_a_failure_goes_to_a_bucket(s3, functions, bucket, failing):
    functions.put_function_event_invoke_config(
        FunctionName=failing,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}},
    )
    functions.invoke(FunctionName=failing, InvocationType="Event", Payload=b'{"a": 1}')
    eventually(lambda: s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1, "a record is there")
    [listed] = s3.list_objects_v2(Bucket=bucket)["Contents"]
    *folders, moment = listed["Key"].split("/")
    assert folders[:4] == ["aws", "lambda", "async", failing]
    assert moment.startswith("-".join(folders[4:]) + "T")
    found = s3.get_object(Bucket=bucket, Key=listed["Key"])
    assert found["ContentType"] == "application/json"
    record = json.loads(found["Body"].read())
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestPayload"] == {"a": 1}
    assert record["responsePayload"]["errorType"] == "ValueError"


def test_a_bucket_must_exist_and_the_role_must_be_allowed_to_write(functions, bucket, failing):
    def refused(arn, member="OnFailure"):
        return refusal(
            functions.put_function_event_invoke_config,
            FunctionName=failing,
            DestinationConfig={member: {"Destination": arn}},
        )[2]

    none = f"arn:aws:s3:::{bucket}-none"
    assert refused(none) == f"The destination ARN {none} is invalid."
    arn = f"arn:aws:s3:::{bucket}"
    assert "is invalid" in refused(arn, "OnSuccess")
    functions.update_function_configuration(FunctionName=failing, Role=ROLE)
    assert refused(arn) == (
        f"The function execution role does not have permissions to call PutObject on {arn}"
    )
