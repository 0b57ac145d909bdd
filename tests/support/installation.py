"""A whole installation on a real API server: two control planes, three gateways of two kinds, and a shop that they
serve."""

import contextlib
import json
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any

from api_proxy import ApiProxy
from attached import Kubectl, Replica, a_replica, gateway, teach, virtual_service
from joining import JoinedGateway, Place, a_joined_gateway
from load import Load, served_serial
from upstream import Upstream
from world import Pair, free_port, pair, secret, until

from cluster import RealCluster, a_cluster

Json = dict[str, Any]

PLACES = (
    Place("istio-system", "ingressgateway", "127.0.0.2"),
    Place("istio-system", "ingressgateway", "127.0.0.3", by_token=True, name="istio-ingressgateway-1"),
    Place("edge", "edge", "127.0.0.4"),
)
KINDS = {place.namespace: place.selector for place in PLACES}
"""The label `istio` of the gateways of each namespace."""

SHOP, FAR = "shop.example", "far.example"
"""A host that Envoy answers by itself, and one with a server behind it."""

WITHIN = 15
"""Seconds. The aim is 5; a machine that is busy with other tests may take longer, and no figure is hidden by it."""

RATE = 50
"""Requests a second to each gateway."""


@dataclass(frozen=True)
class State:
    """What the hosts are to be seen with: whose certificate, and what they answer."""

    shown: Pair
    said: str
    far: Upstream

    def documents(self) -> list[Json]:
        return [document for kind in KINDS.items() for document in self._of(*kind)]

    def _of(self, namespace: str, selector: str) -> Iterator[Json]:
        yield json.loads(secret("shop", namespace=namespace, tls_crt=self.shown.chain, tls_key=self.shown.key))
        port = self.far.port
        yield service_entry("far", "far.internal", port, namespace=namespace)
        for name, host in (("shop", SHOP), ("far", FAR)):
            made = gateway(name, host, namespace=namespace, credential="shop")
            made["spec"]["selector"] = {"istio": selector}
            yield made
        yield virtual_service("shop", SHOP, self.said, namespace=namespace)
        route = virtual_service("far", FAR, "", namespace=namespace)
        route["spec"]["http"] = [{"route": [{"destination": {"host": "far.internal", "port": {"number": 80}}}]}]
        yield route


@dataclass(frozen=True, order=True)
class Seen:
    """Seconds until every gateway showed a state: from the end of a fault, kubectl's own included, and from when the
    objects were written."""

    recovered: float = 0.0
    written: float = 0.0


@dataclass
class Installation:
    """`gateways` and `replicas` run; `change` gives the shop a new state."""

    cluster: RealCluster
    kubectl: Kubectl
    replicas: tuple[Replica, ...]
    proxies: tuple[ApiProxy, ...]
    """In front of the API server, one for each control plane."""
    gateways: tuple[JoinedGateway, ...]
    upstreams: tuple[Upstream, Upstream]
    changes: int = 0

    def next_state(self) -> State:
        self.changes += 1
        return State(pair(SHOP, FAR), f"state {self.changes}", self.upstreams[self.changes % 2])

    def change(self) -> State:
        """Everything that a request meets: the certificate, a route, and where a server is."""
        made = self.next_state()
        self.kubectl.apply(*made.documents())
        return made

    def serves(self, state: State, *gateways: JoinedGateway) -> bool:
        """Whether all of them (or these) show it."""
        return all(_shows(state, one) for one in gateways or self.gateways)

    def change_and_see(self, since: float) -> Seen:
        """A change that every gateway shows in the end. `since` is a moment of the monotonic clock."""
        made = self.change()
        written = time.monotonic()
        return self.see(made, since, written)

    def see(self, state: State, since: float, written: float) -> Seen:
        until(lambda: self.serves(state), WITHIN)
        seen = time.monotonic()
        return Seen(seen - since, seen - written)

    def leader(self) -> Replica:
        """Who leads, by the Lease."""
        until(lambda: self._led_by() is not None, 30)
        found = self._led_by()
        assert found is not None
        return found

    def _led_by(self) -> Replica | None:
        holder = self.kubectl.holder()
        pids = {str(one.process.pid): one for one in self.replicas if one.process}
        return pids.get(holder.split("_")[-2]) if holder else None

    def other(self, replica: Replica) -> Replica:
        return next(one for one in self.replicas if one is not replica)

    @contextlib.contextmanager
    def load(self, *gateways: JoinedGateway, rate: float = RATE) -> Iterator[list[Load]]:
        """On all gateways, or on these. Look at the loads once it has ended."""
        chosen = gateways or self.gateways
        loads = [Load(one.https, SHOP, FAR, rate=rate, address=one.place.address) for one in chosen]
        with contextlib.ExitStack() as running:
            for load in loads:
                running.enter_context(load)
            yield loads


def _shows(state: State, one: JoinedGateway) -> bool:
    """False as well if it does not answer: who loses requests by that is told by the load."""
    address = one.place.address
    try:
        return (
            served_serial(one.https, SHOP, address) == state.shown.serial
            and body(SHOP, one.https, address) == state.said
            and body(FAR, one.https, address) == state.far.name
        )
    except (OSError, HTTPException):
        return False


def body(host: str, port: int, address: str) -> str:
    """What `/` answers over TLS, whoever signed the certificate."""
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((address, port), timeout=5) as plain,
        tls.wrap_socket(plain, server_hostname=host) as connection,
    ):
        connection.sendall(f"GET / HTTP/1.1\r\nhost: {host}\r\n\r\n".encode())
        answer = HTTPResponse(connection)
        answer.begin()
        return answer.read().decode()


def service_entry(name: str, host: str, port: int, *, namespace: str) -> Json:
    """`host` is a process on loopback, which no EndpointSlice of a real API server may name."""
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "hosts": [host],
            "location": "MESH_INTERNAL",
            "resolution": "STATIC",
            "ports": [{"number": 80, "name": "http", "protocol": "HTTP", "targetPort": port}],
            "endpoints": [{"address": "127.0.0.1"}],
        },
    }


@contextlib.contextmanager
def an_installation() -> Iterator[Installation]:
    """Skipped where the programs are missing. It serves its first state."""
    with contextlib.ExitStack() as opened:
        cluster = opened.enter_context(a_cluster())
        kubectl = teach(cluster)
        kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "istio-system"}})
        proxies = tuple(opened.enter_context(ApiProxy(cluster, cluster.home)) for _ in range(2))
        replicas = tuple(opened.enter_context(a_replica(proxy.kubeconfig, *_told_ahead())) for proxy in proxies)
        upstreams = (opened.enter_context(Upstream("a")), opened.enter_context(Upstream("b")))
        ports = free_port(), free_port()
        gateways = tuple(
            opened.enter_context(a_joined_gateway(cluster, *replicas, place=place, ports=ports)) for place in PLACES
        )
        made = Installation(cluster, kubectl, replicas, proxies, gateways, upstreams)
        first = made.change()
        until(lambda: made.serves(first), 30)
        yield made


def _told_ahead() -> list[str]:
    """Whoever joins by a token reads in its namespace whom to trust."""
    return [word for namespace in KINDS for word in ("--gateway-namespace", namespace)]
