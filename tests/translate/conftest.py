"""What the tests of this room share: objects from YAML, and a translation as a short picture that reads well in a
golden case."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import yaml

from pylae.api.decode import convert
from pylae.api.meta import Object
from pylae.api.scheme import KINDS
from pylae.model.ir.cluster import Cluster, Discovery, Endpoint
from pylae.model.ir.listener import FilterChain, HttpConnectionManager, Listener
from pylae.model.ir.route import (
    NO_CHANGES,
    DirectResponse,
    Exact,
    Forward,
    HeaderChanges,
    HeaderMatch,
    Prefix,
    Present,
    QueryMatch,
    Redirect,
    Regex,
    Retry,
    Route,
    VirtualHost,
    WeightedCluster,
)
from pylae.model.snapshot import Snapshot
from pylae.model.translation import ServerPlan, Translation
from pylae.model.workload import AccessLog, GatewayWorkload
from pylae.translate.endpoints import endpoints
from pylae.translate.registry import ServiceRegistry

COLLECTIONS = {
    "Gateway": "gateways",
    "VirtualService": "virtual_services",
    "DestinationRule": "destination_rules",
    "ServiceEntry": "service_entries",
    "Service": "services",
    "EndpointSlice": "endpoint_slices",
    "Secret": "secrets",
    "ConfigMap": "config_maps",
}


def _read_objects(text: str) -> list[Object]:
    kinds = {kind.kind: kind for kind in KINDS}
    found = []
    for document in yaml.safe_load_all(text):
        kind = kinds[document["kind"]]
        document["metadata"].setdefault("namespace", "shop")
        found.append(convert(kind, {"apiVersion": kind.api_version, **document}))
    return found


def _snapshot_of(objects: Sequence[Object]) -> Snapshot:
    collections: dict[str, dict[tuple[str, str], Object]] = {}
    for item in objects:
        key = (item.metadata.namespace, item.metadata.name)
        collections.setdefault(COLLECTIONS[item.kind], {})[key] = item
    return Snapshot(**collections)  # type: ignore[arg-type]


@pytest.fixture
def read_objects() -> Callable[[str], list[Object]]:
    """Reads YAML documents as objects; `apiVersion` may be left out, and the namespace is `shop` unless told."""
    return _read_objects


@pytest.fixture
def snapshot_of() -> Callable[[Sequence[Object]], Snapshot]:
    """Makes a snapshot that holds the objects in the order given."""
    return _snapshot_of


@pytest.fixture
def read() -> Callable[[str], Snapshot]:
    """Makes a snapshot of YAML documents."""
    return lambda text: _snapshot_of(_read_objects(text))


@pytest.fixture
def paint() -> Callable[[Translation, Snapshot, GatewayWorkload], dict[str, Any]]:
    """Paints a translation in plain values that read well in a golden case; what is as by default is left out."""
    return _picture


def _picture(translation: Translation, snapshot: Snapshot, workload: GatewayWorkload) -> dict[str, Any]:
    return {
        "listener_names": [listener.name for listener in translation.listeners],
        "route_names": [routes.name for routes in translation.route_configurations],
        "cluster_names": [cluster.name for cluster in translation.clusters],
        "listeners": {listener.name: _listener(listener) for listener in translation.listeners},
        "routes": {
            routes.name: {host.name: _virtual_host(host) for host in routes.virtual_hosts}
            for routes in translation.route_configurations
        },
        "clusters": {cluster.name: _cluster(cluster) for cluster in translation.clusters},
        "endpoints": {
            cluster.name: [
                _endpoint(found) for found in endpoints(cluster, ServiceRegistry(snapshot, workload)).endpoints
            ]
            for cluster in translation.clusters
        },
        "servers": {
            f"{plan.gateway.namespace}/{plan.gateway.name}[{plan.index}]": _server(plan) for plan in translation.servers
        },
        "ports": {address: f"{origin.about} {origin.path}" for address, origin in translation.ports.items()},
    }


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", (), [], {}, False)}


def _listener(listener: Listener) -> dict[str, Any]:
    return _present(
        addresses=[str(address) for address in listener.addresses],
        chains=[_chain(chain) for chain in listener.chains],
        access_log=_access_log(listener.access_log),
        inspects_tls=listener.inspects_tls,
        buffer=listener.edge.per_connection_buffer_limit_bytes,
    )


def _access_log(log: AccessLog | None) -> str:
    return f"{log.encoding} {log.format}".strip() if log else ""


def _chain(chain: FilterChain) -> dict[str, Any]:
    tls, payload = chain.tls, chain.payload
    shown = _present(
        name=chain.name,
        server_names=list(chain.server_names),
        origin=f"{chain.origin.about} {chain.origin.path}",
        stat_prefix=payload.stat_prefix,
        access_log=_access_log(payload.access_log),
    )
    if tls:
        shown["tls"] = _present(
            certificates=[secret.name for secret in tls.certificates],
            client_ca=tls.client_ca.name if tls.client_ca else "",
            **{
                name: list(value) if isinstance(value, tuple) else value
                for name in tls.__slots__
                if name not in ("certificates", "client_ca")
                for value in [getattr(tls, name)]
            },
        )
    if isinstance(payload, HttpConnectionManager):
        shown["streams"] = payload.edge.max_concurrent_streams
        return shown | _present(routes=payload.route_configuration, grpc_web=payload.grpc_web)
    return shown | {"clusters": {share.cluster: share.weight for share in payload.clusters}}


def _virtual_host(host: VirtualHost) -> dict[str, Any]:
    routes = [_route(route) for route in host.routes]
    return {"domains": list(host.domains), "require_tls": host.require_tls, "routes": routes}


def _route(route: Route) -> dict[str, Any]:
    return _present(
        name=route.name,
        path=_pattern(route.match.path),
        ignore_case=not route.match.case_sensitive,
        headers=[_condition(header) for header in route.match.headers],
        query=[_condition(parameter) for parameter in route.match.query],
        operation=route.operation,
        config=route.config,
        stat_prefix=route.stat_prefix,
        origin=f"{route.origin.about} {route.origin.path}",
        request_headers=_changes(route.request_headers),
        response_headers=_changes(route.response_headers),
        **_action(route.action),
    )


def _action(action: Forward | Redirect | DirectResponse) -> dict[str, Any]:
    match action:
        case Forward():
            shares = {share.cluster: _share(share) for share in action.clusters}
            return {
                **({"cluster": next(iter(shares))} if len(shares) == 1 else {"clusters": shares}),
                "timeout": action.timeout.total_seconds(),
                "idle_timeout": action.idle_timeout.total_seconds() if action.idle_timeout is not None else None,
                "retry": _retry(action.retry) if action.retry else "none",
                "prefix_rewrite": action.prefix_rewrite,
                "regex_rewrite": action.regex_rewrite
                and [action.regex_rewrite.pattern, action.regex_rewrite.substitution],
                "host_rewrite": action.host_rewrite,
            }
        case Redirect():
            return {"redirect": _present(**{name: getattr(action, name) for name in action.__slots__})}
        case DirectResponse():
            return {"respond": [action.status, action.body.decode()]}


def _share(share: WeightedCluster) -> Any:
    changes = _present(
        request_headers=_changes(share.request_headers),
        response_headers=_changes(share.response_headers),
        host_rewrite=share.host_rewrite,
    )
    return {"weight": share.weight, **changes} if changes else share.weight


def _retry(retry: Retry) -> dict[str, Any]:
    default = Retry()
    return {
        name: value.total_seconds()
        if hasattr(value, "total_seconds")
        else list(value)
        if isinstance(value, tuple)
        else value
        for name in retry.__slots__
        for value in [getattr(retry, name)]
        if value != getattr(default, name)
    } or "default"  # type: ignore[return-value]


def _changes(changes: HeaderChanges) -> dict[str, Any]:
    if changes == NO_CHANGES:
        return {}
    return _present(set=dict(changes.set), add=dict(changes.add), remove=list(changes.remove))


def _condition(condition: HeaderMatch | QueryMatch) -> str:
    inverted = "not " if isinstance(condition, HeaderMatch) and condition.invert else ""
    return f"{inverted}{condition.name} {_pattern(condition.match)}"


def _pattern(match: Exact | Prefix | Regex | Present) -> str:
    return "present" if isinstance(match, Present) else f"{type(match).__name__.lower()} {match.value}"


def _cluster(cluster: Cluster) -> dict[str, Any]:
    return {
        "discovery": str(cluster.discovery),
        "http2": cluster.http2,
        "buffer": cluster.edge.upstream_per_connection_buffer_limit_bytes,
        "origin": f"{cluster.origin.about} {cluster.origin.path}",
        **(
            {}
            if cluster.discovery is Discovery.EDS
            else {"endpoints": [_endpoint(found) for found in cluster.endpoints]}
        ),
    }


def _endpoint(endpoint: Endpoint) -> str:
    weight = f" weight {endpoint.weight}" if endpoint.weight != 1 else ""
    return f"{endpoint.address}:{endpoint.port}{weight}{'' if endpoint.healthy else ' unhealthy'}"


def _server(plan: ServerPlan) -> dict[str, Any]:
    return {
        "listener": plan.listener,
        "routes": plan.route_configuration,
        "hosts": list(plan.hosts),
        "mode": plan.mode,
        "redirect": plan.redirect,
        "secrets": [secret.name for secret in plan.secrets],
        "addresses": [str(address) for address in plan.addresses],
        "rejected": plan.rejected.code.reason if plan.rejected else "",
    }
