"""What translation returns: the picture for Envoy, and beside it what became of every server that a user wrote."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pylae.api.meta import ObjectRef
from pylae.model.finding import Finding
from pylae.model.ir.cluster import Cluster
from pylae.model.ir.listener import Listener, SecretRef, SocketAddress
from pylae.model.ir.origin import Origin
from pylae.model.ir.route import RouteConfiguration


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """One server of one Gateway that selects this workload, and what was decided for it.

    `hosts` are lower-case DNS names without their namespace half. `listener` and `route_configuration` are "" when
    the server is not served, and `rejected` then says why. `mode` is the TLS mode, "" for plain text.
    With `on_demand` the server has its place, and what it names goes to Envoy when a client asks for one of its hosts.
    """

    gateway: ObjectRef
    index: int
    name: str
    port: int
    protocol: str
    hosts: tuple[str, ...]
    mode: str = ""
    redirect: bool = False
    credentials: tuple[SecretRef, ...] = ()
    client_ca: SecretRef | None = None
    listener: str = ""
    addresses: tuple[SocketAddress, ...] = ()
    route_configuration: str = ""
    rejected: Finding | None = None
    on_demand: bool = False

    @property
    def origin(self) -> Origin:
        return Origin(self.gateway, f"spec.servers[{self.index}]")

    @property
    def secrets(self) -> tuple[SecretRef, ...]:
        """Every secret that must be there before the server can complete a handshake."""
        return (*self.credentials, self.client_ca) if self.client_ca else self.credentials


@dataclass(frozen=True, slots=True)
class Translation:
    """The whole job of one Envoy but for what changes without a listener: endpoints and secrets, which are made by
    name."""

    listeners: tuple[Listener, ...] = ()
    route_configurations: tuple[RouteConfiguration, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    servers: tuple[ServerPlan, ...] = ()
    findings: tuple[Finding, ...] = ()
    ports: Mapping[str, Origin] = field(default_factory=dict)
    """For each bound socket (`127.0.0.1:30005`) the Service port that publishes it, where one does."""
