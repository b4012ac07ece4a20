"""What IAM acknowledged is there after kill -9, and what it did not is whole or not there."""

import json
import threading

from botocore.exceptions import BotoCoreError, ClientError

from tests.services.iam.conftest import ALLOW_ALL, TRUST_LAMBDA, trusting

BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
KILLS = 3
THREADS = 4
USERS = 24
"""Made between two kills."""


class Maker:
    """Makes users, each with a key, a group and a policy, and deletes every third one.

    Attributes:
        there: the secrets by the names of users that are acknowledged to be there.
        gone: the names of users whose deletion was acknowledged.
    """

    def __init__(self, number, progress):
        self.number = number
        self.progress = progress
        self.made = 0
        self.there = {}
        self.gone = set()

    def run(self, server, stop):
        iam = server.client("iam")
        try:
            while not stop.is_set():
                self.make(iam)
        except (BotoCoreError, ClientError):
            pass  # the server was killed

    def make(self, iam):
        self.progress.release()
        self.made += 1
        name = f"u-{self.number}-{self.made}"
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=ALLOW_ALL)
        iam.attach_user_policy(UserName=name, PolicyArn=BASIC)
        self.there[name] = key
        if self.made % 3 == 0:
            del self.there[name]
            iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
            iam.delete_user_policy(UserName=name, PolicyName="p")
            iam.detach_user_policy(UserName=name, PolicyArn=BASIC)
            iam.delete_user(UserName=name)
            self.gone.add(name)


def test_what_was_acknowledged_survives_kill_9(start_server):
    server = start_server()
    progress = threading.Semaphore(0)
    makers = [Maker(number, progress) for number in range(THREADS)]
    for _ in range(KILLS):
        stop = threading.Event()
        threads = [threading.Thread(target=each.run, args=(server, stop)) for each in makers]
        for each in threads:
            each.start()
        for _ in range(USERS):
            assert progress.acquire(timeout=60)
        server.kill()
        stop.set()
        for each in threads:
            each.join()
        server.start()
    iam = server.client("iam")
    names = {
        each["UserName"]
        for page in iam.get_paginator("list_users").paginate()
        for each in page["Users"]
    }
    there = {name: key for each in makers for name, key in each.there.items()}
    gone = {name for each in makers for name in each.gone}
    assert gone
    assert there.keys() <= names
    assert not gone & names
    for name, key in there.items():
        assert iam.list_user_policies(UserName=name)["PolicyNames"] == ["p"]
        [attached] = iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]
        assert attached["PolicyArn"] == BASIC
        sts = server.client(
            "sts",
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )
        assert sts.get_caller_identity()["Arn"].endswith(name)


def test_a_restart_keeps_everything(start_server):
    server = start_server()
    iam = server.client("iam")
    iam.create_user(UserName="Unn", Path="/p/", Tags=[{"Key": "k", "Value": "ü"}])
    arn = iam.get_user(UserName="unn")["User"]["Arn"]
    iam.create_group(GroupName="g")
    iam.add_user_to_group(UserName="unn", GroupName="g")
    made = iam.create_policy(PolicyName="p", PolicyDocument=ALLOW_ALL, Description="d")["Policy"]
    iam.create_policy_version(PolicyArn=made["Arn"], PolicyDocument=ALLOW_ALL)
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trusting(arn))
    iam.create_role(RoleName="l", AssumeRolePolicyDocument=json.dumps(TRUST_LAMBDA))
    iam.put_role_permissions_boundary(RoleName="l", PermissionsBoundary=made["Arn"])
    iam.create_instance_profile(InstanceProfileName="i")
    iam.add_role_to_instance_profile(InstanceProfileName="i", RoleName="r")
    iam.create_open_id_connect_provider(Url="https://issuer.example.com", ClientIDList=["c"])
    iam.create_virtual_mfa_device(VirtualMFADeviceName="m")
    iam.create_login_profile(UserName="unn", Password="Correct-horse-7")
    iam.create_account_alias(AccountAlias="kept")
    iam.update_account_password_policy(MaxPasswordAge=9)
    key = iam.create_access_key(UserName="unn")["AccessKey"]
    server.client(
        "sts",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    ).get_caller_identity()

    def everything():
        client = server.client("iam")
        answers = [
            client.get_account_authorization_details(),
            client.list_access_keys(UserName="unn"),
            client.get_access_key_last_used(AccessKeyId=key["AccessKeyId"]),
            client.get_login_profile(UserName="unn"),
            client.get_open_id_connect_provider(
                OpenIDConnectProviderArn="arn:aws:iam::000000000000:oidc-provider/issuer.example.com"
            ),
            client.list_virtual_mfa_devices(),
            client.list_account_aliases(),
            client.get_account_password_policy(),
            client.get_account_summary(),
        ]
        return [{k: v for k, v in each.items() if k != "ResponseMetadata"} for each in answers]

    before = everything()
    assert server.stop() == 0
    server.start()
    assert everything() == before
