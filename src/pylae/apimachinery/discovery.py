"""What is served, told to clients that ask: the documents of `/api`, `/apis` and each group and version.

Newer clients ask for all of it in one aggregated document, and know it by the Content-Type of the answer. The order of
groups is the registry's, and clients settle an ambiguous name by it.
"""

from collections.abc import Iterator
from typing import Final

from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import no_such_path
from pylae.apimachinery.resource import Registry, Resource
from pylae.apimachinery.scale import SCALE

AGGREGATED_TYPE: Final = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
"""The Content-Type of an aggregated document: without these parameters a client takes it for a plain one."""

STATUS_VERBS: Final = ("get", "patch", "update")
READ_ONLY_VERBS: Final = ("get",)


def core_versions(address: str) -> Json:
    """`/api`; `address` is host and port, as the client reached us."""
    clients = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": clients}


def group_list(registry: Registry) -> Json:
    """`/apis`: every group but the core group."""
    groups = [_group(registry, group) for group in registry.groups() if group]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(registry: Registry, name: str) -> Json:
    """`/apis/<group>`. Raises 404 for a group that is not served."""
    if not name or name not in registry.groups():
        raise no_such_path()
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(registry, name)}


def resource_list(registry: Registry, group: str, version: str) -> Json:
    """`/api/v1` or `/apis/<group>/<version>`. Raises 404 for what is not served."""
    served = registry.served(group, version)
    if not served:
        raise no_such_path()
    resources = [entry for resource in served for entry in _entries(resource)]
    group_version = served[0].group_version(version)
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources}


def aggregated(registry: Registry, *, core: bool) -> Json:
    """The whole of `/api` (`core`) or of `/apis` in one document, to be sent as `AGGREGATED_TYPE`."""
    groups = [group for group in registry.groups() if (group == "") is core]
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": [_discovered_group(registry, group) for group in groups],
    }


def _group(registry: Registry, name: str) -> Json:
    versions = [{"groupVersion": f"{name}/{version}", "version": version} for version in registry.versions(name)]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def _entries(resource: Resource) -> Iterator[Json]:
    entry: Json = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    yield entry
    for subresource in resource.subresources:
        yield {
            "name": f"{resource.plural}/{subresource}",
            "singularName": "",
            "namespaced": resource.namespaced,
            **(SCALE if subresource == "scale" else {"kind": resource.kind}),
            "verbs": list(_subresource_verbs(subresource)),
        }


def _discovered_group(registry: Registry, name: str) -> Json:
    versions = [
        {
            "version": version,
            "freshness": "Current",
            "resources": [_discovered(resource, version) for resource in registry.served(name, version)],
        }
        for version in registry.versions(name)
    ]
    return {"metadata": {"name": name} if name else {}, "versions": versions}


def _discovered(resource: Resource, version: str) -> Json:
    kind = {"group": resource.group, "version": version, "kind": resource.kind}
    entry: Json = {
        "resource": resource.plural,
        "responseKind": kind,
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.subresources:
        entry["subresources"] = [
            {
                "subresource": name,
                "responseKind": SCALE if name == "scale" else kind,
                "verbs": list(_subresource_verbs(name)),
            }
            for name in resource.subresources
        ]
    return entry


def _subresource_verbs(name: str) -> tuple[str, ...]:
    return STATUS_VERBS if name in ("status", "scale") else READ_ONLY_VERBS
