"""Server certificates."""

import asyncio
import dataclasses
from typing import Any

from ingle.services.iam import tags
from ingle.services.iam.errors import (
    EntityAlreadyExists,
    no_such,
    over_quota,
)
from ingle.services.iam.ids import Prefix, new_id
from ingle.services.iam.limits import ACCOUNT
from ingle.services.iam.listing import below, page
from ingle.services.iam.model import ServerCertificate
from ingle.services.iam.operations import Operations, seconds
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_KIND = "Server Certificate"


class ServerCertificateOperations(Operations):
    """The operations on server certificates and their tags."""

    async def upload_server_certificate(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Keep a certificate with its private key, which no answer ever holds."""
        name = request["ServerCertificateName"]
        body, chain = request["CertificateBody"], request.get("CertificateChain")
        # Loading a key checks its primes, which takes milliseconds.
        expires_ms = await asyncio.to_thread(_check, body, chain, request["PrivateKey"])
        async with self._locked(context):
            if self._store.server_certificates.get(context.account_id, name) is not None:
                raise _exists(name)
            if self._store.server_certificates.count(context.account_id) >= (
                ACCOUNT.server_certificates
            ):
                raise over_quota("ServerCertificatesPerAccount", ACCOUNT.server_certificates)
            certificate = ServerCertificate(
                account_id=context.account_id,
                name=name,
                unique_id=new_id(Prefix.SERVER_CERTIFICATE),
                path=request.get("Path", "/"),
                uploaded_ms=self._now_ms(),
                expires_ms=expires_ms,
                body=body,
                chain=chain,
                private_key=request["PrivateKey"],
                tags=tags.read(request.get("Tags", ())),
            )
            await self._store.change(put=[self._store.secrets.seal(certificate)])
        answer: ServiceOutput = {"ServerCertificateMetadata": _answer(certificate)}
        if certificate.tags:
            answer["Tags"] = tags.answer(certificate.tags)
        return answer

    async def get_server_certificate(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell of a certificate."""
        certificate = self._certificate(context, request)
        return {
            "ServerCertificate": {
                "ServerCertificateMetadata": _answer(certificate),
                "CertificateBody": certificate.body,
                "CertificateChain": certificate.chain,
                "Tags": tags.answer(certificate.tags),
            }
        }

    async def list_server_certificates(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the certificates, by name."""
        every = self._store.server_certificates.list(context.account_id)
        found, standing = page(
            below(every, lambda each: each.path, request), lambda each: each.name.lower(), request
        )
        return {"ServerCertificateMetadataList": [_answer(each) for each in found], **standing}

    async def update_server_certificate(self, context: CallContext, request: ServiceInput) -> None:
        """Give a certificate another name or path."""
        async with self._locked(context):
            old = self._certificate(context, request)
            name = request.get("NewServerCertificateName", old.name)
            holder = self._store.server_certificates.get(context.account_id, name)
            if holder is not None and holder != old:
                raise _exists(name)
            # What is sealed is bound to the name.
            plain = dataclasses.replace(
                old,
                name=name,
                path=request.get("NewPath", old.path),
                private_key=self._store.secrets.open(old),
            )
            await self._store.change(remove=[old], put=[self._store.secrets.seal(plain)])

    async def delete_server_certificate(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a certificate."""
        async with self._locked(context):
            await self._store.change(remove=[self._certificate(context, request)])

    async def tag_server_certificate(self, context: CallContext, request: ServiceInput) -> None:
        """Add tags to a certificate."""
        async with self._locked(context):
            certificate = self._certificate(context, request)
            new = tags.merged(certificate.tags, request["Tags"])
            await self._store.change(put=[dataclasses.replace(certificate, tags=new)])

    async def untag_server_certificate(self, context: CallContext, request: ServiceInput) -> None:
        """Take tags from a certificate."""
        async with self._locked(context):
            certificate = self._certificate(context, request)
            left = tags.without(certificate.tags, request["TagKeys"])
            await self._store.change(put=[dataclasses.replace(certificate, tags=left)])

    async def list_server_certificate_tags(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the tags of a certificate."""
        return tags.listed(self._certificate(context, request).tags, request)

    def _certificate(self, context: CallContext, request: ServiceInput) -> ServerCertificate:
        name = request["ServerCertificateName"]
        certificate = self._store.server_certificates.get(context.account_id, name)
        if certificate is None:
            raise no_such(_KIND, name)
        return certificate


def _check(body: str, chain: str | None, private_key: str) -> int:
    from ingle.services.iam.certificate_files import check  # takes long to load, and few need it

    return check(body, chain, private_key)


def _exists(name: str) -> EntityAlreadyExists:
    return EntityAlreadyExists(f"The Server Certificate with name {name} already exists.")


def _answer(certificate: ServerCertificate) -> dict[str, Any]:
    return {
        "Path": certificate.path,
        "ServerCertificateName": certificate.name,
        "ServerCertificateId": certificate.unique_id,
        "Arn": certificate.arn,
        "UploadDate": seconds(certificate.uploaded_ms),
        "Expiration": seconds(certificate.expires_ms),
    }
