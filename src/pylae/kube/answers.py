"""What an API server answers, as far as it is read here: a page of a list, and which kinds it serves."""

import msgspec


class Page(msgspec.Struct, frozen=True):
    """Part of a list: objects as they came, the version of the whole, and where the next page begins ("": nowhere)."""

    items: tuple[bytes, ...]
    resource_version: str
    continue_token: str = ""

    def __repr__(self) -> str:
        return f"Page({len(self.items)} objects, version {self.resource_version})"  # they may be Secrets


class _ListMeta(msgspec.Struct, rename={"resource_version": "resourceVersion", "continue_token": "continue"}):
    resource_version: str = ""
    continue_token: str = ""


class List(msgspec.Struct):
    metadata: _ListMeta
    items: list[msgspec.Raw] | None = None


class _Version(msgspec.Struct):
    version: str


class _Group(msgspec.Struct):
    name: str
    versions: tuple[_Version, ...]


class Groups(msgspec.Struct):
    groups: tuple[_Group, ...]


class _Resource(msgspec.Struct):
    name: str


class Resources(msgspec.Struct):
    resources: tuple[_Resource, ...]
