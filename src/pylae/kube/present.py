"""What an object says at present: its status, and whose it is.

Source: Kubernetes, "Server-Side Apply", "Field management": whoever writes a field of the status by its subresource is
its manager, and is found in `metadata.managedFields`.
"""

from dataclasses import dataclass
from typing import Any, Self

import msgspec

from pylae.model.snapshot import Key

Json = dict[str, Any]

STATUS = "status"


class _Managed(msgspec.Struct, rename="camel"):
    manager: str = ""
    subresource: str = ""
    fields_v1: Any = None


class _Metadata(msgspec.Struct, rename="camel"):
    name: str = ""
    namespace: str = ""
    resource_version: str = ""
    managed_fields: msgspec.Raw = msgspec.Raw(b"[]")


class _Body(msgspec.Struct):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    status: Any = None


_body = msgspec.json.Decoder(_Body)


@dataclass(frozen=True, slots=True)
class Present:
    """`version` is that in which the object says so; `managers` are found when somebody asks."""

    key: Key
    status: Json
    version: str
    managed: msgspec.Raw

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Raises msgspec.DecodeError for what is no Kubernetes object."""
        found = _body.decode(body)
        metadata, status = found.metadata, found.status if isinstance(found.status, dict) else {}
        return cls((metadata.namespace, metadata.name), status, metadata.resource_version, metadata.managed_fields)

    @property
    def managers(self) -> frozenset[str]:
        """Who has written the status."""
        try:
            managed = msgspec.json.decode(self.managed, type=list[_Managed] | None) or []
        except msgspec.DecodeError:
            return frozenset()
        return frozenset(
            entry.manager
            for entry in managed
            if entry.subresource == STATUS and isinstance(entry.fields_v1, dict) and f"f:{STATUS}" in entry.fields_v1
        )
