"""What the API server serves, as data: a `Resource` per kind and the `Registry` that finds them.

Adding a kind is adding a row. Discovery, OpenAPI, tables, validation and patches all read the same `Resource`,
so a kind cannot be listed in one and forgotten in another.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pylae.apimachinery.column import Column

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One kind of object, in every version it is served in. The versions differ in `apiVersion` alone.

    - `versions`: preferred first; objects are stored in the preferred one
    - `schema`: OpenAPI v3 without references, of the whole object
    - `columns`: what `kubectl get` prints; empty means NAME and AGE
    - `merge_keys`: where lists are merged by strategic merge patch, path to key (see `merge_keys.py`)
    - `subresources`: such as `status` and `log`
    - `stored_only`: kept and given back, but nothing here acts on it; `notice` says so in a `Warning:`
    - `virtual`: nothing is stored, a create is answered (the reviews of `review.py`)
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

    @property
    def qualified_name(self) -> str:
        """`gateways.networking.istio.io`, or `secrets` for the core group: how errors and RBAC name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def has_status(self) -> bool:
        """Is `status` a subresource, so that writes to the object leave it alone?"""
        return "status" in self.subresources

    @property
    def has_generation(self) -> bool:
        """Does `metadata.generation` count the changes of what is wanted? As upstream, not in the core group."""
        return self.has_status and self.group != ""

    @property
    def stored_only(self) -> bool:
        return bool(self.notice)

    @property
    def strategic(self) -> bool:
        """Is strategic merge patch allowed? For built-in kinds only, as upstream: custom resources answer 415."""
        return self.group in BUILT_IN_GROUPS

    def group_version(self, version: str = "") -> str:
        """`networking.istio.io/v1`, or `v1` for the core group; the preferred version unless told."""
        version = version or self.versions[0]
        return f"{self.group}/{version}" if self.group else version

    def __repr__(self) -> str:
        return f"Resource({self.qualified_name})"


BUILT_IN_GROUPS = frozenset(
    {
        "",
        "apps",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "networking.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
    }
)


@dataclass(frozen=True, slots=True)
class Registry:
    """Every resource served, in the order discovery lists them.

    The order of groups matters: of two kinds called `gateway`, kubectl takes the one whose group comes first.
    """

    resources: tuple[Resource, ...]

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources)

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """What a request path names, or None: `find("", "v1", "secrets")`."""
        for resource in self.resources:
            if (resource.group, resource.plural) == (group, plural) and version in resource.versions:
                return resource
        return None

    def of_kind(self, group: str, kind: str) -> Resource | None:
        for resource in self.resources:
            if (resource.group, resource.kind) == (group, kind):
                return resource
        return None

    def named(self, qualified_name: str) -> Resource:
        """The resource of a name like `secrets` or `gateways.networking.istio.io`. Raises KeyError."""
        for resource in self.resources:
            if resource.qualified_name == qualified_name:
                return resource
        raise KeyError(qualified_name)

    def groups(self) -> tuple[str, ...]:
        """The groups in order, the core group ("") first."""
        return tuple(dict.fromkeys(resource.group for resource in self.resources))

    def versions(self, group: str) -> tuple[str, ...]:
        """The versions of a group, preferred first."""
        return tuple(dict.fromkeys(v for r in self.resources if r.group == group for v in r.versions))

    def served(self, group: str, version: str) -> tuple[Resource, ...]:
        """The resources of one group and version."""
        return tuple(r for r in self.resources if r.group == group and version in r.versions)
