"""Amazon SNS with other clients than boto3: the AWS CLI, the SDK for JavaScript, a validator."""

import datetime
import json
import subprocess
import urllib.request
import uuid

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.e2e.conftest import create, eventually
from tests.e2e.queues import receive
from tests.e2e.test_aws_cli import aws as aws
from tests.e2e.test_javascript import _JS
from tests.e2e.test_javascript import javascript as javascript
from tests.e2e.test_javascript import packages as packages
from tests.e2e.topics import Endpoint, new_topic, open_queue, subscribed

SAYS = """
import json
def handler(event, context):
    print('GOT', json.dumps(event['Records'][0]))
"""


@pytest.fixture
def endpoint():
    made = Endpoint()
    yield made
    made.close()


def own_certificate():
    """Make a certificate for this machine; return its key and itself, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode(), made.public_bytes(Encoding.PEM).decode()


def validated(messages, folder, environment):
    """Have the validator look at messages; return null or what is wrong, for each."""
    key, certificate = own_certificate()
    trusted = folder / "trusted.pem"
    trusted.write_text(certificate)
    done = subprocess.run(
        ["node", "validate.mjs"],
        cwd=_JS,
        env={**environment, "NODE_EXTRA_CA_CERTS": str(trusted)},
        input=json.dumps({"messages": messages, "key": key, "certificate": certificate}),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("version", ["1", "2"])
def test_aws_s_validator_takes_what_is_signed_and_nothing_else(
    server, functions, logs, packages, endpoint, tmp_path, version
):
    sns, sqs = server.client("sns"), server.client("sqs")
    topic = new_topic(sns, SignatureVersion=version)
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint.url)
    eventually(lambda: endpoint.got, "the endpoint was asked to confirm")
    asked = json.loads(endpoint.got.pop()[1])
    urllib.request.urlopen(asked["SubscribeURL"]).close()
    url, _ = subscribed(sns, sqs, topic)
    name = create(functions, SAYS)
    functions.add_permission(
        FunctionName=name,
        StatementId="topic",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    arn = functions.get_function_configuration(FunctionName=name)["FunctionArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="plain")
    sns.publish(TopicArn=topic, Message='{"ü": "€"}\n', Subject="with one")
    queued = []
    while len(queued) < 2:
        queued += [json.loads(each["Body"]) for each in receive(sqs, url)]
    eventually(lambda: len(endpoint.got) == 2, "the endpoint got both")
    posted = [json.loads(body) for _, body in endpoint.got]

    def events():
        try:
            found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [each["message"] for each in found if "GOT" in each["message"]]

    eventually(lambda: len(events()) == 2, "the function got both")
    given = [json.loads(each.partition("GOT ")[2])["Sns"] for each in events()]
    changed = {**queued[0], "Message": "changed"}
    messages = [asked, *queued, *posted, *given, changed]
    verdicts = validated(messages, tmp_path, server.environment())
    assert verdicts[:-1] == [None] * (len(messages) - 1)
    assert verdicts[-1] == "The message signature is invalid."


def test_the_aws_cli_makes_a_topic_subscribes_and_publishes(server, aws):
    sqs = server.client("sqs")
    name = f"cli-{uuid.uuid4().hex[:8]}"
    topic = aws("sns", "create-topic", "--name", name).json["TopicArn"]
    url, arn = open_queue(sqs, topic)
    raw = ("--attributes", "RawMessageDelivery=true")
    wanted = ("--topic-arn", topic, "--protocol", "sqs", "--notification-endpoint", arn)
    subscription = aws("sns", "subscribe", *wanted, *raw).json["SubscriptionArn"]
    attributes = '{"colour": {"DataType": "String", "StringValue": "red"}}'
    published = aws(
        *("sns", "publish", "--topic-arn", topic, "--message", "hello"),
        *("--message-attributes", attributes),
    ).json
    (message,) = receive(sqs, url)
    assert message["Body"] == "hello"
    assert message["MessageAttributes"]["colour"]["StringValue"] == "red"
    assert published["MessageId"]
    found = aws("sns", "list-subscriptions-by-topic", "--topic-arn", topic).json
    assert [each["SubscriptionArn"] for each in found["Subscriptions"]] == [subscription]
    assert aws("sns", "delete-topic", "--topic-arn", topic).status == 0
    gone = aws("sns", "publish", "--topic-arn", topic, "--message", "m")
    assert gone.status != 0
    assert "(NotFound) when calling the Publish operation: Topic does not exist" in gone.error


def test_the_sdk_for_javascript_makes_a_topic_subscribes_and_publishes(server, javascript):
    sqs = server.client("sqs")
    name = f"js-{uuid.uuid4().hex[:8]}.fifo"
    settings = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    (made,) = javascript(("sns", "CreateTopic", {"Name": name, "Attributes": settings}))
    topic = {"TopicArn": made["answer"]["TopicArn"]}
    url, arn = open_queue(sqs, topic["TopicArn"], ".fifo")
    raw = {"RawMessageDelivery": "true"}
    entries = [{"Id": each, "Message": each, "MessageGroupId": "g"} for each in "abc"]
    subscribed, published, again, told, refused = javascript(
        ("sns", "Subscribe", {**topic, "Protocol": "sqs", "Endpoint": arn, "Attributes": raw}),
        ("sns", "PublishBatch", {**topic, "PublishBatchRequestEntries": entries}),
        ("sns", "Publish", {**topic, "Message": "a", "MessageGroupId": "g"}),
        ("sns", "GetTopicAttributes", topic),
        ("sns", "Publish", {**topic, "Message": "a"}),
    )
    assert subscribed["answer"]["SubscriptionArn"].startswith(topic["TopicArn"])
    successful = published["answer"]["Successful"]
    assert [each["Id"] for each in successful] == ["a", "b", "c"]
    assert again["answer"]["MessageId"] == successful[0]["MessageId"]
    assert told["answer"]["Attributes"]["SubscriptionsConfirmed"] == "1"
    assert refused["error"]["name"] == "InvalidParameterException"
    assert refused["error"]["fault"] == "client"
    assert [each["Body"] for each in receive(sqs, url)] == ["a", "b", "c"]


def test_links_lead_to_where_others_reach_the_server(start_server):
    server = start_server("--public-url", "https://ingle.example.org:8443")
    sns, sqs = server.client("sns"), server.client("sqs")
    topic = new_topic(sns)
    url, _ = subscribed(sns, sqs, topic)
    sns.publish(TopicArn=topic, Message="m")
    (message,) = receive(sqs, url)
    body = json.loads(message["Body"])
    for name in ("SigningCertURL", "UnsubscribeURL"):
        assert body[name].startswith("https://ingle.example.org:8443/")
