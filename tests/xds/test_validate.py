"""Everything that can be emitted, once, and the bootstrap with it: Envoy takes it, and calls nothing deprecated.

Envoy validates a file, so what comes by discovery is put into one: route configurations into listeners of their own.
"""

import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from envoy.config.bootstrap.v3 import bootstrap_pb2
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from envoy.extensions.resource_monitors.downstream_connections.v3 import downstream_connections_pb2
from envoy.extensions.resource_monitors.fixed_heap.v3 import fixed_heap_pb2
from envoy.extensions.transport_sockets.tls.v3 import secret_pb2
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.json_format import Parse
from on_demand import scope, shared
from picture import ORIGIN, certificate, cluster, endpoints, listener, plain, site, with_resource, world

from pylae.envoy.binary import find
from pylae.envoy.bootstrap import Bootstrap
from pylae.model.edge import OFF, Edge
from pylae.model.ir.cluster import Discovery, Endpoint
from pylae.model.ir.listener import (
    DownstreamTls,
    FilterChain,
    HttpConnectionManager,
    Listener,
    SecretRef,
    SocketAddress,
    TcpProxy,
)
from pylae.model.ir.route import (
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
    RegexRewrite,
    Retry,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
    WeightedCluster,
)
from pylae.model.ir.secret import TrustedCa
from pylae.model.workload import AccessLog
from pylae.translate.edge import LARGEST_UINT32, LARGEST_WINDOW
from pylae.translate.setting import LONGEST
from pylae.xds.absence import stand_in
from pylae.xds.emit import emit_secret
from pylae.xds.resource import ResourceSet, Type
from pylae.xds.scope import emit_asked_routes

pytestmark = pytest.mark.real

assert downstream_connections_pb2.DESCRIPTOR  # only their import lets the bootstrap be parsed
assert fixed_heap_pb2.DESCRIPTOR

CHANGES = HeaderChanges(set=(("x-set", "%REQ(:path)%"),), add=(("x-add", "1"),), remove=("x-gone",))
A, B = WeightedCluster("eds", 3, CHANGES, CHANGES, "a.test"), WeightedCluster("h2", 1)

MATCHES = (
    RouteMatch(Exact("/exact")),
    RouteMatch(Prefix("/PREFIX"), case_sensitive=False),
    RouteMatch(
        Regex("/(one|two)/[0-9]+"),
        headers=(
            HeaderMatch("end-user", Exact("jason")),
            HeaderMatch(":method", Prefix("G")),
            HeaderMatch("x-regex", Regex("a+"), invert=True),
            HeaderMatch("x-present", Present(), invert=True),
        ),
        query=(QueryMatch("v", Exact("1")), QueryMatch("w", Regex("1|2")), QueryMatch("x", Present())),
    ),
    RouteMatch(Regex("|".join(f"/{word}[a-z]{{1,40}}" for word in ("alpha", "beta", "gamma", "delta")))),
)
ACTIONS: tuple[RouteAction, ...] = (
    Forward((A,), retry=Retry()),
    Forward((A, B), timeout=timedelta(seconds=3), prefix_rewrite="/new", host_rewrite="b.test"),
    Forward((B,), regex_rewrite=RegexRewrite("^/a/(.*)", r"/b/\1")),
    Forward(
        (WeightedCluster("unknown"),),
        retry=Retry(3, ("5xx",), (409,), timedelta(seconds=1), timedelta(milliseconds=25), remote_localities=True),
    ),
    *(Redirect(host="b.test", path="/b", scheme="https", port=8443, code=code) for code in (301, 302, 303, 307, 308)),
    Redirect(prefix_rewrite="/b"),
    DirectResponse(200, b"x" * 20_000),
    DirectResponse(503),
)


def everything() -> ResourceSet:
    routes = tuple(
        Route(f"r{number}", match, action, ORIGIN, "operation/*", "/apis/x", "prefix", CHANGES, CHANGES)
        for number, (match, action) in enumerate((match, action) for action in ACTIONS for match in MATCHES)
    )
    hosts = (
        VirtualHost("a:80", ("a.test", "*.a.test"), routes, ORIGIN),
        VirtualHost("b:80", ("b.test",), (), ORIGIN, require_tls=True),
        VirtualHost("blackhole:80", ("*",), (), ORIGIN),
    )
    authority = TrustedCa("kubernetes://a-cacert", certificate("ca", "ca.test").chain)
    made = world(
        *_listeners(),
        RouteConfiguration("http.8080", hosts),
        cluster("eds"),
        cluster("h2", http2=True, connect_timeout=timedelta(seconds=1)),
        cluster("strict", discovery=Discovery.STRICT_DNS, endpoints=(Endpoint("a.test", 80), Endpoint("b.test", 81))),
        cluster("logical", discovery=Discovery.LOGICAL_DNS, endpoints=(Endpoint("a.test", 80),)),
        endpoints("eds", 8080),
        certificate("kubernetes://a", "a.test"),
    )
    return with_resource(made, emit_secret(authority))


