"""Which resource an object is, for kinds that Pylae has no type for: the server is asked, as kubectl asks it.

Tutorials bring Deployments and Roles along with what we read. They are applied like all else, by the names that
discovery gives.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import msgspec

from pylae.api.meta import Object
from pylae.api.scheme import Kind, kind_of
from pylae.kube.client import Client
from pylae.kube.errors import KubeError, NotFound

Json = dict[str, Any]


class UnknownKind(KubeError):
    """The server has no such kind."""


class Resources:
    """The kinds that one server has. What discovery says is kept; a kind that is not in it is asked for again."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lists: dict[str, tuple[Kind, ...]] = {}

    async def of(self, document: Json) -> Kind:
        """The kind of an object, in the version that the object is written in. Raises `UnknownKind`."""
        api_version, name = document["apiVersion"], document["kind"]
        if known := kind_of(api_version, name):
            return replace(known, versions=(api_version.rpartition("/")[2],))
        for kind in await self._listed(api_version):
            if kind.kind == name:
                return kind
        self._lists.pop(api_version, None)
        raise UnknownKind(f'the server has no kind "{name}" in version "{api_version}"')

    async def all(self) -> AsyncIterator[Kind]:
        """Every kind whose objects can be listed and deleted, each once: in the version that its group prefers, or
        else in the first one that has it, for a group's newest version need not have all of its kinds."""
        groups = msgspec.json.decode(await self._client.get_raw("/apis"))["groups"]
        for versions in (["v1"], *map(_versions, groups)):
            seen: set[str] = set()
            for version in versions:
                for kind in await self._listed(version):
                    if kind.plural not in seen:
                        seen.add(kind.plural)
                        yield kind

    async def _listed(self, api_version: str) -> tuple[Kind, ...]:
        if api_version not in self._lists:
            self._lists[api_version] = await self._discover(api_version)
        return self._lists[api_version]

    async def _discover(self, api_version: str) -> tuple[Kind, ...]:
        root = "/apis/" if "/" in api_version else "/api/"
        try:
            answer = msgspec.json.decode(await self._client.get_raw(root + api_version))
        except NotFound:
            return ()
        return tuple(_kind(api_version, item) for item in answer["resources"] if _is_kept(item))


def _versions(group: Json) -> list[str]:
    preferred = group["preferredVersion"]["groupVersion"]
    every = [version["groupVersion"] for version in group["versions"]]
    return [preferred, *(version for version in every if version != preferred)]


def _is_kept(item: Json) -> bool:
    """Subresources (`pods/log`) and reviews, which are answered and not kept, are no objects."""
    return "/" not in item["name"] and {"list", "delete"} <= set(item["verbs"])


def _kind(api_version: str, item: Json) -> Kind:
    group, _, version = api_version.rpartition("/")
    known = kind_of(api_version, item["kind"])
    return Kind(
        group=group,
        versions=(version,),
        kind=item["kind"],
        plural=item["name"],
        singular=item.get("singularName") or item["kind"].lower(),
        type=known.type if known else Object,
        namespaced=item["namespaced"],
    )
