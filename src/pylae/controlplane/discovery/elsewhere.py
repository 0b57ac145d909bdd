"""The door for gateways elsewhere: whom they trust, by what they are known, and the ports that they join on.

The authority may not be there yet, or the API that keeps it may be away: then nobody can join, and it is tried again.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NoReturn

from pylae.controlplane.discovery.ads import Ads
from pylae.controlplane.discovery.identity import Certificates
from pylae.controlplane.discovery.tokens import Tokens
from pylae.controlplane.discovery.trust import Trust, TrustError
from pylae.kube.client import Client
from pylae.kube.errors import KubeError
from pylae.kube.rights import in_words
from pylae.model.workload import GatewayWorkload
from pylae.node.address import Address
from pylae.node.start import now

RETRY = 5.0
REFRESH = 60.0
"""Seconds between looks at the authority, which somebody may renew, and at what gateways are told of it."""

logger = logging.getLogger(__name__)


class NotBoundError(Exception):
    """An address for gateways cannot be bound; the message says which and why."""


@dataclass
class Elsewhere:
    """`namespace` is the control plane's own, where the authority lies; `namespaces` are those of gateways, where
    ConfigMap `pylae-ca` is kept. Gateways show a certificate at `certificates`, a service account's token at
    `tokens`."""

    ads: Ads
    client: Client
    namespace: str
    certificates: Address | None = None
    tokens: Address | None = None
    namespaces: set[str] = field(default_factory=set)
    is_open: bool = False
    _refused: set[str] = field(default_factory=set)
    """Namespaces whose ConfigMap could not be written, which was said."""
    _joined: asyncio.Event = field(default_factory=asyncio.Event)

    def joined(self, workload: GatewayWorkload) -> None:
        """A gateway of a namespace is here, and others of it may come that do not know the authority yet."""
        self.namespaces.add(workload.namespace)
        self._joined.set()

    async def run(self) -> NoReturn:
        """Open the ports as soon as it is known by whom gateways are to be known. Raises `NotBoundError`."""
        trust = await self._found()
        await self._open(trust)
        while True:
            await self._publish(trust, self.namespaces)
            try:
                async with asyncio.timeout(REFRESH):
                    await self._joined.wait()
            except TimeoutError:
                await self._refresh(trust)
            self._joined.clear()

    async def _found(self) -> Trust:
        is_told = False
        while True:
            try:
                return await Trust.found(self.client, self.namespace, now)
            except (KubeError, TrustError) as error:
                if not is_told:
                    logger.warning("No gateway can join yet: %s; trying again", _words(error))
                is_told = True
            await self.client.pause(RETRY)

    async def _open(self, trust: Trust) -> None:
        try:
            if self.certificates:
                credentials = trust.server_credentials(require_client_certificate=True)
                await self.ads.listen(str(self.certificates), credentials, Certificates().identify)
            if self.tokens:
                credentials = trust.server_credentials(require_client_certificate=False)
                await self.ads.listen(str(self.tokens), credentials, Tokens(self.client).identify)
        except OSError as error:
            raise NotBoundError(f"{error}. Choose another address with --xds or --xds-tokens.") from None
        self.is_open = True

    async def _refresh(self, trust: Trust) -> None:
        try:
            await trust.refresh(self.client)
        except (KubeError, TrustError) as error:
            logger.warning("The authority of gateways could not be read again: %s", _words(error))

    async def _publish(self, trust: Trust, namespaces: Iterable[str]) -> None:
        for namespace in sorted(namespaces):
            try:
                await trust.publish(self.client, namespace)
            except KubeError as error:
                if namespace not in self._refused:
                    logger.warning("Gateways of %s are not told whom to trust: %s", namespace, _words(error))
                self._refused.add(namespace)
            else:
                self._refused.discard(namespace)


def _words(error: Exception) -> str:
    return in_words(error) if isinstance(error, KubeError) else str(error)
