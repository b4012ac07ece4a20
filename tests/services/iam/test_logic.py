"""What needs no server: tags, sizes, passwords, ids, AWS's policies."""

import json
import re
import string
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ingle.services.iam.service_linked as service_linked
from ingle.iam.policy import Policy, PolicyKind
from ingle.services.iam import passwords, tags
from ingle.services.iam.api import IamService
from ingle.services.iam.aws_managed import AwsManaged
from ingle.services.iam.documents import shown, size
from ingle.services.iam.errors import PasswordPolicyViolation
from ingle.services.iam.ids import Prefix, new_access_key_id, new_id, new_secret
from ingle.services.iam.operations import Operations

KEYS = st.text("aAbBcC", min_size=1, max_size=2)
TAGS = st.dictionaries(KEYS, st.text(max_size=3), max_size=8)


@pytest.fixture(scope="module")
def managed() -> AwsManaged:
    return AwsManaged.load()


@given(TAGS, TAGS)
def test_new_tags_win_and_the_others_stay(present: dict[str, str], new: dict[str, str]) -> None:
    given_tags = [{"Key": key, "Value": value} for key, value in new.items()]
    assert tags.merged(present, given_tags) == present | new
    assert tags.without(present | new, new) == {
        key: value for key, value in present.items() if key not in new
    }


@given(TAGS, KEYS, st.text(max_size=3))
def test_where_case_does_not_count_a_key_is_there_once(
    present: dict[str, str], key: str, value: str
) -> None:
    once = {each.lower(): (each, present[each]) for each in present}
    present = dict(once.values())
    merged = tags.merged(present, [{"Key": key, "Value": value}], any_case=True)
    assert merged[key] == value
    assert len({each.lower() for each in merged}) == len(merged)
    assert {each.lower() for each in merged} == {each.lower() for each in present} | {key.lower()}
    assert key.lower() not in {
        each.lower() for each in tags.without(merged, [key.upper()], any_case=True)
    }


@given(
    st.recursive(
        st.text("ab"), lambda inner: st.lists(inner) | st.dictionaries(st.text("k"), inner)
    )
)
def test_white_space_does_not_count(document: object) -> None:
    compact = json.dumps(document, separators=(",", ":"))
    assert size(json.dumps(document, indent=7)) == size(compact) == len(compact)


@given(st.text())
def test_a_document_is_shown_in_unreserved_characters(document: str) -> None:
    document = document.encode(errors="ignore").decode()
    assert unquote(shown(document)) == document
    assert set(shown(document)) <= set(string.ascii_letters + string.digits + "-_.~%")


@given(st.text(string.ascii_letters + string.digits + "!$", max_size=20))
def test_a_password_must_be_long_and_of_three_kinds(password: str) -> None:
    kinds = sum(
        bool(set(password) & set(each))
        for each in (string.ascii_uppercase, string.ascii_lowercase, string.digits, "!$")
    )
    if len(password) >= 8 and kinds >= 3:
        passwords.check(password, None)
    else:
        with pytest.raises(PasswordPolicyViolation):
            passwords.check(password, None)


def test_a_password_cannot_be_got_back() -> None:
    first, second = (passwords.hashed("Correct-horse-7") for _ in range(2))
    assert first != second
    assert "Correct" not in first


@pytest.mark.parametrize("prefix", list(Prefix))
def test_ids_are_as_long_as_awss(prefix: Prefix) -> None:
    assert re.fullmatch(rf"{prefix}[A-Z2-7]{{17}}", new_id(prefix))


def test_keys_are_as_long_as_awss() -> None:
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", new_access_key_id())
    assert re.fullmatch(r"[A-Za-z0-9+/]{40}", new_secret())


def test_every_policy_of_awss_is_a_policy(managed: AwsManaged) -> None:
    assert len(managed) > 1500
    for each in managed:
        whole = managed.get(each.arn)
        assert whole is not None
        assert (whole.name, whole.path, whole.default) == (each.name, each.path, each.default)
        Policy.parse(whole.document, PolicyKind.IDENTITY, each.arn)
        assert managed.get(each.arn) is whole
    assert len({each.unique_id for each in managed}) == len(managed)


def test_a_policy_of_awss_is_as_aws_has_it(managed: AwsManaged) -> None:
    found = managed.get("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
    assert found is not None
    assert json.loads(found.document) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": "*",
            }
        ],
    }
    assert managed.get("arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole") is None


def test_every_service_linked_role_has_a_policy_that_there_is(managed: AwsManaged) -> None:
    file = Path(service_linked.__file__).with_suffix(".toml")
    services = tomllib.loads(file.read_text("utf-8"))
    for each in services.values():
        arn = f"arn:aws:iam::aws:policy/aws-service-role/{each['policy']}"
        assert managed.get(arn) is not None, arn


def test_no_two_nouns_operations_have_the_same_name() -> None:
    seen: dict[str, type] = {}
    for part in IamService.__mro__:
        if part in (IamService, Operations) or not issubclass(part, Operations):
            continue
        for name in vars(part):
            if not name.startswith("__"):
                assert name not in seen, f"{name} is in {part} and {seen.get(name)}"
                seen[name] = part
