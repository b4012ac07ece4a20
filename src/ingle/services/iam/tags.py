"""Tags: read from requests, changed and listed.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ingle.services.iam.errors import InvalidInput, LimitExceeded
from ingle.services.iam.limits import EACH
from ingle.services.iam.listing import page

Tags = Mapping[str, str]


def read(given: Iterable[Mapping[str, str]], any_case: bool = False) -> dict[str, str]:
    """Return the tags of a request by key.

    Args:
        given: the member `Tags`.
        any_case: keys that differ in case only are the same, as those of users and roles are.

    Raises:
        InvalidInput: a key is there twice, or is AWS's.
        LimitExceeded: they are too many.
    """
    return merged({}, given, any_case)


def merged(
    present: Tags, given: Iterable[Mapping[str, str]], any_case: bool = False
) -> dict[str, str]:
    """Return tags with those of a request added, in place of those with the same keys.

    Raises:
        InvalidInput: a key is there twice, or is AWS's.
        LimitExceeded: they are too many.
    """
    new: dict[str, str] = {}
    for tag in given:
        key = tag["Key"]
        if key.lower().startswith("aws:"):
            raise InvalidInput(f"The tag key {key} begins with aws:, which is reserved for AWS.")
        if _is_among(key, new, any_case):
            more = " Please note that Tag keys are case insensitive." if any_case else ""
            raise InvalidInput(f"Duplicate tag keys found.{more}")
        new[key] = tag["Value"]
    kept = {key: value for key, value in present.items() if not _is_among(key, new, any_case)}
    order = {key: new.get(key, kept.get(key, "")) for key in present if key in new or key in kept}
    every = order | new
    if len(every) > EACH.tags:
        raise LimitExceeded("The number of tags has reached the maximum limit.")
    return every


def without(present: Tags, keys: Iterable[str], any_case: bool = False) -> dict[str, str]:
    """Return tags without those of some keys."""
    gone = dict.fromkeys(keys, "")
    return {key: value for key, value in present.items() if not _is_among(key, gone, any_case)}


def answer(tags: Tags) -> list[dict[str, str]]:
    """Write tags as answers have them, by key."""
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def listed(tags: Tags, request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer an operation that lists tags."""
    found, standing = page(answer(tags), lambda tag: tag["Key"], request)
    return {"Tags": found, **standing}


def _is_among(key: str, tags: Iterable[str], any_case: bool) -> bool:
    if not any_case:
        return key in tags
    return key.lower() in {each.lower() for each in tags}
