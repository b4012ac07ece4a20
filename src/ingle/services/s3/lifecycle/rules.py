"""What lifecycle rules say of an object.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from urllib.parse import quote

from ingle.services.s3.model import Bucket, Multipart, Version

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Rule:
    """An enabled rule.

    Attributes:
        id: its name.
        prefix: how the keys begin that it is about.
        tags: what the objects are tagged with.
        larger: how many bytes they have more than; None for any number.
        smaller: how many bytes they have less than; likewise.
        days: after how many an object expires; None for never.
        date_ms: from when on objects expire; None for never.
        markers: whether delete markers go that hide nothing any more.
        noncurrent_days: after how many a version goes that is not the latest; None for never.
        newer: how many of these stay in any case.
        abort_days: after how many an upload is aborted; None for never.
    """

    id: str
    prefix: str
    tags: Mapping[str, str]
    larger: int | None
    smaller: int | None
    days: int | None
    date_ms: int | None
    markers: bool
    noncurrent_days: int | None
    newer: int
    abort_days: int | None

    def covers(self, version: Version) -> bool:
        """Say whether it is about a version; about delete markers by their keys only."""
        if not version.key.startswith(self.prefix):
            return False
        if version.is_marker:
            return not self.tags and self.larger is None and self.smaller is None
        return (
            self.tags.items() <= version.facts.tags.items()
            and (self.larger is None or version.size > self.larger)
            and (self.smaller is None or version.size < self.smaller)
        )

    def expires_ms(self, version: Version) -> int | None:
        """When an object expires that it covers; None for never."""
        if self.days is not None:
            return midnight_after(version.modified_ms, self.days)
        return self.date_ms


def rules_of(bucket: Bucket) -> Sequence[Rule]:
    """Return the enabled rules of a bucket."""
    found = bucket.settings.get("lifecycle", {}).get("Rules", ())
    return [_rule(each) for each in found if each["Status"] == "Enabled"]


def midnight_after(start_ms: int, days: int) -> int:
    """Return the midnight, in UTC, that follows so many days after a time."""
    return ((start_ms + days * DAY_MS) // DAY_MS + 1) * DAY_MS


def expiration(version: Version, bucket: Bucket) -> dict[str, str]:
    """Tell when an object expires and by which rule, as answers do; nothing where it does not."""
    if version.is_marker or not version.is_latest:
        return {}
    due = [
        (when, rule.id)
        for rule in rules_of(bucket)
        if rule.covers(version) and (when := rule.expires_ms(version)) is not None
    ]
    if not due:
        return {}
    when, rule_id = min(due)
    date = formatdate(when / 1000, usegmt=True)
    return {"Expiration": f'expiry-date="{date}", rule-id="{quote(rule_id)}"'}


def abortion(upload: Multipart, bucket: Bucket) -> dict[str, Any]:
    """Tell when an upload is aborted and by which rule, as answers do."""
    due = [
        (midnight_after(upload.initiated_ms, rule.abort_days), rule.id)
        for rule in rules_of(bucket)
        if rule.abort_days is not None and upload.key.startswith(rule.prefix)
    ]
    if not due:
        return {}
    when, rule_id = min(due)
    return {"AbortDate": when // 1000, "AbortRuleId": rule_id}


def _rule(told: Mapping[str, Any]) -> Rule:
    found = told.get("Filter", {})
    narrowing = found.get("And", found)
    tags = [*narrowing.get("Tags", ()), *([found["Tag"]] if "Tag" in found else ())]
    expires = told.get("Expiration", {})
    noncurrent = told.get("NoncurrentVersionExpiration", {})
    date = expires.get("Date")
    return Rule(
        told["ID"],
        told.get("Prefix") or narrowing.get("Prefix") or "",
        {tag["Key"]: tag["Value"] for tag in tags},
        narrowing.get("ObjectSizeGreaterThan"),
        narrowing.get("ObjectSizeLessThan"),
        expires.get("Days"),
        None if date is None else int(date * 1000),
        bool(expires.get("ExpiredObjectDeleteMarker")),
        noncurrent.get("NoncurrentDays"),
        noncurrent.get("NewerNoncurrentVersions") or 0,
        told.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation"),
    )
