"""A cluster's ingress: its Gateways, and all that these need to be served, gathered by what names what.

Gateway ◀─names── VirtualService ──routes to──▶ host ◀── Service with its EndpointSlices, ServiceEntry, DestinationRule
   └──────────────credentialName──────────────▶ Secret
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pylae.api.decode import Malformed
from pylae.api.meta import ObjectRef
from pylae.api.scheme import (
    DESTINATION_RULE,
    ENDPOINT_SLICE,
    GATEWAY,
    SECRET,
    SERVICE,
    SERVICE_ENTRY,
    VIRTUAL_SERVICE,
    Kind,
)
from pylae.kube.client import Client
from pylae.kube.errors import NotFound
from pylae.kube.references import destinations, names_one_of, provides_one_of, rules_one_of, secrets, service
from pylae.model.snapshot import SERVICE_NAME_LABEL, Key

Json = dict[str, Any]

HELD_BACK: Final = "it holds keys: import --with-keys"


@dataclass(frozen=True, slots=True)
class Wanted:
    """`namespaces` empty means all of them; `selector` is what a Gateway's own must say at least. Certificates are
    read in `credentials_from`, the namespace of the cluster's gateway, and get into `credentials_into`."""

    namespaces: tuple[str, ...] = ()
    selector: Mapping[str, str] = field(default_factory=dict)
    with_keys: bool = False
    credentials_from: str = "istio-system"
    credentials_into: str = "istio-system"


@dataclass(slots=True)
class Ingress:
    """`left` says of what stays there why it does."""

    documents: list[Json] = field(default_factory=list, repr=False)  # there may be Secrets among them
    left: dict[ObjectRef, str] = field(default_factory=dict)


async def gather(client: Client, wanted: Wanted) -> Ingress:
    """The ingress of the cluster behind `client`. Raises `ApiError`, `Unreachable`."""
    return await _Gathering(client, wanted).all()


class _Gathering:
    """What was found so far, from Gateways to what their routes lead to."""

    def __init__(self, client: Client, wanted: Wanted) -> None:
        self.client = client
        self.wanted = wanted
        self.found = Ingress()

    async def all(self) -> Ingress:
        gateways = {_key(item): item for item in await self._list(GATEWAY) if self._is_wanted(item)}
        self._take(gateways.values())
        routes = [item for item in await self._list(VIRTUAL_SERVICE) if names_one_of(item, gateways)]
        self._take(routes)
        hosts = {host for item in routes for host in destinations(item)}
        self._take([item for item in await self._list(SERVICE_ENTRY) if provides_one_of(item, hosts)])
        self._take([item for item in await self._list(DESTINATION_RULE) if rules_one_of(item, hosts)])
        for key in sorted(filter(None, map(service, hosts))):
            await self._take_service(key)
        for gateway in gateways.values():
            await self._take_secrets(gateway)
        return self.found

    async def _list(self, kind: Kind) -> list[Json]:
        head = {"apiVersion": kind.api_version, "kind": kind.kind}  # items of a list need not say it
        places = self.wanted.namespaces or ("",)
        return [{**item, **head} for place in places for item in await self.client.list(kind, place)]

    def _is_wanted(self, gateway: Json) -> bool:
        selector = gateway.get("spec", {}).get("selector") or {}
        return self.wanted.selector.items() <= selector.items()

    def _take(self, documents: Iterable[Json]) -> None:
        self.found.documents.extend(documents)

    async def _take_service(self, key: Key) -> None:
        try:
            taken = await self.client.get(SERVICE, *key)
        except NotFound:
            self.found.left[ObjectRef("Service", *key)] = "a route leads to it, and it is not there"
            return
        slices = await self.client.list(ENDPOINT_SLICE, key[0], labelSelector=f"{SERVICE_NAME_LABEL}={key[1]}")
        head = {"apiVersion": ENDPOINT_SLICE.api_version, "kind": ENDPOINT_SLICE.kind}
        self._take([taken, *({**item, **head} for item in slices)])

    async def _take_secrets(self, gateway: Json) -> None:
        try:
            wanted = list(secrets(gateway, self.wanted.credentials_from))
        except Malformed as error:
            self.found.left[_ref(gateway)] = f"its Secrets could not be told: {error}"
            return
        for candidates in wanted:
            await self._take_secret(candidates)

    async def _take_secret(self, candidates: tuple[str, ...]) -> None:
        place = self.wanted.credentials_from
        missing = ObjectRef("Secret", place, candidates[-1])
        if not self.wanted.with_keys:
            self.found.left[missing] = HELD_BACK
            return
        for name in candidates:
            try:
                secret = await self.client.get(SECRET, place, name)
            except NotFound:
                continue
            secret["metadata"]["namespace"] = self.wanted.credentials_into
            if _ref(secret) not in map(_ref, self.found.documents):
                self._take([secret])
            return
        self.found.left[missing] = "a Gateway names it, and it is not there"


def _key(document: Json) -> Key:
    metadata = document["metadata"]
    return (metadata["namespace"], metadata["name"])


def _ref(document: Json) -> ObjectRef:
    return ObjectRef(document["kind"], *_key(document))
