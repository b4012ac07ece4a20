"""Code signing configurations, and which functions have them.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html. Signatures are
AWS Signer's, which leaves them with packages in S3; a package that is uploaded has none. So a
policy of `Enforce` refuses every upload, and with `Warn` the server's log tells of each.
"""

import contextlib
import logging
import secrets
import string
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ingle.clock import Clock
from ingle.services.lambda_ import answers
from ingle.services.lambda_.code_signing_store import CodeSigning, CodeSigningConfig, ConfigKey
from ingle.services.lambda_.errors import (
    AccessDenied,
    CodeSigningConfigNotFound,
    CodeVerificationFailed,
    ResourceConflict,
    ResourceNotFound,
)
from ingle.services.lambda_.listing import listed
from ingle.services.lambda_.lookup import existing
from ingle.services.lambda_.model import Function, FunctionKey, UsedLayer
from ingle.services.lambda_.names import Reference, function_arn, resolve_whole
from ingle.services.lambda_.package_types import CODE_SIGNING, refuse_image
from ingle.services.lambda_.settings import checked_tags
from ingle.services.lambda_.store import LambdaStore
from ingle.services.locks import KeyedLocks
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_ALPHABET = string.ascii_lowercase + string.digits
_ID_LENGTH = 17
_WARN, _ENFORCE = "Warn", "Enforce"
_logger = logging.getLogger("ingle.code_signing")


