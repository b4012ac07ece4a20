"""Server certificates and instance profiles, over HTTP."""

import sqlite3

import pytest

from tests.e2e.conftest import refusal
from tests.services.iam.certificates import EXPIRES, certificate
from tests.services.iam.conftest import ACCOUNT


@pytest.fixture(scope="module")
def pair():
    return certificate()


def test_a_certificate_is_uploaded_told_moved_and_deleted(iam, name, pair, iam_server):
    body, key = pair
    made = iam.upload_server_certificate(
        ServerCertificateName=name,
        Path="/cloudfront/test/",
        CertificateBody=body,
        PrivateKey=key,
        CertificateChain=body,
        Tags=[{"Key": "k", "Value": "v"}],
    )
    metadata = made["ServerCertificateMetadata"]
    assert metadata["ServerCertificateId"].startswith("ASCA")
    assert metadata["Arn"] == f"arn:aws:iam::{ACCOUNT}:server-certificate/cloudfront/test/{name}"
    assert metadata["Expiration"] == EXPIRES
    assert made["Tags"] == [{"Key": "k", "Value": "v"}]
    found = iam.get_server_certificate(ServerCertificateName=name)["ServerCertificate"]
    assert found == {
        "ServerCertificateMetadata": metadata,
        "CertificateBody": body,
        "CertificateChain": body,
        "Tags": [{"Key": "k", "Value": "v"}],
    }
    listed = iam.list_server_certificates(PathPrefix="/cloudfront/")
    assert metadata in listed["ServerCertificateMetadataList"]
    with sqlite3.connect(iam_server.data_dir / "ingle.db") as database:
        assert "PRIVATE" not in str(database.execute("select * from iam_server_certificates"))

    new = f"{name}-2"
    iam.update_server_certificate(
        ServerCertificateName=name, NewServerCertificateName=new, NewPath="/"
    )
    iam.update_server_certificate(ServerCertificateName=new, NewPath="/again/")
    missing = 404, "NoSuchEntity", f"The Server Certificate with name {name} cannot be found."
    assert refusal(iam.get_server_certificate, ServerCertificateName=name) == missing
    iam.tag_server_certificate(ServerCertificateName=new, Tags=[{"Key": "a", "Value": "b"}])
    iam.untag_server_certificate(ServerCertificateName=new, TagKeys=["k"])
    assert iam.list_server_certificate_tags(ServerCertificateName=new)["Tags"] == [
        {"Key": "a", "Value": "b"}
    ]
    again = {"ServerCertificateName": new, "CertificateBody": body, "PrivateKey": key}
    assert refusal(iam.upload_server_certificate, **again) == (
        409,
        "EntityAlreadyExists",
        f"The Server Certificate with name {new} already exists.",
    )
    iam.delete_server_certificate(ServerCertificateName=new)
    assert refusal(iam.delete_server_certificate, ServerCertificateName=new)[:2] == (
        404,
        "NoSuchEntity",
    )


@pytest.mark.parametrize("wrong", ["CertificateBody", "PrivateKey", "CertificateChain"])
def test_what_is_no_certificate_is_refused(iam, name, pair, wrong):
    body, key = pair
    request = {"CertificateBody": body, "PrivateKey": key, wrong: "nonsense"}
    status, code, message = refusal(
        iam.upload_server_certificate, ServerCertificateName=name, **request
    )
    assert (status, code) == (400, "MalformedCertificate")
    assert "PEM" in message


def test_the_key_of_another_certificate_is_refused(iam, name, pair):
    other = {"CertificateBody": pair[0], "PrivateKey": certificate()[1]}
    refused = refusal(iam.upload_server_certificate, ServerCertificateName=name, **other)
    assert refused[:2] == (400, "KeyPairMismatch")


def test_an_instance_profile_is_described_as_aws_does(iam, role, name):
    made = iam.create_instance_profile(InstanceProfileName=name, Path="/p/")["InstanceProfile"]
    assert made["InstanceProfileId"].startswith("AIPA")
    assert (made["Arn"], made["Roles"]) == (
        f"arn:aws:iam::{ACCOUNT}:instance-profile/p/{name}",
        [],
    )
    assert "Tags" not in made
    found = iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    assert found == {**made, "Tags": []}
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
    [held] = iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]
    assert held["RoleName"] == role
    assert "MaxSessionDuration" not in held
    [listed] = iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"]
    assert listed["InstanceProfileName"] == name
    assert listed in iam.list_instance_profiles(PathPrefix="/p/")["InstanceProfiles"]
    assert refusal(iam.add_role_to_instance_profile, InstanceProfileName=name, RoleName=role) == (
        409,
        "LimitExceeded",
        "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
    )
    assert refusal(iam.delete_instance_profile, InstanceProfileName=name) == (
        409,
        "DeleteConflict",
        "Cannot delete entity, must remove roles from instance profile first.",
    )
    iam.tag_instance_profile(InstanceProfileName=name, Tags=[{"Key": "a", "Value": "b"}])
    assert iam.list_instance_profile_tags(InstanceProfileName=name)["Tags"] == [
        {"Key": "a", "Value": "b"}
    ]
    iam.untag_instance_profile(InstanceProfileName=name, TagKeys=["a"])
    iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role)
    again = {"InstanceProfileName": name, "RoleName": role}
    assert refusal(iam.remove_role_from_instance_profile, **again) == (
        404,
        "NoSuchEntity",
        f"Role {role} in Instance Profile {name} cannot be found.",
    )
    assert refusal(iam.create_instance_profile, InstanceProfileName=name) == (
        409,
        "EntityAlreadyExists",
        f"Instance Profile {name} already exists.",
    )
    iam.delete_instance_profile(InstanceProfileName=name)
    for call in (iam.get_instance_profile, iam.delete_instance_profile):
        assert refusal(call, InstanceProfileName=name) == (
            404,
            "NoSuchEntity",
            f"Instance Profile {name} cannot be found.",
        )
