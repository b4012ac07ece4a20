import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.lambda_.names import function_arn, resolve, resolve_new
from ingle.wire.errors import ServiceError
from tests.services.conftest import ACCOUNT, OTHER_ACCOUNT, REGION, context

ACTION = "lambda:GetFunction"
NAMES = st.from_regex(r"[a-zA-Z0-9_-]{1,64}", fullmatch=True)
QUALIFIERS = st.none() | st.just("$LATEST") | st.from_regex(r"[a-zA-Z0-9_-]{1,20}", fullmatch=True)


def error_of(text: str, qualifier: str | None = None, action: str = ACTION) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        resolve(text, context(), action, qualifier)
    return caught.value


@given(
    NAMES,
    QUALIFIERS,
    st.sampled_from(
        [
            "",
            "function:",
            f"{ACCOUNT}:",
            f"{ACCOUNT}:function:",
            f"{REGION}:{ACCOUNT}:function:",
            f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:",
        ]
    ),
)
def test_every_form_of_a_name_means_the_same_function(
    name: str, qualifier: str | None, prefix: str
) -> None:
    text = prefix + name + (f":{qualifier}" if qualifier else "")
    if not prefix and qualifier:
        # A name that looks like an account, a region or the word function reads as such.
        text = f"function:{text}"
    reference = resolve(text, context(), ACTION)
    assert reference.key == (ACCOUNT, REGION, name)
    assert reference.qualifier == qualifier
    assert reference.arn == function_arn(ACCOUNT, REGION, name, qualifier)


@given(st.text(max_size=60))
def test_any_text_is_resolved_or_refused(text: str) -> None:
    try:
        reference = resolve(text, context(), ACTION)
    except ServiceError:
        return
    assert reference.name
    assert text.endswith(reference.name) or reference.qualifier is not None


def test_the_member_qualifier_counts_where_the_name_has_none() -> None:
    assert resolve("hello", context(), ACTION, "prod").qualifier == "prod"
    assert resolve("hello:prod", context(), ACTION, "prod").qualifier == "prod"


def test_two_different_qualifiers_are_refused() -> None:
    error = error_of("hello:prod", "test")
    assert error.error_code == "InvalidParameterValueException"
    assert error.message == (
        "The derived qualifier from the function name does not match the specified qualifier."
    )


def test_another_region_is_out_of_reach() -> None:
    error = error_of(f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:hello")
    assert (error.error_code, error.http_status) == ("ResourceNotFoundException", 404)
    assert error.message == (
        "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"
    )


def test_another_account_is_open_to_what_policies_can_allow() -> None:
    assert resolve(f"{OTHER_ACCOUNT}:function:hello", context(), ACTION).key == (
        OTHER_ACCOUNT,
        REGION,
        "hello",
    )


@pytest.mark.parametrize("action", ["lambda:UpdateFunctionConfiguration", "lambda:AddPermission"])
def test_another_account_is_closed_to_everything_else(action: str) -> None:
    error = error_of(f"{OTHER_ACCOUNT}:function:hello", action=action)
    assert (error.error_code, error.http_status) == ("AccessDeniedException", 403)
    assert f"arn:aws:lambda:{REGION}:{OTHER_ACCOUNT}:function:hello" in error.message


@pytest.mark.parametrize("text", ["", "hello world", "héllo", "a:b:c:d", "arn:aws:s3:::bucket"])
def test_what_is_no_name_is_refused_with_the_pattern(text: str) -> None:
    error = error_of(text)
    assert error.error_code == "ValidationException"
    assert error.message.startswith(
        f"1 validation error detected: Value '{text}' at 'functionName' failed to satisfy "
        "constraint: Member must satisfy regular expression pattern: "
    )


@pytest.mark.parametrize("text", ["hello:prod", "hello.world", "hello:$LATEST"])
def test_a_new_function_cannot_have_a_qualifier_or_a_dot(text: str) -> None:
    with pytest.raises(ServiceError) as caught:
        resolve_new(text, context())
    assert caught.value.error_code == "ValidationException"


def test_a_new_name_has_at_most_64_characters() -> None:
    assert resolve_new("x" * 64, context()).name == "x" * 64
    with pytest.raises(ServiceError) as caught:
        resolve_new("x" * 65, context())
    assert caught.value.error_code == "InvalidParameterValueException"
    assert "Member must have length less than or equal to 64" in caught.value.message
