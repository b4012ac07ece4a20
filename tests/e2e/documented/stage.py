"""What the cases need to be there, made when the first one asks for it."""

import contextlib
import json
import uuid
from functools import cached_property
from typing import Any

from tests.e2e.conftest import ROLE, create, eventually, zip_of
from tests.e2e.queues import new_queue, role_that_takes
from tests.e2e.server import Server

NOBODY = "nobody-has-this-name"
STALE_REVISION = "00000000-0000-0000-0000-000000000000"
ARN = "arn:aws:lambda:us-east-1:000000000000:"
SLOW = "import time\ndef handler(event, context):\n    print('on it')\n    time.sleep(8)\n"
SOURCE = "def handler(event, context):\n    return event\n"
PROFILE = "arn:aws:signer:us-east-1:000000000000:/signing-profiles/test/0123456789"
NO_CONFIG = f"{ARN}code-signing-config:csc-{'0' * 17}"


class Stage:
    """Functions and other things of the shared server, for calls that change none of them.

    Args:
        server: the server.

    Attributes:
        server: the same.
        client: its Lambda client.
        trace: the trace header of the next call, or "" for none.
        changing: the function that is being changed, where one is.
        uri: an image that is there.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self.trace = ""
        self.changing = self.uri = ""
        self.connect(server)
        self._functions: list[str] = []
        self._mappings: list[dict[str, Any]] = []

    def connect(self, server: Server) -> None:
        """Talk to a server from now on."""

        def add_trace(params: dict[str, Any], **_: Any) -> None:
            if self.trace:
                params["headers"]["X-Amzn-Trace-Id"] = self.trace

        self.server = server
        self.client = server.client("lambda")
        self.client.meta.events.register("before-call", add_trace)

    def begin(self, uri: str) -> str:
        """Begin to create a function of a container image, and return its name."""
        self._functions.append(f"f-{uuid.uuid4().hex[:12]}")
        self.client.create_function(
            FunctionName=self._functions[-1],
            Role=ROLE,
            PackageType="Image",
            Code={"ImageUri": uri},
        )
        return self._functions[-1]

    def settle(self, name: str, **qualifier: str) -> None:
        """Wait until a function or a version is no longer pending."""

        def settled() -> bool:
            found = self.client.get_function_configuration(FunctionName=name, **qualifier)
            return bool(found["State"] != "Pending")

        eventually(settled, "it is no longer pending")

    def new(self, source: str = SOURCE, **settings: Any) -> str:
        """Create a function, and return its name."""
        self._functions.append(create(self.client, source, **settings))
        return self._functions[-1]

    @cached_property
    def function(self) -> str:
        """A function with version 1, to which the alias `live` leads."""
        name = self.new()
        self.client.publish_version(FunctionName=name)
        self.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
        return name

    @cached_property
    def differing(self) -> dict[str, str]:
        """A name with a qualifier, and another qualifier."""
        return {"FunctionName": f"{self.function}:1", "Qualifier": "live"}

    @cached_property
    def permitted(self) -> str:
        """A function with version 1, whose policies each have the statement `there`."""
        name = self.new()
        self.client.publish_version(FunctionName=name)
        for qualifier in ({}, {"Qualifier": "1"}):
            self.client.add_permission(**self.permission(name), **qualifier)
        return name

    def permission(self, name: str, sid: str = "there") -> dict[str, Any]:
        """The members that let S3 invoke a function."""
        return {
            "FunctionName": name,
            "StatementId": sid,
            "Action": "lambda:InvokeFunction",
            "Principal": "s3.amazonaws.com",
        }

    @cached_property
    def layer(self) -> dict[str, Any]:
        """A version of a layer, whose policy has the statement `there`."""
        version = {"LayerName": f"l-{uuid.uuid4().hex[:12]}", "VersionNumber": 1}
        self.client.publish_layer_version(
            LayerName=version["LayerName"], Content={"ZipFile": zip_of(tool="X = 1")}
        )
        self.client.add_layer_version_permission(**version, **self.sharing("there"))
        return version

    def sharing(self, sid: str) -> dict[str, str]:
        """The members that let everybody have a layer."""
        return {"StatementId": sid, "Action": "lambda:GetLayerVersion", "Principal": "*"}

    @cached_property
    def enforcing(self) -> str:
        """A code signing configuration that takes no package without a signature."""
        answer = self.client.create_code_signing_config(
            AllowedPublishers={"SigningProfileVersionArns": [PROFILE]},
            CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Enforce"},
        )
        return str(answer["CodeSigningConfig"]["CodeSigningConfigArn"])

    @cached_property
    def signed(self) -> str:
        """A function with that configuration."""
        name = self.new()
        self.client.put_function_code_signing_config(
            FunctionName=name, CodeSigningConfigArn=self.enforcing
        )
        return name

    @cached_property
    def url(self) -> str:
        """A function with a URL."""
        name = self.new()
        self.client.create_function_url_config(FunctionName=name, AuthType="NONE")
        return name

    @cached_property
    def mapping(self) -> dict[str, Any]:
        """An event source mapping, of a queue and a function."""
        return self.map(self.queue())

    def map(self, queue: str, source: str = SOURCE) -> dict[str, Any]:
        """Have a new function get a queue's messages."""
        name = self.new(source, Role=role_that_takes(self.server, queue), Timeout=30)
        self._mappings.append(
            self.client.create_event_source_mapping(FunctionName=name, EventSourceArn=queue)
        )
        return self._mappings[-1]

    @cached_property
    def busy(self) -> dict[str, Any]:
        """Name a mapping that is being changed: a batch of before has not come to its end yet."""
        sqs = self.server.client("sqs")
        url, queue = new_queue(sqs)
        mapping = self.map(queue, SLOW)
        sqs.send_message(QueueUrl=url, MessageBody="x")
        name = mapping["FunctionArn"].rpartition(":")[2]
        logs = self.server.client("logs")
        group = {"logGroupName": f"/aws/lambda/{name}"}

        def runs() -> bool:
            try:
                return bool(logs.filter_log_events(**group)["events"])
            except logs.exceptions.ResourceNotFoundException:
                return False

        eventually(runs, "the batch is being worked on")
        self.client.update_event_source_mapping(UUID=mapping["UUID"], BatchSize=5)
        return {"UUID": mapping["UUID"]}

    def queue(self) -> str:
        """Make a queue; return its ARN."""
        return new_queue(self.server.client("sqs"))[1]

    def policy(self, resource: str, **members: Any) -> str:
        """A resource policy that lets S3 invoke what an ARN names."""
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Resource": resource,
        }
        return json.dumps({"Version": "2012-10-17", "Statement": [statement | members]})

    def clear(self) -> None:
        """Delete the functions again, and what gets them messages."""
        for mapping in self._mappings:
            with contextlib.suppress(
                self.client.exceptions.ResourceInUseException,
                self.client.exceptions.ResourceNotFoundException,
            ):
                self.client.delete_event_source_mapping(UUID=mapping["UUID"])
        for name in self._functions:
            with contextlib.suppress(self.client.exceptions.ResourceNotFoundException):
                self.client.delete_function(FunctionName=name)
