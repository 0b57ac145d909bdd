"""Clusters and their endpoints: the services that requests go to."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from pylae.model.edge import DEFAULT_EDGE, Edge
from pylae.model.ir.origin import Origin


class Discovery(StrEnum):
    """How Envoy learns a cluster's endpoints."""

    EDS = "EDS"
    STRICT_DNS = "STRICT_DNS"
    LOGICAL_DNS = "LOGICAL_DNS"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`address` is an IP address, or a host name in DNS clusters."""

    address: str
    port: int
    healthy: bool = True
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The endpoints of one EDS cluster, by the cluster's name; sorted."""

    cluster: str
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True, slots=True)
class Cluster:
    """`name` is Istio's `outbound|80||webapp.shop.svc.cluster.local`; `endpoints` are set in DNS clusters only.

    One that is not `counted` has no statistics of its own, and gives an unused connection back soon: of clusters that
    only hosts on demand use there may be very many, each used seldom.
    """

    name: str
    hostname: str
    port: int
    origin: Origin
    discovery: Discovery = Discovery.EDS
    endpoints: tuple[Endpoint, ...] = ()
    http2: bool = False
    connect_timeout: timedelta = timedelta(seconds=10)
    counted: bool = True
    edge: Edge = DEFAULT_EDGE
