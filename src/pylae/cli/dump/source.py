"""Finding one's way in a config dump: its parts by type, the resources in a part, the gateway that it is from.

A dump lists one object per part (`…admin.v3.ListenersConfigDump` and so on), each with static, active and warming
resources (Envoy's admin API, `config_dump.proto`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

HTTP_CONNECTION_MANAGER = "HttpConnectionManager"
TCP_PROXY = "TcpProxy"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under istioctl's column names; `gap` is the number of spaces that istioctl puts behind the widest cell."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    gap: int = 5


def part(dump: Json, kind: str) -> Json:
    """The part of a type such as `Listeners`; empty if the dump has none."""
    wanted = f"envoy.admin.v3.{kind}ConfigDump"
    found: list[Json] = [config for config in dump.get("configs", ()) if config.get("@type", "").endswith(wanted)]
    return found[0] if found else {}


def clusters(dump: Json) -> tuple[Json, ...]:
    """All clusters that Envoy uses, those that it was started with first."""
    held = part(dump, "Clusters")
    return tuple(_inner(held, ("static_clusters", "dynamic_active_clusters"), "cluster"))


def routes(dump: Json) -> tuple[Json, ...]:
    """All route configurations, those of hosts that were asked for last."""
    named = _inner(part(dump, "Routes"), ("static_route_configs", "dynamic_route_configs"), "route_config")
    return (*named, *_scoped(part(dump, "ScopedRoutes")))


def listeners(dump: Json) -> tuple[Json, ...]:
    """All listeners that accept connections; one that only warms or drains is none of them."""
    held = part(dump, "Listeners")
    active = [entry["active_state"] for entry in held.get("dynamic_listeners", ()) if "active_state" in entry]
    return tuple(
        _inner({"static": held.get("static_listeners", ()), "active": active}, ("static", "active"), "listener")
    )


def node(dump: Json) -> tuple[str, str]:
    """Name and namespace of the gateway's pod, from the node's id: `router~ADDRESS~POD.NAMESPACE~DOMAIN`."""
    identity = part(dump, "Bootstrap").get("bootstrap", {}).get("node", {}).get("id", "")
    fields = identity.split("~")
    name, _, namespace = (fields[2] if len(fields) > 2 else identity).rpartition(".")
    return name, namespace


def origin(resource: Mapping[str, Any], kind: str) -> str:
    """`name.namespace` of the object that a resource was made from, which its metadata names by the object's API
    path.
    """
    path = resource.get("metadata", {}).get("filter_metadata", {}).get("istio", {}).get("config", "")
    fields = path.strip("/").split("/")
    if len(fields) < 4 or fields[-2] != kind:
        return ""
    return f"{fields[-1]}.{fields[-3]}"


def data(source: Json) -> str:
    """The text of a DataSource that lies in the dump itself; empty for one that lies elsewhere."""
    if "inline_bytes" in source:
        import base64

        return base64.b64decode(source["inline_bytes"]).decode(errors="replace")
    return str(source.get("inline_string", ""))


def _scoped(held: Json) -> Iterator[Json]:
    """The route configurations that scopes carry in themselves."""
    for group in held.get("dynamic_scoped_route_configs", ()):
        for scope in group.get("scoped_route_configs", ()):
            if "route_configuration" in scope:
                yield scope["route_configuration"]


def _inner(held: Json, names: tuple[str, ...], key: str) -> Iterator[Json]:
    for name in names:
        for entry in held.get(name, ()):
            if key in entry:
                yield entry[key]
