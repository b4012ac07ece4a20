"""Where the server is and how to sign for it, and AWS clients made of that."""

import ipaddress
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ingle.cli.datafolder import KeyPair, read_endpoint, read_key_pair
from ingle.cli.errors import FAILURE, USAGE, CommandError
from ingle.cli.options import DEFAULT_DATA_DIR
from ingle.config import Config

_DEFAULTS = Config()
_CONNECT_TIMEOUT_S = 5
_ANSWER_TIMEOUT_S = 60
_WRONG = "ValidationException"
"""What Ingle's own routes answer where an option has a value that makes no sense."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One server, as a client needs to know it.

    Attributes:
        endpoint: its URL.
        region: the region to work in.
        keys: what to sign with; None leaves it to botocore's usual places.
    """

    endpoint: str
    region: str
    keys: KeyPair | None

    def client(self, service: str, longest_s: int = 0) -> Any:
        """Make an ordinary AWS client, which sends a request once and never again.

        Args:
            service: its name in botocore.
            longest_s: how many seconds the operations themselves may take.
        """
        from botocore.config import Config as ClientConfig
        from botocore.session import Session

        session = Session()
        # The instance's own role is of no use here, and asking for it takes seconds.
        session.set_config_variable("metadata_service_num_attempts", 0)
        return session.create_client(
            service,
            region_name=self.region,
            endpoint_url=self.endpoint,
            aws_access_key_id=self.keys.access_key_id if self.keys else None,
            aws_secret_access_key=self.keys.secret_access_key if self.keys else None,
            config=ClientConfig(
                retries={"total_max_attempts": 1},
                connect_timeout=_CONNECT_TIMEOUT_S,
                read_timeout=longest_s + _ANSWER_TIMEOUT_S,
                # A proxy that the environment names cannot reach this machine's own address.
                proxies={} if _is_loopback(self.endpoint) else None,
            ),
        )

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        service: str = "iam",
        longest_s: int = 0,
    ) -> Any:
        """Send a signed request to one of Ingle's own routes, and return its JSON answer.

        Args:
            method: the verb.
            path: the route, for instance `/_ingle/accounts`.
            body: what to send as JSON, if anything.
            service: the one that it is signed for.
            longest_s: how many seconds what it asks for may take.

        Raises:
            CommandError: the server refuses it.
        """
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.exceptions import NoCredentialsError
        from botocore.httpsession import URLLib3Session
        from botocore.session import Session

        session = Session()
        session.set_config_variable("metadata_service_num_attempts", 0)
        if self.keys is not None:
            session.set_credentials(self.keys.access_key_id, self.keys.secret_access_key)
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        request = AWSRequest(
            method=method,
            url=self.endpoint + path,
            data=json.dumps(body).encode() if body is not None else b"",
        )
        SigV4Auth(credentials, service, self.region).add_auth(request)
        answer = URLLib3Session(
            timeout=(_CONNECT_TIMEOUT_S, longest_s + _ANSWER_TIMEOUT_S),
            proxies={} if _is_loopback(self.endpoint) else None,
        ).send(request.prepare())
        content = json.loads(answer.content)
        if answer.status_code >= 400:
            kind = content["__type"]
            status = USAGE if kind == _WRONG else FAILURE
            raise CommandError(f"{content['message']} ({kind})", status=status)
        return content

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn what a client raises into errors for the person at the terminal.

        Raises:
            CommandError: the server cannot be reached, refuses the request, or is no Ingle.
        """
        from botocore import exceptions as aws
        from botocore.parsers import ResponseParserError

        try:
            yield
        except aws.ClientError as error:
            answer = error.response["Error"]
            if answer["Code"].isdigit():  # the HTTP status, where botocore found no AWS error
                raise CommandError(
                    f"{self.endpoint} answered {answer['Code']}, not as AWS does",
                    "is it the address of an Ingle?",
                ) from error
            raise CommandError(
                f"{error.operation_name}: {answer.get('Message') or 'refused'} ({answer['Code']})"
            ) from error
        except aws.ParamValidationError as error:
            raise CommandError(str(error), status=USAGE) from error
        except (aws.NoCredentialsError, aws.PartialCredentialsError, aws.ProfileNotFound) as error:
            raise CommandError(
                str(error).rstrip("."), 'set them with `eval "$(ingle env)"`'
            ) from error
        except (aws.ConnectionError, aws.ConnectionClosedError) as error:
            raise CommandError(
                f"no Ingle answers at {self.endpoint}", "start one with `ingle serve`"
            ) from error
        except (aws.BotoCoreError, ResponseParserError, ValueError) as error:
            raise CommandError(
                f"{self.endpoint} cannot be used: {error}", "is it the address of an Ingle?"
            ) from error
        except KeyError as error:  # botocore takes any JSON, or none, for an answer
            raise CommandError(
                f"the answer of {self.endpoint} lacks {error}", "is it the address of an Ingle?"
            ) from error


def connect(endpoint_url: str | None, data_dir: Path | None, region: str | None) -> Connection:
    """Find the server: by options, then by AWS's environment variables, then by the data folder.

    Address, region and keys come from the same place, so that one shell's leftovers do not mix
    with another's server.

    Args:
        endpoint_url: the `--endpoint-url` option.
        data_dir: the `--data-dir` option.
        region: the `--region` option.

    Raises:
        CommandError: none of them leads to a server.
    """
    environment = os.environ
    url = endpoint_url
    if url is None and data_dir is None:
        url = environment.get("AWS_ENDPOINT_URL_LAMBDA") or environment.get("AWS_ENDPOINT_URL")
    if url is None:
        folder = data_dir or DEFAULT_DATA_DIR
        note = read_endpoint(folder)
        return Connection(
            endpoint=note.endpoint,
            region=region or note.region,
            keys=read_key_pair(folder),
        )
    return Connection(
        endpoint=_checked(url),
        region=region
        or environment.get("AWS_REGION")
        or environment.get("AWS_DEFAULT_REGION")
        or _DEFAULTS.region,
        keys=_keys_for_url(data_dir),
    )


def _keys_for_url(data_dir: Path | None) -> KeyPair | None:
    """Prefer the folder that was named, then AWS's own places, then the default folder."""
    if data_dir is not None:
        return read_key_pair(data_dir)
    if "AWS_ACCESS_KEY_ID" in os.environ or "AWS_PROFILE" in os.environ:
        return None
    if (DEFAULT_DATA_DIR / "credentials").exists():
        return read_key_pair(DEFAULT_DATA_DIR)
    return None


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise CommandError(
            f"{url!r} is not the address of a server",
            "give one like http://127.0.0.1:4566",
            USAGE,
        )
    return url


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
