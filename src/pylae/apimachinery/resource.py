"""What the API server serves, as data: a `Resource` per kind and the `Registry` that finds them.

Adding a kind is adding a row. Discovery, OpenAPI, tables, validation and patches all read the same `Resource`,
so a kind cannot be listed in one and forgotten in another.
"""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from pylae.apimachinery.columns.column import Column
from pylae.apimachinery.custom.kind import Custom, ScalePaths
from pylae.apimachinery.group import BUILT_IN_GROUPS, version_order
from pylae.apimachinery.selector import FIELDS
from pylae.apimachinery.view import View

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One kind of object, in every version it is served in.

    - `versions`: preferred first; objects are stored in the preferred one
    - `schema`: OpenAPI v3 without references, of the whole object
    - `columns`: what `kubectl get` prints; empty means NAME and AGE
    - `merge_keys`: where lists are merged by strategic merge patch, path to key (see `built_in/merge_keys.py`)
    - `subresources`: such as `status` and `log`
    - `notice`: what a `Warning:` says of a kind that is kept and given back, though nothing here acts on it
    - `virtual`: nothing is stored, a create is answered (the reviews of `review.py`)
    - `storage_version`: what objects are stored in, if that is not the preferred version
    - `list_kind`: what a list of them is, if it is not the kind and `List`
    - `by_version`: the same kind as each version has it, where the versions differ in more than `apiVersion`
    - `scale`: where the `scale` subresource finds its numbers
    - `custom`: what a kind has whose definition is a user's (see `custom/kind.py`)
    - `view`: whose objects the kind shows, if it has none of its own
    """

    group: str
    versions: tuple[str, ...]
    kind: str
    plural: str
    singular: str
    namespaced: bool
    schema: Mapping[str, Any]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    merge_keys: Mapping[str, str] = field(default_factory=dict)
    subresources: tuple[str, ...] = ()
    verbs: tuple[str, ...] = VERBS
    notice: str = ""
    virtual: bool = False
    storage_version: str = ""
    list_kind: str = ""
    by_version: Mapping[str, "Resource"] = field(default_factory=dict)
    scale: ScalePaths | None = None
    custom: Custom | None = None
    view: View | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "storage_version", self.storage_version or self.versions[0])
        object.__setattr__(self, "list_kind", self.list_kind or f"{self.kind}List")

    def in_version(self, version: str) -> "Resource":
        """The kind with the schema, columns and subresources that one of its versions has."""
        return self.by_version.get(version, self)

    @property
    def qualified_name(self) -> str:
        """`gateways.networking.istio.io`, or `secrets` for the core group: how errors and RBAC name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def storage_name(self) -> str:
        """Where its objects are stored."""
        return self.view.of if self.view else self.qualified_name

    @property
    def has_status(self) -> bool:
        """Is `status` a subresource, so that writes to the object leave it alone?"""
        return "status" in self.subresources

    @property
    def has_generation(self) -> bool:
        """Does `metadata.generation` count the changes of what is wanted? As upstream, not in the core group, and of
        what has no status for EndpointSlices alone."""
        has_one = self.custom is not None or self.plural == "endpointslices"
        return has_one or (self.has_status and self.group != "")

    @property
    def strategic(self) -> bool:
        """Is strategic merge patch allowed? For built-in kinds only, as upstream: custom resources answer 415."""
        return self.group in BUILT_IN_GROUPS

    @property
    def selectable_fields(self) -> Set[str]:
        """What field selectors may look at."""
        return self.custom.selectable_fields if self.custom else FIELDS

    def group_version(self, version: str = "") -> str:
        """`networking.istio.io/v1`, or `v1` for the core group; the version that is stored unless told."""
        if self.view and not version:
            return self.view.group_version
        version = version or self.storage_version
        return f"{self.group}/{version}" if self.group else version

    def __repr__(self) -> str:
        return f"Resource({self.qualified_name})"


@dataclass(frozen=True, slots=True)
class Registry:
    """Every resource served, in the order discovery lists them. It never changes: other kinds make another one.

    The order of groups matters: of two kinds called `gateway`, kubectl takes the one whose group comes first.
    """

    resources: tuple[Resource, ...]
    _places: Mapping[tuple[str, str], Resource] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", {(each.group, each.plural): each for each in self.resources})

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources)

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """What a request path names, or None: `find("", "v1", "secrets")`."""
        resource = self._places.get((group, plural))
        return resource.in_version(version) if resource and version in resource.versions else None

    def named(self, qualified_name: str) -> Resource:
        """The resource of a name like `secrets` or `gateways.networking.istio.io`. Raises KeyError."""
        plural, _, group = qualified_name.partition(".")
        return self._places[group, plural]

    def groups(self) -> tuple[str, ...]:
        """The groups in order, the core group ("") first."""
        return tuple(dict.fromkeys(resource.group for resource in self.resources))

    def versions(self, group: str) -> tuple[str, ...]:
        """The versions of a group, preferred first."""
        found = dict.fromkeys(v for r in self.resources if r.group == group for v in r.versions)
        return tuple(sorted(found, key=version_order))

    def served(self, group: str, version: str) -> tuple[Resource, ...]:
        """The resources of one group and version."""
        return tuple(r.in_version(version) for r in self.resources if r.group == group and version in r.versions)
