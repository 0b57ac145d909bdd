"""`export`: what a user has in the embedded API, so that `kubectl apply` makes the same of it elsewhere.

What every cluster has by itself is left out: nodes and pods, leases, events, its own namespaces and Services. So are
definitions of the kinds that we serve ourselves: a cluster's own may be newer, and its objects depend on them.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pylae.api.meta import ObjectRef
from pylae.api.scheme import KINDS
from pylae.kube.client import Client
from pylae.kube.portable import portable, reachable
from pylae.kube.resources import Resources
from pylae.model.control_plane import AUTHORITY, NAMESPACE, ROLL
from pylae.model.snapshot import SERVICE_NAME_LABEL

Json = dict[str, Any]

CLUSTERS_KINDS: Final = frozenset({"Node", "Pod", "Lease", "Event", "ControllerRevision", "APIService"})
"""Kinds of which a cluster has its own."""

CLUSTERS_OBJECTS: Final = frozenset(
    {
        ("ConfigMap", "kube-root-ca.crt"),
        ("EndpointSlice", "kubernetes"),
        ("Endpoints", "kubernetes"),
        ("Service", "kubernetes"),
        ("ServiceAccount", "default"),
        ("ConfigMap", AUTHORITY),
        ("ConfigMap", ROLL),
        ("Secret", AUTHORITY),
    }
)
"""Objects that a cluster makes by itself, or its control plane, wherever they lie."""

OUR_DEFINITIONS: Final = frozenset(("CustomResourceDefinition", f"{kind.plural}.{kind.group}") for kind in KINDS)
"""They come with what is installed, unless they are there."""

CLUSTERS_NAMESPACES: Final = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})

OF_AN_ACCOUNT: Final = "kubernetes.io/service-account-token"
"""The type of Secrets that prove who somebody is to the server that made them, and to no other."""

ORDER: Final = ("CustomResourceDefinition", "Namespace", "ServiceAccount", "ConfigMap", "Secret", "Service")
"""What others need comes first."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`gateway` is the gateway's own Service, which stays here: a cluster's gateway comes with one. `namespaces` empty
    means all of them."""

    gateway: ObjectRef
    namespaces: tuple[str, ...] = ()
    with_keys: bool = False

    def covers(self, about: ObjectRef) -> bool:
        if about == self.gateway or (about.kind, about.name) in CLUSTERS_OBJECTS | OUR_DEFINITIONS:
            return False
        place = about.name if about.kind == "Namespace" else about.namespace
        return not self.namespaces or place in self.namespaces


@dataclass(slots=True)
class Exported:
    """`secrets` were left out for their keys, and of `unreachable` the endpoints that no cluster would take."""

    documents: list[Json] = field(default_factory=list, repr=False)  # there may be Secrets among them
    secrets: list[ObjectRef] = field(default_factory=list)
    unreachable: list[ObjectRef] = field(default_factory=list)

    def take(self, document: Json, wanted: Wanted) -> None:
        """Take the object, or note why not."""
        match document["kind"]:
            case "Secret":
                self._take_secret(document, wanted)
            case "EndpointSlice":
                self._take_endpoints(document, wanted)
            case _:
                self.documents.append(document)

    def _take_secret(self, secret: Json, wanted: Wanted) -> None:
        if secret.get("type") == OF_AN_ACCOUNT:
            return
        if wanted.with_keys:
            self.documents.append(secret)
        else:
            self.secrets.append(ref(secret))

    def _take_endpoints(self, endpoint_slice: Json, wanted: Wanted) -> None:
        if _service(endpoint_slice) == wanted.gateway:
            return
        found = reachable(endpoint_slice)
        if found is not endpoint_slice:
            self.unreachable.append(ref(endpoint_slice))
        if found is not None:
            self.documents.append(found)


async def export(client: Client, wanted: Wanted) -> Exported:
    """Every object that a user wrote. Raises `ApiError`, `Unreachable`."""
    exported = Exported()
    async for document in _objects(client, wanted):
        exported.take(document, wanted)
    exported.documents = [portable(document) for document in sorted(_inhabited(exported.documents, wanted), key=_place)]
    return exported


def ref(document: Mapping[str, Any]) -> ObjectRef:
    """An object's name in messages."""
    metadata = document["metadata"]
    return ObjectRef(document["kind"], metadata.get("namespace", ""), metadata["name"])


async def _objects(client: Client, wanted: Wanted) -> AsyncIterator[Json]:
    async for kind in Resources(client).all():
        if kind.kind in CLUSTERS_KINDS:
            continue
        for item in await client.list(kind):
            document = {**item, "apiVersion": kind.api_version, "kind": kind.kind}  # items of a list need not say it
            if wanted.covers(ref(document)):
                yield document


def _service(endpoint_slice: Json) -> ObjectRef:
    metadata = endpoint_slice["metadata"]
    return ObjectRef("Service", metadata["namespace"], (metadata.get("labels") or {}).get(SERVICE_NAME_LABEL, ""))


def _inhabited(documents: list[Json], wanted: Wanted) -> list[Json]:
    """Without the Namespaces that a cluster has, and without Pylae's own if nothing of the user is in them."""
    used = {document["metadata"].get("namespace") for document in documents}
    unwanted = CLUSTERS_NAMESPACES | ({wanted.gateway.namespace, NAMESPACE} - used)
    return [item for item in documents if item["kind"] != "Namespace" or item["metadata"]["name"] not in unwanted]


def _place(document: Json) -> tuple[int, str, str, str]:
    about = ref(document)
    return (ORDER.index(about.kind) if about.kind in ORDER else len(ORDER), about.kind, about.namespace, about.name)
