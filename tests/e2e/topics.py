"""Topics for tests, what may be subscribed to them, and how their messages are verified."""

import base64
import threading
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import load_pem_x509_certificate

from tests.e2e.callers import document
from tests.e2e.queues import new_queue


def new_topic(sns, suffix="", **attributes):
    if suffix == ".fifo":
        attributes = {"FifoTopic": "true"} | attributes
    name = f"t-{uuid.uuid4().hex[:12]}{suffix}"
    return sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]


def open_queue(sqs, topic, suffix="", **attributes):
    """Make a queue that a topic may send to; return its URL and its ARN."""
    url, arn = new_queue(sqs, suffix, **attributes)
    policy = document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
    )
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return url, arn


def subscribed(sns, sqs, topic, suffix="", **attributes):
    url, arn = open_queue(sqs, topic, suffix)
    answer = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    return url, answer["SubscriptionArn"]


def code(call, **members):
    with pytest.raises(ClientError) as caught:
        call(**members)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def signed_text(message, names):
    return "".join(f"{name}\n{message[name]}\n" for name in names if name in message).encode()


def verify(message, confirmation=False):
    """Do what the SDKs' verifiers do, but for the name of the certificate's host."""
    names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    if confirmation:
        names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    pem = urllib.request.urlopen(message["SigningCertURL"]).read()
    key = load_pem_x509_certificate(pem).public_key()
    chosen = {"1": SHA1, "2": SHA256}[message["SignatureVersion"]]()
    key.verify(
        base64.b64decode(message["Signature"]),
        signed_text(message, names),
        padding.PKCS1v15(),
        chosen,
    )


class Endpoint:
    """An HTTP endpoint: keeps what it gets, and answers with the statuses that it is given."""

    def __init__(self, port=0):
        self.got, self.statuses = [], []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                endpoint.got.append((dict(self.headers), body))
                self.send_response(endpoint.statuses.pop(0) if endpoint.statuses else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
