"""Published versions of functions.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html,
https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html.
"""

import uuid
from dataclasses import replace

from ingle.services.lambda_ import answers
from ingle.services.lambda_.account import Account
from ingle.services.lambda_.errors import InvalidParameterValue, PreconditionFailed
from ingle.services.lambda_.image_model import CREATING, CREATING_REASON
from ingle.services.lambda_.intakes import check_settled
from ingle.services.lambda_.later import refuse_later
from ingle.services.lambda_.listing import listed
from ingle.services.lambda_.lookup import existing
from ingle.services.lambda_.model import PENDING, Function, FunctionKey
from ingle.services.lambda_.names import resolve_latest
from ingle.services.lambda_.snapshots import Snapshots
from ingle.services.lambda_.snapstart import has_snapshots
from ingle.services.lambda_.store import LambdaStore
from ingle.services.locks import KeyedLocks
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput


class Versions:
    """The operations on published versions.

    Args:
        store: where they are kept.
        account: says how much code the account may have.
        changing: the lock of each function.
        snapshots: makes those of versions with SnapStart.
    """

    def __init__(
        self,
        store: LambdaStore,
        account: Account,
        changing: KeyedLocks[FunctionKey],
        snapshots: Snapshots,
    ) -> None:
        self._snapshots = snapshots
        self._store = store
        self._account = account
        self._changing = changing

    async def publish(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Publish `$LATEST` as it is; if it has not changed since the last time, answer that."""
        reference = resolve_latest(request["FunctionName"], context, "lambda:PublishVersion")
        refuse_later(request, "function")
        async with self._changing(reference.key):
            function = existing(self._store, reference)
            check_revision(function, request)
            check_settled(function)
            _check_digest(function, request)
            version = unchanged(self._store, function)
            if version is None:
                self._account.check_code_storage(reference.key, function.package.size)
                latest, version = published(function, request.get("Description"))
                await self._store.replace(latest, version)
                self._snapshots.take(version)
        return answers.configuration(version, version.version)

    async def list(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List a function's versions: `$LATEST`, then the published ones, at most 50 a page."""
        reference = resolve_latest(
            request["FunctionName"], context, "lambda:ListVersionsByFunction"
        )
        existing(self._store, reference)
        return listed(
            "Versions",
            self._store.versions(reference.key),
            lambda each: f"{each.number:010}",
            lambda each: answers.listed_configuration(each, each.version),
            request,
            "ListVersionsByFunction",
        )


def unchanged(store: LambdaStore, function: Function) -> Function | None:
    """Return the version that was published last, if `$LATEST` is still what it was then."""
    return None if function.changed else store.version(function.key, str(function.last_version))


def published(function: Function, description: str | None = None) -> tuple[Function, Function]:
    """Make a new version of `$LATEST`.

    Args:
        function: `$LATEST` as it is.
        description: the version's own, if it has one.

    Returns:
        `$LATEST` as it is afterwards, and the version.
    """
    number = function.last_version + 1
    latest = replace(function, revision_id=str(uuid.uuid4()), last_version=number, changed=False)
    version = replace(
        function,
        version=str(number),
        revision_id=str(uuid.uuid4()),
        content_id=str(uuid.uuid4()),
        description=function.description if description is None else description,
        tags={},
        last_version=0,
        changed=False,
        image_update=None,
    )
    if has_snapshots(version):
        version = replace(
            version,
            state=PENDING,
            state_reason=CREATING_REASON,
            state_reason_code=CREATING,
        )
    return latest, version


def check_revision(function: Function, request: ServiceInput) -> None:
    """Check the member RevisionId of a request.

    Raises:
        PreconditionFailed: it is not the function's latest.
    """
    expected = request.get("RevisionId")
    if expected and expected != function.revision_id:
        raise PreconditionFailed


def _check_digest(function: Function, request: ServiceInput) -> None:
    expected, digest = request.get("CodeSha256"), answers.function_sha256(function)
    if expected and expected != digest:
        raise InvalidParameterValue(
            f"CodeSHA256 ({expected}) is different from current CodeSHA256 in $LATEST ({digest}). "
            "Please try again with the CodeSHA256 in $LATEST."
        )
