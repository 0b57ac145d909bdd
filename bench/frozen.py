"""What a running Pylae gave its Envoy, made into a configuration that needs no control plane: so that a feature can be
added to it, or taken away, and nothing else changes."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from shapes import (
    CLIENT_DETAILS,
    CORS,
    FAULT,
    GRPC_STATS,
    HOSTS,
    LOG,
    MANAGER,
    UPSTREAM_HTTP,
    Json,
    Scene,
    certificate,
    envelope,
    filter_of,
)
from stage import Stage

BOOTSTRAP = ("node", "stats_config", "layered_runtime", "overload_manager", "stats_flush_on_admin")
"""Parts of Pylae's bootstrap that do not speak of its control plane."""

Change = Callable[[Json, Scene], None]
"""Something done to a whole configuration, in place."""


def dump(stage: Stage) -> list[Json]:
    return list(json.loads(stage.ask_envoy("config_dump?include_eds"))["configs"])


class Frozen:
    """Reads a dump, and resolves what its listeners and clusters ask a control plane for: routes, endpoints and
    certificates, whose keys no dump shows, from the scene's files."""

    def __init__(self, configs: list[Json], scene: Scene) -> None:
        self._scene = scene
        self._bootstrap = next(_held(configs, "bootstrap"))
        self._routes = {route["name"]: route for route in _held(configs, "route_config")}
        self._endpoints = {load["cluster_name"]: load for load in _held(configs, "endpoint_config")}
        self._listeners = list(_held(configs, "listener"))
        own = [cluster["name"] for cluster in self._bootstrap["static_resources"]["clusters"]]
        self._clusters = [found for found in _held(configs, "cluster") if found["name"] not in own]

    def document(self, change: Change | None = None) -> Json:
        """The whole configuration on the scene's ports, after `change` had it."""
        kept = {part: self._bootstrap[part] for part in BOOTSTRAP if part in self._bootstrap}
        listeners = [self._listener(deepcopy(found)) for found in self._listeners]
        clusters = [self._cluster(deepcopy(found)) for found in self._clusters]
        made = envelope(self._scene, listeners, clusters, **deepcopy(kept))
        if change:
            change(made, self._scene)
        return made

    def _listener(self, listener: Json) -> Json:
        secure = any("transport_socket" in chain for chain in listener["filter_chains"])
        listener["address"]["socket_address"]["port_value"] = self._scene.https if secure else self._scene.http
        for manager in managers({"static_resources": {"listeners": [listener]}}):
            if "rds" in manager:
                manager["route_config"] = deepcopy(self._routes[manager.pop("rds")["route_config_name"]])
        for chain in listener["filter_chains"]:
            if "transport_socket" in chain:
                self._secure(chain)
        return listener

    def _secure(self, chain: Json) -> None:
        """The chain's certificates from files, by its one server name."""
        (name,) = chain["filter_chain_match"]["server_names"]
        assert name in HOSTS, f"a chain for {name}, of which we have no certificate"
        context = chain["transport_socket"]["typed_config"]["common_tls_context"]
        context.pop("tls_certificate_sds_secret_configs")
        context["tls_certificates"] = [certificate(self._scene, name)]
        trusted = {"trusted_ca": {"filename": str(self._scene.files / "ca.crt")}}
        if combined := context.pop("combined_validation_context", None):
            context["validation_context"] = {**combined.get("default_validation_context", {}), **trusted}
        elif context.pop("validation_context_sds_secret_config", None):
            context["validation_context"] = trusted

    def _cluster(self, cluster: Json) -> Json:
        if cluster.get("type") == "EDS":
            asked = cluster.pop("eds_cluster_config").get("service_name", cluster["name"])
            load = deepcopy(self._endpoints[asked])
            for locality in load.get("endpoints", ()):
                locality.pop("load_balancing_weight", None)  # a dump shows 0 where there is none
            cluster |= {"type": "STATIC", "load_assignment": {**load, "cluster_name": cluster["name"]}}
        return cluster


def _held(value: Any, key: str) -> Iterator[Json]:
    """Everything that lies under `key`, wherever it is."""
    if isinstance(value, list):
        for item in value:
            yield from _held(item, key)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == key and isinstance(item, dict):
                yield {field: held for field, held in item.items() if field != "@type"}
            else:
                yield from _held(item, key)


def managers(document: Json) -> Iterator[Json]:
    """All HTTP connection managers of a configuration."""
    for listener in document["static_resources"]["listeners"]:
        for chain in listener["filter_chains"]:
            for each in chain["filters"]:
                if each["typed_config"]["@type"] == MANAGER:
                    yield each["typed_config"]


def _with_filters(*filters: Json) -> Change:
    """First in the chain, unless they are there."""

    def change(document: Json, _: Scene) -> None:
        for manager in managers(document):
            there = {each["name"] for each in manager["http_filters"]}
            manager["http_filters"] = [
                *(each for each in filters if each["name"] not in there),
                *manager["http_filters"],
            ]

    return change


def _with_fields(**fields: Any) -> Change:
    def change(document: Json, _: Scene) -> None:
        for manager in managers(document):
            manager.update(fields)

    return change


def _without(*fields: str) -> Change:
    def change(document: Json, _: Scene) -> None:
        for manager in managers(document):
            for field in fields:
                manager.pop(field, None)

    return change


def _all_statistics(document: Json, _: Scene) -> None:
    document.pop("stats_config", None)


def _no_statistics(document: Json, _: Scene) -> None:
    document["stats_config"] = {"stats_matcher": {"reject_all": True}}


def _http2_upstream(document: Json, scene: Scene) -> None:
    """On the port that speaks it: nginx has no port for both."""
    http2: Json = {"explicit_http_config": {"http2_protocol_options": {}}}
    options = filter_of(UPSTREAM_HTTP, "upstreams.http.v3.HttpProtocolOptions", **http2)["typed_config"]
    for cluster in document["static_resources"]["clusters"]:
        address = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]
        address["socket_address"]["port_value"] = scene.upstream_http2
        cluster.setdefault("typed_extension_protocol_options", {})[UPSTREAM_HTTP] = options


SANITIZE_SET = {"forward_client_cert_details": "SANITIZE_SET", "set_current_client_cert_details": CLIENT_DETAILS}

FEATURES: dict[str, Change] = {
    "+ grpc_stats": _with_filters(GRPC_STATS),
    "+ cors": _with_filters(CORS),
    "+ fault": _with_filters(FAULT),
    "+ grpc_stats, fault, cors": _with_filters(GRPC_STATS, FAULT, CORS),
    "+ client certificates' details (XFCC)": _with_fields(**SANITIZE_SET),
    "- XFCC": _without("forward_client_cert_details", "set_current_client_cert_details"),
    "- request id": _with_fields(generate_request_id=False),
    "- time limits of streams": _without("stream_idle_timeout", "request_timeout", "request_headers_timeout"),
    "- path normalization": _without("normalize_path", "merge_slashes", "path_with_escaped_slashes_action"),
    "+ access log": _with_fields(access_log=[LOG]),
    "+ all statistics of Envoy's own": _all_statistics,
    "- all statistics": _no_statistics,
    "+ HTTP/2 to the upstream": _http2_upstream,
}
"""What each is worth, by the same configuration with it (+) or without it (-). One that changes nothing was there, or
was not, before."""
