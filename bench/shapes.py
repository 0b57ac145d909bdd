"""Configurations of one and the same Envoy, as plain documents: the least that does the work, and Istio's shape."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]

EXTENSIONS = "type.googleapis.com/envoy.extensions"
MANAGER = f"{EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager"
UPSTREAM_HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

ECDSA, RSA, MUTUAL = "ecdsa.bench.example", "rsa.bench.example", "mutual.bench.example"
HOSTS = (ECDSA, RSA, MUTUAL)

ACCESS_LOG = (
    '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% '
    "%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% "
    '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" '
    '"%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n'
)


@dataclass(frozen=True)
class Scene:
    """What every proxy is given: its two ports, the upstream's (HTTP/1.1, and HTTP/2 without TLS), and files NAME.crt
    and NAME.key for each host, and ca.crt for clients of the mutual one."""

    http: int
    https: int
    upstream: int
    upstream_http2: int
    files: Path

    @property
    def admin(self) -> Path:
        return self.files / f"admin-{self.https}.sock"


def filter_of(name: str, kind: str, **fields: Any) -> Json:
    return {"name": name, "typed_config": {"@type": f"{EXTENSIONS}.{kind}", **fields}}


ROUTER = filter_of("envoy.filters.http.router", "filters.http.router.v3.Router")
GRPC_STATS = filter_of(
    "envoy.filters.http.grpc_stats", "filters.http.grpc_stats.v3.FilterConfig", emit_filter_state=True
)
FAULT = filter_of("envoy.filters.http.fault", "filters.http.fault.v3.HTTPFault")
CORS = filter_of("envoy.filters.http.cors", "filters.http.cors.v3.Cors")
LOG = filter_of(
    "envoy.access_loggers.file",
    "access_loggers.file.v3.FileAccessLog",
    path="/dev/null",
    log_format={"text_format_source": {"inline_string": ACCESS_LOG}},
)
TLS_INSPECTOR = filter_of("envoy.filters.listener.tls_inspector", "filters.listener.tls_inspector.v3.TlsInspector")
CLIENT_DETAILS = {"subject": True, "cert": True, "dns": True, "uri": True}

ISTIO_MANAGER: Json = {
    "http_filters": [GRPC_STATS, FAULT, CORS, ROUTER],
    "server_name": "istio-envoy",
    "use_remote_address": True,
    "forward_client_cert_details": "SANITIZE_SET",
    "set_current_client_cert_details": CLIENT_DETAILS,
    "proxy_100_continue": True,
    "upgrade_configs": [{"upgrade_type": "websocket"}],
    "stream_idle_timeout": "0s",
    "normalize_path": True,
    "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
    "request_id_extension": {
        "typed_config": {
            "@type": f"{EXTENSIONS}.request_id.uuid.v3.UuidRequestIdConfig",
            "use_request_id_for_trace_sampling": True,
        }
    },
}
MINIMAL_MANAGER: Json = {"http_filters": [ROUTER], "generate_request_id": False}

RETRY = {
    "retry_on": "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes",
    "num_retries": 2,
    "retry_host_predicate": [
        filter_of(
            "envoy.retry_host_predicates.previous_hosts",
            "retry.host.previous_hosts.v3.PreviousHostsPredicate",
        )
    ],
    "host_selection_retry_max_attempts": 5,
}
LIMITLESS = {"max_connections": 2**32 - 1, "max_pending_requests": 2**32 - 1, "max_requests": 2**32 - 1}


def minimal(scene: Scene) -> Json:
    """What somebody writes by hand who wants these three hosts and no more."""
    action = {"cluster": "backend"}
    return _document(scene, MINIMAL_MANAGER, {"route": action}, {})


def istio(scene: Scene) -> Json:
    """What Istio's gateway has, as far as it is in every Envoy: its filters, headers, retries, limits and names."""
    action = {"cluster": "backend", "timeout": "0s", "retry_policy": RETRY, "max_grpc_timeout": "0s"}
    route = {
        "route": action,
        "decorator": {"operation": "backend.default.svc.cluster.local:80/*"},
        "metadata": {"filter_metadata": {"istio": {"config": "/apis/networking.istio.io/v1/virtual-service/bench"}}},
    }
    limits = {"circuit_breakers": {"thresholds": [{**LIMITLESS, "max_retries": 2**32 - 1}]}}
    return _document(scene, ISTIO_MANAGER, route, limits, include_request_attempt_count=True)


def _document(scene: Scene, manager: Json, route: Json, cluster: Json, **host: Any) -> Json:
    listeners = [_https(scene, manager, route, host), _http(scene, manager)]
    return envelope(scene, listeners, [_cluster(scene, cluster)])


def envelope(scene: Scene, listeners: list[Any], clusters: list[Any], **bootstrap: Any) -> Json:
    """A whole bootstrap, with an admin page to ask for readiness."""
    return {
        **bootstrap,
        "admin": {"address": {"pipe": {"path": str(scene.admin), "mode": 0o600}}},
        "static_resources": {"listeners": listeners, "clusters": clusters},
    }


def _https(scene: Scene, manager: Json, route: Json, host: Json) -> Json:
    chains = [
        {
            "filter_chain_match": {"server_names": [name]},
            "filters": [_manager(manager, _routes(name, host, {"match": {"prefix": "/"}, **route}))],
            "transport_socket": tls(scene, name),
        }
        for name in HOSTS
    ]
    return {**_listener("https", scene.https), "listener_filters": [TLS_INSPECTOR], "filter_chains": chains}


def _http(scene: Scene, manager: Json) -> Json:
    routes = {"name": "http", "virtual_hosts": [{"name": "all", "domains": ["*"], "require_tls": "ALL", "routes": []}]}
    return {**_listener("http", scene.http), "filter_chains": [{"filters": [_manager(manager, routes)]}]}


def _listener(name: str, port: int) -> Json:
    return {"name": name, "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}


def _manager(manager: Json, routes: Json) -> Json:
    name = "envoy.filters.network.http_connection_manager"
    return {"name": name, "typed_config": {"@type": MANAGER, "stat_prefix": "bench", **manager, "route_config": routes}}


def _routes(name: str, host: Json, route: Json) -> Json:
    return {"name": name, "virtual_hosts": [{"name": name, "domains": [name], "routes": [route], **host}]}


def tls(scene: Scene, name: str) -> Json:
    """A host's transport socket; the mutual one asks clients for a certificate."""
    common: Json = {"alpn_protocols": ["h2", "http/1.1"], "tls_certificates": [certificate(scene, name)]}
    if name == MUTUAL:
        common["validation_context"] = {"trusted_ca": {"filename": str(scene.files / "ca.crt")}}
    asks = {"require_client_certificate": name == MUTUAL, "common_tls_context": common}
    return filter_of("envoy.transport_sockets.tls", "transport_sockets.tls.v3.DownstreamTlsContext", **asks)


def certificate(scene: Scene, name: str) -> Json:
    files = scene.files
    chain, key = {"filename": str(files / f"{name}.crt")}, {"filename": str(files / f"{name}.key")}
    return {"certificate_chain": chain, "private_key": key}


def _cluster(scene: Scene, more: Json) -> Json:
    address = {"socket_address": {"address": "127.0.0.1", "port_value": scene.upstream}}
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
    load = {"cluster_name": "backend", "endpoints": endpoints}
    return {"name": "backend", "type": "STATIC", "connect_timeout": "10s", "load_assignment": load, **more}
