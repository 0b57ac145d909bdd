"""`proxy-config listener`: where Envoy accepts connections, and what becomes of them by SNI."""

from collections.abc import Iterator
from dataclasses import dataclass

from pylae.cli.dump.source import HTTP_CONNECTION_MANAGER, TCP_PROXY, Json, Table, listeners

HEAD = ("ADDRESSES", "PORT", "MATCH", "DESTINATION")
BRIEF_HEAD = ("ADDRESSES", "PORT", "TYPE")
GAP = 1
SHOWN_ROUTES = 3


@dataclass(frozen=True, slots=True)
class Filter:
    """`port` is the one that Envoy binds or the one that names the listener (8443 in `0.0.0.0_8443`); 0 is any."""

    address: str = ""
    port: int = 0
    type: str = ""


def chosen(dump: Json, wanted: Filter) -> tuple[Json, ...]:
    """The listeners that pass the filter, by port and address."""
    kept = [listener for listener in listeners(dump) if _passes(listener, wanted)]
    return tuple(sorted(kept, key=lambda listener: (ports(listener)[0], addresses(listener), kind(listener))))


def table(dump: Json, wanted: Filter) -> Table:
    """One row per filter chain."""
    rows = [row for listener in chosen(dump, wanted) for row in _rows(listener)]
    return Table(HEAD, tuple(rows), GAP)


def brief_table(dump: Json, wanted: Filter) -> Table:
    """One row per listener, with the kind of traffic that it takes."""
    rows = [(*_place(listener), kind(listener)) for listener in chosen(dump, wanted)]
    return Table(BRIEF_HEAD, tuple(rows), GAP)


def addresses(listener: Json) -> tuple[str, ...]:
    """The addresses that the listener binds, each once."""
    return tuple(dict.fromkeys(socket.get("address", "") for socket in _sockets(listener)))


def ports(listener: Json) -> tuple[int, ...]:
    """The ports that the listener binds, each once."""
    return tuple(dict.fromkeys(socket.get("port_value", 0) for socket in _sockets(listener))) or (0,)


def kind(listener: Json) -> str:
    """`HTTP`, `TCP`, `HTTP+TCP`, or `UNKNOWN` for filters that are neither."""
    filters = [item for chain in _chains(listener) for item in chain.get("filters", ())]
    found = [
        name for name, message in (("HTTP", HTTP_CONNECTION_MANAGER), ("TCP", TCP_PROXY)) if _has(filters, message)
    ]
    return "+".join(found) or "UNKNOWN"


def match(chain: Json) -> str:
    """What a connection must show to get this chain: `SNI: a,b; App: h2`, or `ALL`."""
    asked = chain.get("filter_chain_match", {})
    facts = (
        ("SNI", asked.get("server_names")),
        ("Trans", [asked["transport_protocol"]] if "transport_protocol" in asked else None),
        ("App", asked.get("application_protocols")),
        ("Addr", _prefixes(asked)),
    )
    return "; ".join(f"{name}: {','.join(values)}" for name, values in facts if values) or "ALL"


def destination(chain: Json) -> str:
    """Where the chain sends its traffic: a route configuration by name, routes written into it, or a cluster."""
    for item in chain.get("filters", ()):
        config = item.get("typed_config", {})
        if _is(config, HTTP_CONNECTION_MANAGER):
            return _http_destination(config)
        if _is(config, TCP_PROXY):
            return _tcp_destination(config)
    return "Non-HTTP/Non-TCP"


def _http_destination(manager: Json) -> str:
    if "rds" in manager:
        return f"Route: {manager['rds'].get('route_config_name', '')}"
    if "scoped_routes" in manager:
        return "On demand: routes by server name"
    hosts = manager.get("route_config", {}).get("virtual_hosts", ())
    paths = [route.get("match", {}) for host in hosts for route in host.get("routes", ())]
    shown = [f"{path['prefix']}*" if "prefix" in path else str(path.get("path", "…")) for path in paths[:SHOWN_ROUTES]]
    return f"Inline Route: {', '.join(shown)}"


def _tcp_destination(proxy: Json) -> str:
    if "cluster" in proxy:
        name = str(proxy["cluster"])
        return name if name == "PassthroughCluster" else f"Cluster: {name}"
    weighted = proxy.get("weighted_clusters", {}).get("clusters", ())
    return f"Cluster: {', '.join(entry['name'] for entry in weighted)}"


def _rows(listener: Json) -> Iterator[tuple[str, ...]]:
    for chain in _chains(listener):
        yield (*_place(listener), match(chain), destination(chain))


def _place(listener: Json) -> tuple[str, str]:
    return ",".join(addresses(listener)), ",".join(map(str, ports(listener)))


def _chains(listener: Json) -> list[Json]:
    fallback = listener.get("default_filter_chain")
    return [*listener.get("filter_chains", ()), *([fallback] if fallback else ())]


def _sockets(listener: Json) -> list[Json]:
    bound = [
        listener.get("address", {}),
        *(entry.get("address", {}) for entry in listener.get("additional_addresses", ())),
    ]
    return [address["socket_address"] for address in bound if "socket_address" in address]


def _prefixes(asked: Json) -> list[str]:
    port = f":{asked['destination_port']}" if "destination_port" in asked else ""
    ranges = [
        f"{entry['address_prefix']}/{entry.get('prefix_len', 0)}{port}" for entry in asked.get("prefix_ranges", ())
    ]
    return ranges or ([f"*{port}"] if port else [])


def _has(filters: list[Json], message: str) -> bool:
    return any(_is(item.get("typed_config", {}), message) for item in filters)


def _is(config: Json, message: str) -> bool:
    return str(config.get("@type", "")).endswith(f".{message}")


def _passes(listener: Json, wanted: Filter) -> bool:
    return (
        (not wanted.address or wanted.address in addresses(listener))
        and (not wanted.port or wanted.port in ports(listener) or listener.get("name", "").endswith(f"_{wanted.port}"))
        and (not wanted.type or wanted.type.upper() == kind(listener))
    )