class CodeSigningConfigs:
    """The operations on code signing configurations.

    Args:
        store: where they and functions are kept.
        changing: the lock of each function.
        clock: the time.
    """

    def __init__(self, store: LambdaStore, changing: KeyedLocks[FunctionKey], clock: Clock) -> None:
        self._store = store
        self._changing = changing
        self._changing_configs: KeyedLocks[ConfigKey] = KeyedLocks()
        self._clock = clock

    async def create(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make a configuration."""
        config = CodeSigningConfig(
            account_id=context.account_id,
            region=context.region,
            config_id="csc-" + "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH)),
            description=request.get("Description"),
            publishers=_publishers(request),
            policy=_policy(request) or _WARN,
            last_modified_ms=self._now_ms(),
            tags=checked_tags(request.get("Tags", {})),
        )
        await self._store.code_signing_configs.put(config)
        return {"CodeSigningConfig": _described(config)}

    async def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe a configuration."""
        config = self.existing(
            request["CodeSigningConfigArn"], context, "lambda:GetCodeSigningConfig"
        )
        return {"CodeSigningConfig": _described(config)}

    async def update(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Change what the request names; what functions run stays."""
        arn, action = request["CodeSigningConfigArn"], "lambda:UpdateCodeSigningConfig"
        async with self._changing_configs(_key(arn, context, action)):
            config = self.existing(arn, context, action)
            config = replace(
                config,
                description=request.get("Description", config.description),
                publishers=_publishers(request)
                if "AllowedPublishers" in request
                else config.publishers,
                policy=_policy(request) or config.policy,
                last_modified_ms=self._now_ms(),
            )
            await self._store.code_signing_configs.put(config)
        return {"CodeSigningConfig": _described(config)}

    async def delete(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Delete a configuration that no function has."""
        arn, action = request["CodeSigningConfigArn"], "lambda:DeleteCodeSigningConfig"
        async with self._changing_configs(_key(arn, context, action)):
            config = self.existing(arn, context, action)
            if self._functions(config):
                raise ResourceConflict(
                    "Cannot delete the CodeSigningConfig since it is associated with a function."
                )
            await self._store.code_signing_configs.remove(config)
        return {}

    async def retag(
        self,
        arn: str,
        context: CallContext,
        action: str,
        change: Callable[[Mapping[str, str]], dict[str, str]],
    ) -> None:
        """Give a configuration the tags that `change` makes of those that it has.

        Raises:
            ResourceNotFound: there is no such configuration.
            AccessDenied: it is another account's.
        """
        async with self._changing_configs(_key(arn, context, action)):
            config = self.existing(arn, context, action)
            await self._store.code_signing_configs.put(replace(config, tags=change(config.tags)))

    async def list(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the configurations of the caller's account and region, at most 50 a page."""
        return listed(
            "CodeSigningConfigs",
            self._store.code_signing_configs.list(context.account_id, context.region),
            lambda each: each.config_id,
            _described,
            request,
            "ListCodeSigningConfigs",
        )

    async def list_functions(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the functions that have a configuration, at most 50 a page."""
        config = self.existing(
            request["CodeSigningConfigArn"], context, "lambda:ListFunctionsByCodeSigningConfig"
        )
        return listed(
            "FunctionArns",
            self._functions(config),
            lambda key: key[2],
            lambda key: function_arn(*key),
            request,
            "ListFunctionsByCodeSigningConfig",
        )

    async def put_of_function(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Give a function a configuration, which its next package must satisfy."""
        action = "lambda:PutFunctionCodeSigningConfig"
        reference = resolve_whole(request["FunctionName"], context, action)
        config = self.named(request["CodeSigningConfigArn"], context, action)
        async with self.keeping(config), self._changing(reference.key):
            refuse_image(existing(self._store, reference), CODE_SIGNING)
            await self.attach(reference.key, config)
        return {"CodeSigningConfigArn": config.arn, "FunctionName": reference.name}

    async def get_of_function(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell which configuration a function has; none where it has none."""
        reference = self._function(request, context, "lambda:GetFunctionCodeSigningConfig")
        config = self._of(reference.key)
        if config is None:
            return {}
        return {"CodeSigningConfigArn": config.arn, "FunctionName": reference.name}

    async def delete_of_function(self, context: CallContext, request: ServiceInput) -> None:
        """Let a function go without a configuration."""
        reference = self._function(request, context, "lambda:DeleteFunctionCodeSigningConfig")
        async with self._changing(reference.key):
            await self._store.code_signing.remove(reference.key, "")

    @contextlib.asynccontextmanager
    async def keeping(self, config: CodeSigningConfig | None) -> AsyncIterator[None]:
        """Have nobody delete a configuration meanwhile; to be entered before a function's lock.

        Args:
            config: which, or None for none.

        Raises:
            CodeSigningConfigNotFound: it was deleted a moment ago.
        """
        if config is None:
            yield
            return
        async with self._changing_configs(config.key):
            if self._store.code_signing_configs.get(config.key) is None:
                raise CodeSigningConfigNotFound(config.arn)
            yield

    async def attach(self, key: FunctionKey, config: CodeSigningConfig) -> None:
        """Give a function a configuration; the function exists and is locked, the other is kept."""
        await self._store.code_signing.put(CodeSigning(key=key, config_id=config.config_id))

    def existing(self, arn: str, context: CallContext, action: str) -> CodeSigningConfig:
        """Find the configuration that a request is about.

        Raises:
            ResourceNotFound: there is none.
            AccessDenied: it is another account's.
        """
        config = self._store.code_signing_configs.get(_key(arn, context, action))
        if config is None:
            raise ResourceNotFound(f"The Lambda code signing configuration {arn} can not be found.")
        return config

    def named(self, arn: str, context: CallContext, action: str) -> CodeSigningConfig:
        """Find the configuration that a function is to have.

        Raises:
            CodeSigningConfigNotFound: there is none.
            AccessDenied: it is another account's.
        """
        config = self._store.code_signing_configs.get(_key(arn, context, action))
        if config is None:
            raise CodeSigningConfigNotFound(arn)
        return config

    def check(self, name: str, config: CodeSigningConfig | None) -> None:
        """Check whether a function with this configuration may get an uploaded package.

        Raises:
            CodeVerificationFailed: it may not.
        """
        if config is None:
            return
        if config.policy == _ENFORCE:
            raise CodeVerificationFailed(
                "Lambda cannot deploy the function. The function or layer might be signed using a "
                "signature that the client is not configured to accept. Check the provided "
                f"signature for {name}."
            )
        _logger.warning("%s gets a package without a signature, as %s allows", name, config.arn)

    def check_update(self, key: FunctionKey) -> None:
        """Check whether a function may get an uploaded package.

        Raises:
            CodeVerificationFailed: it may not.
        """
        self.check(key[2], self._of(key))

    def check_layers(self, function: Function, layers: Sequence[UsedLayer]) -> None:
        """Check whether a function may have these layers, some of which it may have already.

        Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html

        Raises:
            CodeVerificationFailed: it may not.
        """
        has = {layer.arn for layer in function.layers}
        if any(layer.arn not in has for layer in layers):
            self.check_update(function.key)

    def _of(self, key: FunctionKey) -> CodeSigningConfig | None:
        own = self._store.code_signing.get(key, "")
        account_id, region, _ = key
        configs = self._store.code_signing_configs
        return None if own is None else configs.get((account_id, region, own.config_id))

    def _functions(self, config: CodeSigningConfig) -> Sequence[FunctionKey]:
        return sorted(
            each.key
            for each in self._store.code_signing.all()
            if (*each.key[:2], each.config_id) == config.key
        )

    def _function(self, request: ServiceInput, context: CallContext, action: str) -> Reference:
        reference = resolve_whole(request["FunctionName"], context, action)
        existing(self._store, reference)
        return reference

    def _now_ms(self) -> int:
        return int(self._clock.time() * 1000)


def _key(arn: str, context: CallContext, action: str) -> ConfigKey:
    """Take apart an ARN, whose form the model has checked."""
    _, _, _, region, account_id, _, config_id = arn.split(":")
    if account_id != context.account_id:
        raise AccessDenied(context.principal_arn, action, arn)
    return account_id, region, config_id


def _publishers(request: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(request["AllowedPublishers"]["SigningProfileVersionArns"])


def _policy(request: Mapping[str, Any]) -> str | None:
    policy: str | None = request.get("CodeSigningPolicies", {}).get("UntrustedArtifactOnDeployment")
    return policy


def _described(config: CodeSigningConfig) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "CodeSigningConfigId": config.config_id,
        "CodeSigningConfigArn": config.arn,
        "AllowedPublishers": {"SigningProfileVersionArns": list(config.publishers)},
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": config.policy},
        "LastModified": answers.lambda_time(config.last_modified_ms),
    }
    if config.description is not None:
        answer["Description"] = config.description
    return answer
