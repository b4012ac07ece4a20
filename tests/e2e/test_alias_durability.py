"""What was acknowledged of aliases, policies, versions and tags is there after kill -9."""

import json
import random

from botocore.exceptions import BotoCoreError, ClientError

from tests.e2e.conftest import create
from tests.e2e.killing import killing
from tests.e2e.test_versions import ARN, source

THREADS = 4
NAMES = ("blue", "green", "live")


class Writer:
    """Changes what belongs to one function in a loop, and knows what was acknowledged.

    Attributes:
        facts: what is so: by alias its version, by statement id and by tag their values; what is
            not there is not in it.
        attempted: the fact that the call under way at the kill changes, and its value or None.
        failures: answers that no healthy server gives.
        accepted: what was acknowledged, in its order.
    """

    def __init__(self, number):
        self.name = f"w{number}"
        self.facts = {("version", "1"): True}
        self.attempted = None
        self.failures = []
        self.accepted = []
        self._random = random.Random(number)
        self._count = 1

    def run(self, server):
        """Write until the server is gone."""
        functions = server.client("lambda")
        while True:
            fact, value, call = self._next(functions)
            self.attempted = (fact, value)
            try:
                call()
            except ClientError as error:
                self.failures.append(error)
                return
            except BotoCoreError:  # the connection broke
                return
            self._settle(self.facts, fact, value)
            self.attempted = None
            self.accepted.append(fact)

    @staticmethod
    def _settle(facts, fact, value):
        if value is None:
            facts.pop(fact, None)
        else:
            facts[fact] = value

    def _next(self, functions):
        self._count += 1
        kind = self._random.choice(("alias", "alias", "alias", "statement", "tag", "version"))
        function = {"FunctionName": self.name}
        if kind == "version":
            newest = max(int(each) for what, each in self.facts if what == "version")
            return ("version", str(newest + 1)), True, lambda: self._publish(functions)
        if kind == "alias":
            name = self._random.choice(NAMES)
            version = self._random.choice([each for what, each in self.facts if what == "version"])
            members = function | {"Name": name, "FunctionVersion": version}
            if ("alias", name) not in self.facts:
                return ("alias", name), version, lambda: functions.create_alias(**members)
            if self._random.random() < 0.2:
                del members["FunctionVersion"]
                return ("alias", name), None, lambda: functions.delete_alias(**members)
            return ("alias", name), version, lambda: functions.update_alias(**members)
        key = self._random.choice("abc")
        is_there = (kind, key) in self.facts
        if kind == "tag":
            arn, value = f"{ARN}{self.name}", str(self._count)
            if is_there and self._random.random() < 0.3:
                call = functions.untag_resource
                return ("tag", key), None, lambda: call(Resource=arn, TagKeys=[key])
            return (
                ("tag", key),
                value,
                lambda: functions.tag_resource(Resource=arn, Tags={key: value}),
            )
        members = function | {"StatementId": key}
        if is_there:
            return ("statement", key), None, lambda: functions.remove_permission(**members)
        members |= {"Action": "lambda:InvokeFunction", "Principal": "*"}
        return ("statement", key), True, lambda: functions.add_permission(**members)

    def _publish(self, functions):
        functions.update_function_configuration(
            FunctionName=self.name, Description=str(self._count)
        )
        functions.publish_version(FunctionName=self.name)

    def check(self, functions):
        """Compare what is there with what was acknowledged; what was under way may be either."""
        found = self._found(functions)
        allowed = [dict(self.facts), dict(self.facts)]
        if self.attempted is not None:
            self._settle(allowed[1], *self.attempted)
        assert found in allowed, (self.attempted, self.facts)
        self.facts, self.attempted = found, None
        for (kind, name), version in found.items():
            if kind == "alias":
                response = functions.invoke(FunctionName=self.name, Qualifier=name)
                assert response["ExecutedVersion"] == version

    def _found(self, functions):
        pages = functions.get_paginator("list_versions_by_function")
        listed = [
            each["Version"]
            for page in pages.paginate(FunctionName=self.name)
            for each in page["Versions"]
        ]
        found = {("version", each): True for each in listed[1:]}
        for each in functions.list_aliases(FunctionName=self.name)["Aliases"]:
            found["alias", each["Name"]] = each["FunctionVersion"]
        try:
            policy = json.loads(functions.get_policy(FunctionName=self.name)["Policy"])
        except functions.exceptions.ResourceNotFoundException:
            policy = {"Statement": []}
        for each in policy["Statement"]:
            found["statement", each["Sid"]] = True
        for key, value in functions.list_tags(Resource=f"{ARN}{self.name}")["Tags"].items():
            found["tag", key] = value
        return found


def test_kill_9_at_any_moment_leaves_aliases_policies_versions_and_tags_intact(own_server):
    writers = [Writer(number) for number in range(THREADS)]
    functions = own_server.client("lambda")
    for writer in writers:
        create(functions, source(1), FunctionName=writer.name)
        functions.publish_version(FunctionName=writer.name)
    for _ in killing(own_server, writers, seed=7, within_s=0.3):
        functions = own_server.client("lambda")
        for writer in writers:
            assert writer.failures == []
            writer.check(functions)
