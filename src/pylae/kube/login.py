"""Who we are to an API server: what goes with each request, and what may be better after a refusal."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from pylae.api.scalars import SecretText
from pylae.kube.connection import Connection
from pylae.kube.plugin import Credential, Plugin, run


@dataclass(frozen=True, slots=True)
class Proof:
    """`tls` holds our certificate, if we have one; None for a server without TLS."""

    headers: Mapping[str, str] = field(repr=False)
    tls: ssl.SSLContext | None


def utc_now() -> datetime:
    return datetime.now(UTC)


class Login:
    """Makes a `Proof` for each request. A plugin is run once for all that wait for it."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime] = utc_now) -> None:
        self._connection = connection
        self._clock = clock
        self._tls = None if connection.socket else connection.ssl_context()
        self._asking = asyncio.Lock()
        self._credential: Credential | None = None
        self._proof: Proof | None = None
        """What follows from the plugin's credential."""

    async def proof(self) -> Proof:
        """Raises `UnusableCredentials`, `PluginError`."""
        if (plugin := self._connection.plugin) is None:
            return Proof(self._connection.headers(), self._tls)
        async with self._asking:
            if self._proof is None or self._is_over():
                self._proof = self._made(await self._asked(plugin))
            return self._proof

    async def may_pass(self, refused: Proof) -> bool:
        """After 401: whether the same request may pass with another proof. A token in a file may be a new one by now,
        and a plugin is asked again."""
        if self._connection.plugin is None:
            return dict(self._connection.headers()) != dict(refused.headers)
        if self._proof is refused:
            self._proof = None
        return True

    async def _asked(self, plugin: Plugin) -> Credential:
        self._credential = await run(plugin)
        return self._credential

    def _is_over(self) -> bool:
        expires = self._credential.expires if self._credential else None
        return expires is not None and expires <= self._clock()

    def _made(self, said: Credential) -> Proof:
        own = replace(self._connection, token=SecretText(bytes(said.token)), plugin=None)
        if not said.certificate:
            return Proof(own.headers(), self._tls)
        with_certificate = replace(own, client_certificate=said.certificate, client_key=said.key)
        return Proof(own.headers(), with_certificate.ssl_context())
