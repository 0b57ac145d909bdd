"""Who joins from elsewhere, by a service account's token: the API server is asked whose it is.

A token that Kubernetes projects into a gateway's pod names the audience `pylae`, so that one which was made for another
service, or stolen from one, is of no use here.

Source: Kubernetes, "Managing Service Accounts" and "TokenReview v1 authentication.k8s.io".
"""

import asyncio
import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc

from pylae.api.meta import Object
from pylae.api.scheme import Kind
from pylae.controlplane.discovery.identity import Identity, NotAdmittedError, unauthenticated
from pylae.kube.client import Client
from pylae.kube.errors import KubeError

AUDIENCE = "pylae"
LONGEST = timedelta(hours=1)
"""For how long a token is believed: it may be revoked, or its account deleted."""

AT_ONCE = 16
"""Tokens that are asked about at the same time: whoever reaches the port may send as many as he likes, and is not to
keep the API server busy."""

TOKEN_REVIEW = Kind(
    "authentication.k8s.io", ("v1",), "TokenReview", "tokenreviews", "tokenreview", Object, namespaced=False
)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tokens:
    """Knows a client by the bearer token in the metadata of its stream."""

    client: Client
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE), repr=False, compare=False)

    async def identify(self, context: Any, now: datetime) -> Identity:
        """Raises `NotAdmittedError`."""
        token = _bearer(context)
        async with self._room:
            status = await self._review(token)
        if not status.get("authenticated") or AUDIENCE not in (status.get("audiences") or ()):
            raise unauthenticated(f"The token is not valid, or not for the audience {AUDIENCE}.")
        return _identity(status.get("user") or {}, min(_expires(token), now + LONGEST))

    async def _review(self, token: str) -> Json:
        document = {
            "apiVersion": TOKEN_REVIEW.api_version,
            "kind": TOKEN_REVIEW.kind,
            "spec": {"token": token, "audiences": [AUDIENCE]},
        }
        try:
            return (await self.client.create(TOKEN_REVIEW, "", document)).get("status") or {}
        except KubeError as error:
            message = f"The token could not be checked, try again: {error}"
            raise NotAdmittedError(grpc.StatusCode.UNAVAILABLE, message) from None


def _bearer(context: Any) -> str:
    for name, value in context.invocation_metadata() or ():
        scheme, _, token = (value if isinstance(value, str) else "").partition(" ")
        if name == "authorization" and scheme.lower() == "bearer" and token:
            return token
    raise unauthenticated(f"No token was shown: `authorization: Bearer` with a token for the audience {AUDIENCE}.")


def _identity(user: Json, expires: datetime) -> Identity:
    match str(user.get("username", "")).split(":"):
        case ["system", "serviceaccount", namespace, account] if namespace and account:
            return Identity(namespace, account, expires)
        case _:
            raise unauthenticated("The token is none of a service account.")


def _expires(token: str) -> datetime:
    """What a token says of its end, which the API server vouched for; for ever where it says nothing."""
    try:
        _, payload, _ = token.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return datetime.fromtimestamp(claims["exp"], UTC)
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return datetime.max.replace(tzinfo=UTC)
