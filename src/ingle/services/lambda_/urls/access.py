"""Who may call a function URL.

A caller needs two permissions: `lambda:InvokeFunctionUrl`, and, since October 2025,
`lambda:InvokeFunction`. Where nobody signs (`NONE`), the function's policy must give both to
everybody; one who signs (`AWS_IAM`) has them of its own policies or of the function's, and one of
another account needs them of both.

Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
"""

from ingle.auth.authorizer import Authorizer
from ingle.auth.keys import Identity
from ingle.iam.principal import ANONYMOUS
from ingle.services.lambda_.names import INVOKE
from ingle.services.lambda_.urls.model import FunctionUrl
from ingle.wire.http import Request

ACTIONS = ("lambda:InvokeFunctionUrl", INVOKE)


def check_may_call(
    authorizer: Authorizer,
    url: FunctionUrl,
    request: Request,
    caller: Identity | None,
    request_id: str,
) -> None:
    """Check that a caller may call a function URL.

    Args:
        authorizer: decides.
        url: the function URL.
        request: the request to it.
        caller: who signed it; None where nobody had to.
        request_id: names the call.

    Raises:
        ServiceError: it may not.
    """
    identity = caller or Identity("", ANONYMOUS, url.region, "lambda")
    keys = {
        "lambda:functionarn": (url.arn,),
        "lambda:functionurlauthtype": (url.auth_type,),
        "lambda:invokedviafunctionurl": ("true",),
    }
    for action in ACTIONS:
        authorizer.require_of(identity, request, action, url.arn, keys, request_id=request_id)
