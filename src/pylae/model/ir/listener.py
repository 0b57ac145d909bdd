"""Listeners: sockets, filter chains chosen by SNI, and how TLS ends."""

from dataclasses import dataclass, field

from pylae.model.edge import DEFAULT_EDGE, Edge
from pylae.model.ir.origin import Origin
from pylae.model.ir.route import WeightedCluster
from pylae.model.ir.scope import NO_SNI
from pylae.model.workload import AccessLog


@dataclass(frozen=True, slots=True)
class SocketAddress:
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A name in Envoy's secret discovery (`kubernetes://webapp-credential`). Never the secret itself."""

    name: str


@dataclass(frozen=True, slots=True)
class AskedBySni:
    """A certificate that nobody knows before a client names its host: its name in secret discovery is the server name
    of the ClientHello, spelled as the client did. `without_sni` is the name asked for where a client names no host."""

    without_sni: str = NO_SNI


@dataclass(frozen=True, slots=True)
class DownstreamTls:
    """How a TLS connection from a client is terminated.

    `certificates` are the server's, one or two, or asked for in the handshake; with `client_ca` the client's
    certificate is verified, and demanded when `require_client_certificate`. Versions are Istio's names without prefix
    (`TLSV1_2`), "" for Envoy's default (1.2 to 1.3).
    """

    certificates: tuple[SecretRef, ...] | AskedBySni
    client_ca: SecretRef | None = None
    require_client_certificate: bool = False
    accept_untrusted: bool = False
    alpn: tuple[str, ...] = ("h2", "http/1.1")
    subject_alt_names: tuple[str, ...] = ()
    certificate_spki: tuple[str, ...] = ()
    certificate_hashes: tuple[str, ...] = ()
    minimum_version: str = ""
    maximum_version: str = ""
    cipher_suites: tuple[str, ...] = ()
    ecdh_curves: tuple[str, ...] = ()

    @property
    def asks_clients(self) -> bool:
        """Whether a client is asked for a certificate."""
        return self.client_ca is not None or self.require_client_certificate


@dataclass(frozen=True, slots=True)
class ScopedRoutes:
    """Routes chosen by the server name of the connection: each host's are a `Scope` of this listener."""

    listener: str


@dataclass(frozen=True, slots=True)
class HttpConnectionManager:
    """HTTP on a filter chain; its routes come by the name of their configuration, or by scope."""

    route_configuration: str | ScopedRoutes
    stat_prefix: str
    grpc_web: bool = False
    access_log: AccessLog | None = None
    edge: Edge = DEFAULT_EDGE


@dataclass(frozen=True, slots=True)
class TcpProxy:
    """Bytes on a filter chain, to one cluster or to several by weight."""

    stat_prefix: str
    clusters: tuple[WeightedCluster, ...]
    access_log: AccessLog | None = None


@dataclass(frozen=True, slots=True)
class FilterChain:
    """`server_names` are lower-case SNI names or `*.suffix`; none of them means every connection. `tls` is absent
    where the gateway does not terminate it (plain text, and pass-through by SNI)."""

    name: str
    server_names: tuple[str, ...]
    tls: DownstreamTls | None
    payload: HttpConnectionManager | TcpProxy
    origin: Origin

    @property
    def on_demand(self) -> bool:
        """Whether it is the chain of all hosts whose certificates are asked for."""
        return self.tls is not None and isinstance(self.tls.certificates, AskedBySni)


@dataclass(frozen=True, slots=True)
class Listener:
    """`name` is Istio's identity (`0.0.0.0_8443`, of the target port); `addresses` are the sockets that are really
    bound."""

    name: str
    addresses: tuple[SocketAddress, ...]
    chains: tuple[FilterChain, ...]
    access_log: AccessLog | None = None
    origins: tuple[Origin, ...] = field(default=())
    edge: Edge = DEFAULT_EDGE

    @property
    def inspects_tls(self) -> bool:
        """Whether the ClientHello must be read before a filter chain is chosen."""
        return any(chain.tls is not None or chain.server_names for chain in self.chains)


def secret_refs(chain: FilterChain) -> tuple[SecretRef, ...]:
    """The secrets that a chain names: its certificates, unless they are asked for, and its clients' authorities."""
    if chain.tls is None:
        return ()
    certificates = () if isinstance(chain.tls.certificates, AskedBySni) else chain.tls.certificates
    return (*certificates, chain.tls.client_ca) if chain.tls.client_ca else certificates