def _listeners() -> tuple[Listener, ...]:
    log, json = AccessLog(), AccessLog("JSON")
    web = replace(plain("http.8080"), payload=HttpConnectionManager("http.8080", "p;", grpc_web=True, access_log=log))
    mutual = DownstreamTls(
        (SecretRef("kubernetes://a"), SecretRef("kubernetes://a-ecdsa")),
        client_ca=SecretRef("kubernetes://a-cacert"),
        require_client_certificate=True,
        accept_untrusted=True,
        subject_alt_names=("client.test", "spiffe://client"),
        certificate_spki=("2IEpPESU/mmC30tPsnOfbGKdwKdQfN/wZw1QWpjGlmk=",),
        certificate_hashes=("df6ff72fe9116521268f6f2dd4966f51df479883fe7037b39f75916ac3049d1a",),
        minimum_version="TLSV1_2",
        maximum_version="TLSV1_3",
        cipher_suites=("ECDHE-ECDSA-AES128-GCM-SHA256",),
        ecdh_curves=("P-256", "X25519"),
    )
    db = TcpProxy("outbound|5432||db", (A,), access_log=json)
    both = TcpProxy("outbound|5432||db", (A, B))
    tls = listener(
        "0.0.0.0_8443",
        (30005, 31005),
        site("simple.test", "kubernetes://a", "http.8080"),
        FilterChain("mutual", ("*.mutual.test",), mutual, HttpConnectionManager("x", "p;", access_log=json), ORIGIN),
        FilterChain("passthrough", ("db.test",), None, db, ORIGIN),
        FilterChain("ended", ("db2.test",), DownstreamTls((SecretRef("kubernetes://a"),)), both, ORIGIN),
    )
    return (
        listener("0.0.0.0_8080", 30000, web),
        replace(tls, access_log=log),
        listener("0.0.0.0_9443", 9443, shared("0.0.0.0_9443"), site("*.a.test", "kubernetes://a", "http.8080")),
        Listener("::_9000", (SocketAddress("::1", 9000),), (FilterChain("tcp", (), None, db, ORIGIN),)),
    )


def unpacked(resource_body: bytes, kind: Any) -> Any:
    packed, message = Packed.FromString(resource_body), kind()
    packed.Unpack(message)
    return message


def with_routes(configuration: Any, number: int) -> Any:
    """A listener of its own for one route configuration."""
    manager = http_connection_manager_pb2.HttpConnectionManager(stat_prefix="x", route_config=configuration)
    router = manager.http_filters.add(name="envoy.filters.http.router")
    router.typed_config.type_url = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
    message = listener_pb2.Listener(name=f"routes-{number}")
    message.address.socket_address.address = "127.0.0.1"
    message.address.socket_address.port_value = 10000 + number
    message.filter_chains.add().filters.add(name="http").typed_config.Pack(manager)
    return message


def judged(made: ResourceSet, file: Path) -> str:
    """What Envoy has to say of these resources, beside our bootstrap: nothing, if they are right."""
    document = Bootstrap(Path("/tmp/xds.sock"), Path("/tmp/admin.sock"), labels={"istio": "ingressgateway"}).json()
    bootstrap = Parse(document, bootstrap_pb2.Bootstrap())
    static = bootstrap.static_resources
    static.clusters.extend(unpacked(r.body, cluster_pb2.Cluster) for r in made[Type.CLUSTER].values())
    static.listeners.extend(unpacked(r.body, listener_pb2.Listener) for r in made[Type.LISTENER].values())
    static.secrets.extend(unpacked(r.body, secret_pb2.Secret) for r in made[Type.SECRET].values())
    absent = stand_in(Type.ROUTE, "nobody-knows")
    assert absent is not None
    asked = emit_asked_routes(scope("b.test", "eds"), "asked/1/0.0.0.0_9443|b.test")
    for number, resource in enumerate((*made[Type.ROUTE].values(), absent, asked)):
        static.listeners.append(with_routes(unpacked(resource.body, route_pb2.RouteConfiguration), number))
    file.write_bytes(bootstrap.SerializeToString())
    answer = subprocess.run(
        [find().path, "--mode", "validate", "-c", file, "--log-level", "warning"], capture_output=True, text=True
    )
    return answer.stderr if answer.returncode or "deprecated" in answer.stderr.lower() else ""


def test_envoy_takes_all_that_can_be_emitted(tmp_path: Path) -> None:
    assert judged(everything(), tmp_path / "everything.pb") == ""


LEAST = Edge(
    per_connection_buffer_limit_bytes=1024,
    upstream_per_connection_buffer_limit_bytes=1024,
    max_concurrent_streams=1,
    initial_stream_window_size=65_535,
    upstream_initial_stream_window_size=65_535,
    initial_connection_window_size=65_535,
    idle_timeout=OFF,
    request_headers_timeout=OFF,
    stream_idle_timeout=OFF,
    max_request_headers_kb=1,
)
MOST = Edge(
    per_connection_buffer_limit_bytes=LARGEST_UINT32,
    upstream_per_connection_buffer_limit_bytes=LARGEST_UINT32,
    max_concurrent_streams=LARGEST_WINDOW,
    initial_stream_window_size=LARGEST_WINDOW,
    upstream_initial_stream_window_size=LARGEST_WINDOW,
    initial_connection_window_size=LARGEST_WINDOW,
    idle_timeout=LONGEST,
    request_headers_timeout=LONGEST,
    stream_idle_timeout=LONGEST,
    request_timeout=LONGEST,
    max_request_headers_kb=8192,
)


@pytest.mark.parametrize("edge", [LEAST, MOST], ids=["least", "most"])
def test_envoy_takes_every_limit_that_a_user_may_set(tmp_path: Path, edge: Edge) -> None:
    chain = replace(plain("x"), payload=HttpConnectionManager("x", "p;", edge=edge))
    made = world(
        replace(listener("0.0.0.0_8080", 30000, chain), edge=edge),
        cluster("eds", http2=True, counted=False, edge=edge),
    )
    assert judged(made, tmp_path / "limits.pb") == ""
