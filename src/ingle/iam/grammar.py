"""What a policy document must be like, and IAM's words for what is wrong with one.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
from collections.abc import Mapping
from typing import Any

SYNTAX = "Syntax errors in policy."


class MalformedPolicy(Exception):
    """A policy document breaks the rules; the message is IAM's."""


def load_document(document: str | Mapping[str, Any]) -> Mapping[str, Any]:
    """Read a policy document.

    Raises:
        MalformedPolicy: it is no JSON object.
    """
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            raise MalformedPolicy(SYNTAX) from None
    if not isinstance(document, Mapping):
        raise MalformedPolicy(SYNTAX)
    return document
