"""Functions that record each run where no kill of the server can undo it, once it is acknowledged.

Their own log lines cannot tell: a kill may cost what was printed in the last tenth of a second. So
they put a log event of their own through the API, signed with the root key.
"""

import collections
from typing import Any

from tests.e2e.conftest import create
from tests.e2e.server import Server

GROUP = "witnesses"
SOURCE = """
import datetime, hashlib, hmac, json, os, time, urllib.request

def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256)

def record(message):
    entry = {"timestamp": int(time.time() * 1000), "message": message}
    stream = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
    body = {"logGroupName": "%s", "logStreamName": stream, "logEvents": [entry]}
    body = json.dumps(body).encode()
    url = os.environ["AWS_ENDPOINT_URL"]
    stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%%Y%%m%%dT%%H%%M%%SZ")
    scope = stamp[:8] + "/us-east-1/logs/aws4_request"
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "host": url[len("http://"):],
        "x-amz-date": stamp,
        "x-amz-target": "Logs_20140328.PutLogEvents",
    }
    names = ";".join(headers)
    lines = [name + ":" + value for name, value in headers.items()]
    parts = ["POST", "/", "", *lines, "", names, hashlib.sha256(body).hexdigest()]
    digest = hashlib.sha256("\\n".join(parts).encode()).hexdigest()
    key = b"AWS4" + os.environ["WITNESS_SECRET"].encode()
    for part in scope.split("/"):
        key = mac(key, part).digest()
    signature = mac(key, "\\n".join(["AWS4-HMAC-SHA256", stamp, scope, digest])).hexdigest()
    headers["authorization"] = (
        "AWS4-HMAC-SHA256 Credential=" + os.environ["WITNESS_KEY"] + "/" + scope
        + ", SignedHeaders=" + names + ", Signature=" + signature
    )
    urllib.request.urlopen(urllib.request.Request(url, body, headers)).read()

def numbers(event):
    return [event]

def handler(event, context):
    for number in numbers(event):
        record(str(number))
    return work(event)
"""


def create_witness(server: Server, work: str, **settings: Any) -> str:
    """Create a function that records its events, which are numbers, and then does `work(event)`.

    Args:
        server: where.
        work: defines `work`, and `numbers` where the numbers are to be found in the events.
        settings: others of CreateFunction.
    """
    logs = server.client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]:
        logs.create_log_group(logGroupName=GROUP)
    keys = {
        "WITNESS_KEY": server.credentials["AWS_ACCESS_KEY_ID"],
        "WITNESS_SECRET": server.credentials["AWS_SECRET_ACCESS_KEY"],
    }
    name = create(
        server.client("lambda"),
        SOURCE % GROUP + work,
        Environment={"Variables": keys},
        **{"Timeout": 30} | settings,
    )
    logs.create_log_stream(logGroupName=GROUP, logStreamName=name)
    return name


def runs(server: Server, name: str) -> "collections.Counter[int]":
    """How often each event of such a function ran."""
    return collections.Counter(runs_in_order(server, name))


def runs_in_order(server: Server, name: str) -> list[int]:
    """The events of such a function as they ran, one after another."""
    logs = server.client("logs")
    found: list[int] = []
    members: dict[str, Any] = {"logGroupName": GROUP, "logStreamName": name, "startFromHead": True}
    while True:
        page = logs.get_log_events(**members)
        found.extend(int(event["message"]) for event in page["events"])
        if not page["events"]:
            return found
        members["nextToken"] = page["nextForwardToken"]
