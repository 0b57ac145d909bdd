"""A request's path as Kubernetes reads it: group, version, namespace, resource, name, subresource."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

NAMESPACE_SUBRESOURCES: Final = ("status", "finalize")
"""`/api/v1/namespaces/x/status` is the status of x; any other third word is a resource inside x."""


@dataclass(frozen=True, slots=True)
class Address:
    """What a path names. An empty `name` is the collection; an empty `plural` the group version itself."""

    group: str
    version: str
    namespace: str = ""
    plural: str = ""
    name: str = ""
    subresource: str = ""


def parse_address(segments: Sequence[str]) -> Address | None:
    """The address of decoded path segments, or None if they are nothing of Kubernetes' form.

    `("apis", "networking.istio.io", "v1", "namespaces", "shop", "gateways", "web")` is the Gateway shop/web.
    """
    match segments:
        case ("api", version, *rest):
            return _inside("", version, tuple(rest))
        case ("apis", group, version, *rest):
            return _inside(group, version, tuple(rest))
        case _:
            return None


def _inside(group: str, version: str, rest: tuple[str, ...]) -> Address | None:
    if "" in rest:
        return None
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces" and not (len(rest) == 3 and rest[2] in NAMESPACE_SUBRESOURCES):
        namespace, rest = rest[1], rest[2:]
    return Address(group, version, namespace, *rest) if len(rest) <= 3 else None
