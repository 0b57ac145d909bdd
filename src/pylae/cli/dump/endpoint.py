"""`proxy-config endpoint`: the addresses behind each cluster, and how Envoy finds them (admin
`/clusters?format=json`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pylae.cli.dump.source import Json, Table

HEAD = ("ENDPOINT", "STATUS", "OUTLIER CHECK", "CLUSTER")


@dataclass(frozen=True, slots=True)
class Filter:
    """`cluster` is exact, `status` any spelling of Envoy's health states; `port` 0 is any."""

    address: str = ""
    port: int = 0
    cluster: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of one cluster; `port` is 0 for a Unix socket, whose path is `address`."""

    address: str
    port: int
    status: str
    outlier_check: str
    cluster: str

    @property
    def shown(self) -> str:
        return f"{self.address}:{self.port}" if self.port else f"unix://{self.address}"


def chosen(clusters: Json, wanted: Filter) -> tuple[Json, ...]:
    """The clusters' own documents, each with the endpoints that pass the filter; clusters without any are left out."""
    kept = []
    for cluster in clusters.get("cluster_statuses", ()):
        hosts = [host for host in cluster.get("host_statuses", ()) if _passes(_endpoint(cluster, host), wanted)]
        if hosts:
            kept.append({**cluster, "host_statuses": hosts})
    return tuple(kept)


def table(clusters: Json, wanted: Filter) -> Table:
    """One row per endpoint, by address, port and cluster."""
    found = sorted(_endpoints(chosen(clusters, wanted)), key=lambda each: (each.address, each.port, each.cluster))
    return Table(HEAD, tuple((each.shown, each.status, each.outlier_check, each.cluster) for each in found))


def _endpoints(clusters: tuple[Json, ...]) -> Iterator[Endpoint]:
    for cluster in clusters:
        for host in cluster["host_statuses"]:
            yield _endpoint(cluster, host)


def _endpoint(cluster: Json, host: Json) -> Endpoint:
    address = host.get("address", {})
    socket = address.get("socket_address", {})
    health = host.get("health_status", {})
    return Endpoint(
        address=str(socket.get("address") or address.get("pipe", {}).get("path", "")),
        port=socket.get("port_value", 0),
        status=_status(health),
        outlier_check="FAILED" if health.get("failed_outlier_check") else "OK",
        cluster=cluster["name"],
    )


def _status(health: Json) -> str:
    if health.get("failed_active_health_check"):
        return "UNHEALTHY"
    return str(health.get("eds_health_status", "HEALTHY"))


def _passes(endpoint: Endpoint, wanted: Filter) -> bool:
    return (
        wanted.address in ("", endpoint.address)
        and wanted.port in (0, endpoint.port)
        and wanted.cluster in ("", endpoint.cluster)
        and wanted.status.upper() in ("", endpoint.status)
    )
