"""Small pieces of the intermediate representation, for tests of what is made of them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.json_format import MessageToDict

from pylae.api.meta import ObjectRef
from pylae.api.scalars import SecretBytes
from pylae.model.ir.cluster import Cluster, Endpoint, Endpoints
from pylae.model.ir.listener import (
    DownstreamTls,
    FilterChain,
    HttpConnectionManager,
    Listener,
    SecretRef,
    SocketAddress,
)
from pylae.model.ir.origin import Origin
from pylae.model.ir.route import (
    DirectResponse,
    Forward,
    Retry,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
    WeightedCluster,
)
from pylae.model.ir.secret import TlsCertificate
from pylae.model.translation import Translation
from pylae.xds.emit import emit, emit_endpoints, emit_secret
from pylae.xds.resource import Resource, ResourceSet

ORIGIN = Origin(ObjectRef("Gateway", "shop", "shop-gateway"), "spec.servers[0]")


def decoded(resource: Resource) -> dict[str, Any]:
    """What a resource says, as Envoy's JSON in snake case, without its type."""
    document: dict[str, Any] = MessageToDict(Packed.FromString(resource.body), preserving_proto_field_name=True)
    del document["@type"]
    return document


def listener(name: str, ports: int | Iterable[int], *chains: FilterChain) -> Listener:
    """On loopback."""
    numbers = (ports,) if isinstance(ports, int) else tuple(ports)
    return Listener(name, tuple(SocketAddress("127.0.0.1", port) for port in numbers), chains)


def plain(routes: str) -> FilterChain:
    """HTTP for every connection."""
    return FilterChain("plain", (), None, HttpConnectionManager(routes, "outbound_0.0.0.0_8080;"), ORIGIN)


def site(host: str, secret: str, routes: str) -> FilterChain:
    """HTTPS for one host."""
    tls = DownstreamTls((SecretRef(secret),))
    return FilterChain(host, (host,), tls, HttpConnectionManager(routes, "outbound_0.0.0.0_8443;"), ORIGIN)


def routes(name: str, action: RouteAction) -> RouteConfiguration:
    """Every request of every host."""
    route = Route("default", RouteMatch(), action, ORIGIN)
    return RouteConfiguration(name, (VirtualHost("any:80", ("*",), (route,), ORIGIN),))


def answering(name: str, text: str) -> RouteConfiguration:
    """The gateway answers by itself."""
    return routes(name, DirectResponse(200, text.encode()))


def forwarding(name: str, target: str) -> RouteConfiguration:
    """Everything to one cluster, with the default retries."""
    return routes(name, Forward((WeightedCluster(target),), retry=Retry()))


def cluster(name: str, **more: Any) -> Cluster:
    return Cluster(name, f"{name}.shop.svc.cluster.local", 80, ORIGIN, **more)


def endpoints(of: str, *ports: int) -> Endpoints:
    """On loopback."""
    return Endpoints(of, tuple(Endpoint("127.0.0.1", port) for port in ports))


def world(*nodes: Listener | RouteConfiguration | Cluster | Endpoints | TlsCertificate) -> ResourceSet:
    """Everything that was named, emitted."""
    emission = emit(
        Translation(
            listeners=tuple(node for node in nodes if isinstance(node, Listener)),
            route_configurations=tuple(node for node in nodes if isinstance(node, RouteConfiguration)),
            clusters=tuple(node for node in nodes if isinstance(node, Cluster)),
        )
    )
    assert not emission.broken
    made = emission.resources
    for node in nodes:
        if isinstance(node, Endpoints):
            made = with_resource(made, emit_endpoints(node))
        elif isinstance(node, TlsCertificate):
            made = with_resource(made, emit_secret(node))
    return made


def with_resource(made: ResourceSet, resource: Resource) -> ResourceSet:
    """The same, and this."""
    return ResourceSet.of({**made, resource.type: {**made[resource.type], resource.name: resource}})


def certificate(name: str, host: str, serial: int = 1) -> TlsCertificate:
    """A certificate that signed itself, under the name `name` in secret discovery."""
    chain, key = _pair(host, serial)
    return TlsCertificate(name, chain, SecretBytes(key))


def mismatched(name: str, host: str) -> TlsCertificate:
    """A certificate with another one's key."""
    return TlsCertificate(name, _pair(host, 1)[0], SecretBytes(_pair(host, 2)[1]))


@cache
def _pair(host: str, serial: int) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(named, named, key.public_key(), serial)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain_key = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM), plain_key
