"""Whom the policies of functions name, and how that is kept.

Users and roles are kept by their unique ids, which AWS shows once they are deleted: one of the same
name that is made anew is not meant.
Sources: https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import json
from collections.abc import Sequence

from ingle.auth.authorizer import Authorizer
from ingle.auth.directory import Directory
from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.policy_documents import Statements


class Principals:
    """Translates the principals of policies.

    Args:
        directory: knows who there is.
        authorizer: says whether faults are let pass.
    """

    def __init__(self, directory: Directory, authorizer: Authorizer) -> None:
        self._directory = directory
        self._authorizer = authorizer

    @property
    def generation(self) -> int:
        """A number that grows with every change that may show a policy otherwise."""
        return self._directory.generation

    def kept(self, statements: Statements) -> Statements:
        """Return statements, which are well formed, as they are to be stored.

        Raises:
            InvalidParameterValue: they name a user or role that an account of this server has not.
        """
        try:
            return _statements(self._directory.kept_policy(_document(statements)))
        except LookupError as error:
            if self._authorizer.forgives(f"There is no principal {error}."):
                return statements
            raise invalid_principal() from error

    def shown(self, statements: Statements) -> Statements:
        """Return stored statements as callers see them."""
        return _statements(self._directory.shown_policy(_document(statements)))


def invalid_principal() -> InvalidParameterValue:
    """Make the error for a principal that is none."""
    return InvalidParameterValue(
        "The provided principal was invalid. Please check the principal and try again."
    )


def _document(statements: Sequence[object]) -> str:
    return json.dumps({"Statement": list(statements)})


def _statements(document: str) -> Statements:
    return tuple(json.loads(document)["Statement"])
