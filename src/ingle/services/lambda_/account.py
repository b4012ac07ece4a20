"""What an account may use in a region, and what it does use.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html.
"""

from typing import TYPE_CHECKING

from ingle.services.lambda_.errors import CodeStorageExceeded
from ingle.services.lambda_.limits import ACCOUNT, PACKAGE
from ingle.services.lambda_.store import LambdaStore
from ingle.wire.service import CallContext, ServiceOutput

if TYPE_CHECKING:
    from ingle.invoke.admission import Admission


class Account:
    """The limits of accounts, all of which have the same.

    Args:
        store: says what is used.
        admission: says how many invocations may run at once.
    """

    def __init__(self, store: LambdaStore, admission: "Admission") -> None:
        self._store = store
        self._admission = admission

    def settings(self, context: CallContext) -> ServiceOutput:
        """Describe the limits and the use of the caller's account in the region."""
        account_id, region = context.account_id, context.region
        return {
            "AccountLimit": {
                "TotalCodeSize": ACCOUNT.code_bytes,
                "CodeSizeUnzipped": PACKAGE.unzipped_bytes,
                "CodeSizeZipped": PACKAGE.zipped_bytes,
                "ConcurrentExecutions": self._admission.limit,
                "UnreservedConcurrentExecutions": self._admission.unclaimed(account_id, region),
            },
            "AccountUsage": {
                "TotalCodeSize": self._store.code_size(account_id, region),
                "FunctionCount": len(self._store.functions(account_id, region)),
            },
        }

    def check_code_storage(self, key: tuple[str, str, str], more: int) -> None:
        """Check that so many bytes more of packages can be stored.

        Args:
            key: of the function or layer that they are of, which says whose they are.
            more: how many bytes.

        Raises:
            CodeStorageExceeded: they cannot.
        """
        if self._store.code_size(*key[:2]) + more > ACCOUNT.code_bytes:
            raise CodeStorageExceeded("Code storage limit exceeded.")
