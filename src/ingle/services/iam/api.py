"""IAM: one class of operations, put together from those of its nouns.

An operation is where its noun is: CreateRole is `create_role` in `roles.py`. Those on tags are with
what has the tags.
Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html.
"""

from typing import ClassVar

from ingle.services.iam.access_keys import AccessKeyOperations
from ingle.services.iam.account import AccountOperations
from ingle.services.iam.attachments import AttachmentOperations
from ingle.services.iam.authorization_details import AuthorizationDetailOperations
from ingle.services.iam.boundaries import BoundaryOperations
from ingle.services.iam.groups import GroupOperations
from ingle.services.iam.inline_policies import InlinePolicyOperations
from ingle.services.iam.instance_profiles import InstanceProfileOperations
from ingle.services.iam.login_profiles import LoginProfileOperations
from ingle.services.iam.managed_policies import ManagedPolicyOperations
from ingle.services.iam.mfa_devices import MfaDeviceOperations
from ingle.services.iam.oidc_providers import OidcProviderOperations
from ingle.services.iam.roles import RoleOperations
from ingle.services.iam.server_certificates import ServerCertificateOperations
from ingle.services.iam.service_linked import ServiceLinkedRoleOperations
from ingle.services.iam.simulation import SimulationOperations
from ingle.services.iam.users import UserOperations
from ingle.wire.service import Service


class IamService(
    UserOperations,
    AccessKeyOperations,
    LoginProfileOperations,
    MfaDeviceOperations,
    GroupOperations,
    RoleOperations,
    ServiceLinkedRoleOperations,
    BoundaryOperations,
    InlinePolicyOperations,
    AttachmentOperations,
    ManagedPolicyOperations,
    InstanceProfileOperations,
    AuthorizationDetailOperations,
    ServerCertificateOperations,
    OidcProviderOperations,
    AccountOperations,
    SimulationOperations,
    Service,
):
    """IAM, as far as Ingle has it. Every region has the same identities."""

    name: ClassVar[str] = "iam"
