"""The operations of Amazon S3, one method each; each says where it is done.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from typing import ClassVar

from ingle.auth.authorizer import Authorizer
from ingle.clock import Clock
from ingle.services.s3.absent import Absent
from ingle.services.s3.attributes import Attributes
from ingle.services.s3.buckets import Buckets
from ingle.services.s3.copying import Copies, Copying
from ingle.services.s3.deleting import Deleting
from ingle.services.s3.for_browsers import ForBrowsers
from ingle.services.s3.for_services import ForServices
from ingle.services.s3.forms import Forms
from ingle.services.s3.lifecycle.configuring import Lifecycles
from ingle.services.s3.lifecycle.expiring import Expiry
from ingle.services.s3.listing import Listing
from ingle.services.s3.multipart import Multiparts
from ingle.services.s3.names import bucket_of
from ingle.services.s3.notifications.neighbours import Neighbours
from ingle.services.s3.notifications.notifier import Notifier
from ingle.services.s3.notifications.operations import Notifications
from ingle.services.s3.objects import Objects
from ingle.services.s3.receiving import Receiver
from ingle.services.s3.resources import S3Resources
from ingle.services.s3.settings import Settings
from ingle.services.s3.store import BucketStore
from ingle.services.s3.tagging import Tagging
from ingle.services.s3.uploads import UploadStore
from ingle.services.s3.versions import VersionStore
from ingle.services.s3.website.configuring import WebsiteConfigurations
from ingle.services.s3.website.serving import Websites
from ingle.wire.service import CallContext, Service, ServiceInput, ServiceOutput


class S3Service(Service):
    """Amazon S3, as far as Ingle has it.

    Args:
        store: where buckets are kept.
        authorizer: decides who may do what.
        clock: tells when objects were made.

    Attributes:
        resources: tells of buckets to those that decide who may use them.
        for_services: reads and writes objects for other services.
        for_browsers: what S3 does besides its operations.
        versions: every change of an object; a listener may be told of all of them.
    """

    name: ClassVar[str] = "s3"
    decides: ClassVar[frozenset[str]] = frozenset({"CreateBucket", "DeleteObjects"})

    def __init__(self, store: BucketStore, authorizer: Authorizer, clock: Clock) -> None:
        self.versions = VersionStore(store)
        self.resources = S3Resources(store)
        self._store = store
        self._clock = clock
        self._notifications = Notifications(store, clock)
        receiver = Receiver(store.contents, clock)
        self._buckets = Buckets(store, authorizer, clock)
        self._settings = Settings(store, authorizer)
        self._objects = Objects(store, self.versions, receiver, authorizer, clock)
        self.for_browsers = ForBrowsers(
            store,
            Forms(store, self._objects, authorizer, clock),
            Websites(store, self.versions, self._objects, authorizer),
        )
        self._websites = WebsiteConfigurations(store)
        self._absent = Absent(store)
        copies = Copies(store, self.versions, self._objects, receiver, clock)
        self._copying = Copying(store, self.versions, copies)
        self._deleting = Deleting(store, self.versions, authorizer, clock)
        self._listing = Listing(store)
        uploads = UploadStore(store)
        self._multiparts = Multiparts(store, uploads, self.versions, receiver, copies, clock)
        self._expiry = Expiry(store, self.versions, uploads, clock)
        self._lifecycles = Lifecycles(store, self._expiry)
        self._tagging = Tagging(store, self.versions, self._objects)
        self._attributes = Attributes(store, self.versions, self._objects)
        self.for_services = ForServices(store, self.versions, receiver, authorizer)

    async def keep_lifecycles(self) -> None:
        """Delete what has expired, for as long as this runs."""
        await self._expiry.keep()

    def tell(self, neighbours: Neighbours) -> None:
        """Tell other services of what becomes of objects, as buckets have it."""
        self._notifications.tell(neighbours)
        self.versions.tell(Notifier(neighbours, self._clock))

    async def create_bucket(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a bucket."""
        return await self._buckets.create(context, request)

    async def head_bucket(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Say whether there is a bucket, and where."""
        return await self._buckets.head(context, request)

    async def list_buckets(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the buckets of the caller's account."""
        return await self._buckets.list(context, request)

    async def delete_bucket(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a bucket that is empty."""
        await self._buckets.delete(context, request)

    async def get_bucket_location(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Say in which region a bucket is."""
        return await self._buckets.location(context, request)

    async def put_object(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Store an object."""
        return await self._objects.put(context, request)

    async def get_object(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give an object, or a part of it."""
        return await self._objects.get(context, request)

    async def head_object(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe an object."""
        return await self._objects.head(context, request)

    async def get_object_attributes(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell attributes of an object and of its parts."""
        return await self._attributes.get(context, request)

    async def delete_object(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Delete an object, or a version of it."""
        return await self._deleting.one(context, request)

    async def delete_objects(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Delete up to a thousand objects, each as far as the caller may."""
        return await self._deleting.many(context, request)

    async def copy_object(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make an object of another one."""
        bucket = bucket_of(self._store, context, request)
        return await self._copying.copy(context, request, bucket)

    async def list_objects(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List objects, from a marker on."""
        return await self._listing.objects(context, request)

    async def list_objects_v2(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List objects, from a token on."""
        return await self._listing.objects_v2(context, request)

    async def list_object_versions(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List versions and delete markers."""
        return await self._listing.versions(context, request)

    async def list_multipart_uploads(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List multipart uploads that are under way."""
        return await self._listing.uploads(context, request)

    async def create_multipart_upload(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Begin a multipart upload."""
        return await self._multiparts.create(context, request)

    async def upload_part(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Store a part."""
        return await self._multiparts.put_part(context, request)

    async def upload_part_copy(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a part of another object."""
        return await self._multiparts.copy_part(context, request)

    async def complete_multipart_upload(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Make an object of parts."""
        return await self._multiparts.complete(context, request)

    async def abort_multipart_upload(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """End a multipart upload without an object."""
        return await self._multiparts.abort(context, request)

    async def list_parts(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the parts of an upload."""
        return await self._multiparts.list_parts(context, request)

    async def put_object_tagging(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Set the tags of an object."""
        return await self._tagging.put(context, request)

    async def get_object_tagging(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the tags of an object."""
        return await self._tagging.get(context, request)

    async def delete_object_tagging(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Remove the tags of an object."""
        return await self._tagging.delete(context, request)

    async def get_object_acl(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give the access control list of an object."""
        return await self._tagging.get_acl(context, request)

    async def put_object_acl(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Accept the access control list that every object has."""
        return await self._tagging.put_acl(context, request)

    async def put_bucket_versioning(self, context: CallContext, request: ServiceInput) -> None:
        """Enable or suspend versioning."""
        await self._settings.put_versioning(context, request)

    async def get_bucket_versioning(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Describe the versioning of a bucket."""
        return await self._settings.get_versioning(context, request)

    async def put_bucket_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Set the policy of a bucket."""
        await self._settings.put_policy(context, request)

    async def get_bucket_policy(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give the policy of a bucket."""
        return await self._settings.get_policy(context, request)

    async def delete_bucket_policy(self, context: CallContext, request: ServiceInput) -> None:
        """Delete the policy of a bucket."""
        await self._settings.delete_policy(context, request)

    async def get_bucket_policy_status(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Say whether the policy lets everybody in."""
        return await self._settings.policy_status(context, request)

    async def put_public_access_block(self, context: CallContext, request: ServiceInput) -> None:
        """Set what keeps everybody out."""
        await self._settings.put_public_access(context, request)

    async def get_public_access_block(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Say what keeps everybody out."""
        return await self._settings.get_public_access(context, request)

    async def delete_public_access_block(self, context: CallContext, request: ServiceInput) -> None:
        """Keep nobody out but by policy."""
        await self._settings.delete_public_access(context, request)

    async def put_bucket_ownership_controls(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Set who owns what is put into a bucket."""
        await self._settings.put_ownership(context, request)

    async def get_bucket_ownership_controls(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Say who owns it."""
        return await self._settings.get_ownership(context, request)

    async def delete_bucket_ownership_controls(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Let who puts an object own it."""
        await self._settings.delete_ownership(context, request)

    async def put_bucket_acl(self, context: CallContext, request: ServiceInput) -> None:
        """Accept the access control list that every bucket has."""
        await self._settings.put_acl(context, request)

    async def get_bucket_acl(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give the access control list of a bucket."""
        return await self._settings.get_acl(context, request)

    async def put_bucket_cors(self, context: CallContext, request: ServiceInput) -> None:
        """Set which pages of browsers may use a bucket."""
        await self._settings.put_cors(context, request)

    async def get_bucket_cors(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give these rules."""
        return await self._settings.get_cors(context, request)

    async def delete_bucket_cors(self, context: CallContext, request: ServiceInput) -> None:
        """Delete these rules."""
        await self._settings.delete_cors(context, request)

    async def put_bucket_encryption(self, context: CallContext, request: ServiceInput) -> None:
        """Set how objects are encrypted."""
        await self._settings.put_encryption(context, request)

    async def get_bucket_encryption(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Say how objects are encrypted."""
        return await self._settings.get_encryption(context, request)

    async def delete_bucket_encryption(self, context: CallContext, request: ServiceInput) -> None:
        """Set back how objects are encrypted."""
        await self._settings.delete_encryption(context, request)

    async def put_bucket_tagging(self, context: CallContext, request: ServiceInput) -> None:
        """Set the tags of a bucket."""
        await self._settings.put_tags(context, request)

    async def get_bucket_tagging(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the tags of a bucket."""
        return await self._settings.get_tags(context, request)

    async def delete_bucket_tagging(self, context: CallContext, request: ServiceInput) -> None:
        """Remove the tags of a bucket."""
        await self._settings.delete_tags(context, request)

    async def put_bucket_lifecycle_configuration(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Set by which rules objects expire."""
        return await self._lifecycles.put(context, request)

    async def get_bucket_lifecycle_configuration(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Give these rules."""
        return await self._lifecycles.get(context, request)

    async def delete_bucket_lifecycle(self, context: CallContext, request: ServiceInput) -> None:
        """Delete these rules."""
        await self._lifecycles.delete(context, request)

    async def put_bucket_website(self, context: CallContext, request: ServiceInput) -> None:
        """Make a website of a bucket."""
        await self._websites.put(context, request)

    async def get_bucket_website(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Give the configuration of a website."""
        return await self._websites.get(context, request)

    async def delete_bucket_website(self, context: CallContext, request: ServiceInput) -> None:
        """Let a bucket be a website no more."""
        await self._websites.delete(context, request)

    async def get_bucket_logging(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Say that accesses are not logged."""
        return await self._absent.nothing(context, request)

    async def get_bucket_accelerate_configuration(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Say that transfers are not accelerated."""
        return await self._absent.nothing(context, request)

    async def get_bucket_request_payment(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Say who pays for requests."""
        return await self._absent.payer(context, request)

    async def get_bucket_replication(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Say that nothing is replicated."""
        return await self._absent.replication(context, request)

    async def get_object_lock_configuration(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Say that nothing is locked."""
        return await self._absent.object_lock(context, request)

    async def put_bucket_notification_configuration(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Set whom a bucket tells of what becomes of its objects."""
        await self._notifications.put(context, request)

    async def get_bucket_notification_configuration(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell whom it tells."""
        return await self._notifications.get(context, request)
