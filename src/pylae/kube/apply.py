"""`apply` and `delete`: bringing an object to what a document says, and taking it away again.

The method is kubectl's client-side apply: what was applied last time is remembered in an annotation, so that a field
taken out of the document is taken out of the object, while what others have set stays. Both programs can take turns
on one object.

Two kinds are special:

- Lists are replaced as a whole, which is a merge patch's way. A Service's `ports` are the exception: a port that the
  document has again keeps what the server gave it, as in the strategic merge by which kubectl knows ports
  (`service_ports`).
- A Secret is replaced, and no annotation is written: it would hold the keys, in the clear and outside of `data`.
"""

from enum import StrEnum
from typing import Any

from pylae.api.scheme import Kind
from pylae.apimachinery.patch import three_way_merge
from pylae.kube.client import Client
from pylae.kube.errors import AlreadyExists, Conflict, NotFound
from pylae.kube.last_applied import forgetting, recall, remembering
from pylae.kube.manifest import Document
from pylae.kube.resources import Resources
from pylae.kube.secret_document import plain_secret, same_secret
from pylae.kube.service_ports import with_given_ports

Json = dict[str, Any]

SERVERS_OWN = frozenset(
    {"uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "managedFields", "selfLink"}
)
"""Metadata that no document has a say in."""

KEPT = ("resourceVersion", "finalizers", "ownerReferences")
"""Metadata of a Secret that outlives its replacement."""

ATTEMPTS = 5
"""How often an object that others write at the same time is tried."""


class Outcome(StrEnum):
    """What `apply` did, in kubectl's words."""

    CREATED = "created"
    CONFIGURED = "configured"
    UNCHANGED = "unchanged"


async def apply(client: Client, document: Document, *, namespace: str = "default") -> Outcome:
    """Brings the object to what the document says; `namespace` is for documents that name none.

    Unknown fields are refused, as kubectl has them refused. Raises `ApiError`, `UnknownKind`, `Unreachable`.
    """
    kind = await Resources(client).of(document.object)
    wanted = _placed(document.object, kind, namespace)
    return await _Application(client, kind, wanted).run()


async def delete(client: Client, document: Document, *, namespace: str = "default") -> bool:
    """Deletes the object, and says whether there was one. Raises `ApiError`, `UnknownKind`, `Unreachable`."""
    kind = await Resources(client).of(document.object)
    metadata = _placed(document.object, kind, namespace)["metadata"]
    try:
        await client.delete(kind, metadata.get("namespace", ""), metadata["name"])
    except NotFound:
        return False
    return True


class _Application:
    """One object on its way to the server."""

    def __init__(self, client: Client, kind: Kind, wanted: Json) -> None:
        self.client = client
        self.kind = kind
        self.namespace = wanted["metadata"].get("namespace", "")
        self.name = wanted["metadata"]["name"]
        self.is_secret = _is_core(kind, "Secret")
        self.wanted = plain_secret(forgetting(wanted)) if self.is_secret else remembering(wanted)

    async def run(self) -> Outcome:
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._once()
            except (AlreadyExists, Conflict):
                continue
        return await self._once()

    async def _once(self) -> Outcome:
        try:
            current = await self.client.get(self.kind, self.namespace, self.name)
        except NotFound:
            await self.client.create(self.kind, self.namespace, self.wanted, strict=True)
            return Outcome.CREATED
        return await (self._replace(current) if self.is_secret else self._patch(current))

    async def _replace(self, current: Json) -> Outcome:
        if same_secret(current, self.wanted):
            return Outcome.UNCHANGED
        kept = {key: current["metadata"][key] for key in KEPT if key in current["metadata"]}
        replacement = {**self.wanted, "metadata": {**kept, **self.wanted["metadata"]}}
        await self.client.replace(self.kind, self.namespace, self.name, replacement, strict=True)
        return Outcome.CONFIGURED

    async def _patch(self, current: Json) -> Outcome:
        last_applied = recall(current)
        wanted = self.wanted
        if _is_core(self.kind, "Service"):
            wanted = with_given_ports(last_applied, current, wanted)
        patch = three_way_merge(last_applied, current, wanted)
        if not patch:
            return Outcome.UNCHANGED
        await self.client.patch(self.kind, self.namespace, self.name, patch, strict=True)
        return Outcome.CONFIGURED


def _is_core(kind: Kind, name: str) -> bool:
    return not kind.group and kind.kind == name


def _placed(document: Json, kind: Kind, namespace: str) -> Json:
    """The object in its namespace, without what only the server says: a file may have been saved from `kubectl get`."""
    metadata = {key: value for key, value in document["metadata"].items() if key not in SERVERS_OWN}
    if kind.namespaced:
        metadata["namespace"] = metadata.get("namespace") or namespace
    else:
        metadata.pop("namespace", None)
    return {**{key: value for key, value in document.items() if key != "status"}, "metadata": metadata}
