"""A kind of one's own, as the battery's tests define it."""

import secrets
from dataclasses import dataclass
from typing import Any

from rest import Json, Reply, Rest

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@dataclass(frozen=True)
class Defined:
    """A kind that is served: `name` is its CustomResourceDefinition's, `group` its own alone."""

    api: Rest
    group: str
    versions: tuple[str, ...] = ("v1",)

    @property
    def name(self) -> str:
        return f"widgets.{self.group}"

    def path(self, name: str = "", below: str = "", version: str = "") -> str:
        path = self.api.path("widgets", name, group=f"/apis/{self.group}/{version or self.versions[0]}")
        return path + below

    def widget(self, name: str = "a", version: str = "", **fields: object) -> Json:
        api_version = f"{self.group}/{version or self.versions[0]}"
        return {"apiVersion": api_version, "kind": "Widget", "metadata": {"name": name}, **fields}

    async def create(self, name: str = "a", query: str = "", **fields: object) -> Reply:
        return await self.api("POST", self.path() + query, self.widget(name, **fields))

    async def definition(self) -> Json:
        return (await self.api("GET", f"{DEFINITIONS}/{self.name}")).json


def a_group() -> str:
    """One that no other test uses: definitions are not in a namespace."""
    return f"g{secrets.token_hex(4)}.example.com"


def version(name: str = "v1", spec: Json | None = None, **fields: Any) -> Json:
    """A version of a definition; `spec` is the schema of `spec`, anything goes unless it is given."""
    schema = spec or {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    properties = {"spec": schema, "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {
        "name": name,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}},
        **fields,
    }


def definition(group: str, *versions: Json, **fields: Any) -> Json:
    names = {"kind": "Widget", "plural": "widgets", **fields.pop("names", {})}
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": list(versions or (version(),))}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {**spec, **fields},
    }


def condition(obj: Json, kind: str) -> Json:
    found = (each for each in (obj["status"].get("conditions") or ()) if each["type"] == kind)
    return next(found, {})
