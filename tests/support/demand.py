"""A configuration without a loop or an Envoy: objects in, questions in, and the world that comes of it."""

from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from edits import AGES, GATEWAY, SERVE, SERVERS, SERVICE, VIRTUAL_SERVICE, WORKLOAD, Cluster, Edit, Json, key_of, of
from world import Pair, pair

from pylae.api.meta import Object
from pylae.api.scheme import SECRET
from pylae.controlplane.fleet.configuration import Configuration
from pylae.controlplane.fleet.on_demand import OnDemand, Use
from pylae.controlplane.report.ledger import Ledger
from pylae.kube.store import Change
from pylae.model.finding import Finding
from pylae.xds.resource import Key, Resource, Type

NOW = datetime.now(UTC)
LISTENER = "0.0.0.0_443"


@dataclass
class Stage:
    """`tell` and `take_away` change objects; `ask` and `leave` are what Envoys do; `examine` looks at changes."""

    cluster: Cluster = field(default_factory=Cluster)
    now: datetime = NOW
    ledger: Ledger = field(default_factory=Ledger)
    reported: list[tuple[str, tuple[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        report = lambda kind, key: self.reported.append((kind.kind, key))  # noqa: E731 - it is short
        self.configuration = Configuration(WORKLOAD, self.cluster.snapshot, lambda: self.now, self.ledger, report)

    @property
    def on_demand(self) -> OnDemand:
        return self.configuration.on_demand

    def tell(self, *objects: Object) -> None:
        self.configuration.note([self._put(object_, object_) for object_ in objects])
        self.configuration.settle()

    def take_away(self, *objects: Object) -> None:
        self.configuration.note([self._put(object_, None) for object_ in objects])
        self.configuration.settle()

    def know_all(self) -> None:
        """Take in all that is in the cluster already."""
        everything = self.cluster.everything()
        self.configuration.note(Change(kind, key, None, object_) for kind, key, object_ in everything)
        self.configuration.settle()

    def _put(self, object_: Object, new: Object | None) -> Change:
        key = key_of(object_)
        if object_.kind == SECRET.kind:
            self.cluster.snapshot.put("secrets", key, new)
            return Change(SECRET, key, None, new)
        edit = Edit(object_, here=new is not None)
        return Change(edit.kind, key, *self.cluster.edit(edit))

    def ask(self, *names: str) -> None:
        for name in names:
            self.on_demand.ask(_key(name))

    def leave(self, *names: str) -> None:
        for name in names:
            self.on_demand.leave(_key(name))

    def use(self, host: str) -> Use:
        return self.on_demand.uses[host]

    def names(self, type_: Type) -> list[str]:
        return sorted(self.configuration.world[type_])

    def get(self, type_: Type, name: str) -> Resource | None:
        return self.configuration.world.get_resource((type_, name))

    def touched(self) -> frozenset[Key]:
        return self.configuration.world.touched()

    def examine(self) -> int:
        """Look into everything; how much that was."""
        count = 0
        while self.configuration.examination.examine():
            count += 1
        return count

    def findings(self) -> tuple[Finding, ...]:
        return self.ledger.all()

    def reasons(self) -> list[str]:
        return sorted(finding.code.reason for finding in self.findings())


def _key(name: str) -> Key:
    return (Type.ROUTE if name.startswith("asked/") else Type.SECRET, name)


def secret(name: str, made: Pair, key: str = "") -> Object:
    data = {
        "tls.crt": b64encode(made.chain.encode()).decode(),
        "tls.key": b64encode((key or made.key).encode()).decode(),
    }
    return of(SECRET, name, WORKLOAD.namespace, AGES[0], {"type": "kubernetes.io/tls", "data": data})


def gateway(
    name: str, *hosts: str, serve: str = "on-demand", server: Json = SERVERS[2], credential: str = "c", **tls: Any
) -> Object:
    own = {**server, "tls": {**server["tls"], "credentialName": credential, **tls}, "hosts": list(hosts)}
    spec = {"servers": [own], "selector": {"istio": "ingressgateway"}}
    return of(GATEWAY, name, "shop", AGES[0], {"spec": spec, "metadata": {"annotations": {SERVE: serve}}})


def routes(name: str, *hosts: str, to: str = "x", gateways: tuple[str, ...] = ("g",)) -> Object:
    http = [{"route": [{"destination": {"host": to, "port": {"number": 80}}}]}]
    spec = {"hosts": list(hosts), "gateways": list(gateways), "http": http}
    return of(VIRTUAL_SERVICE, name, "shop", AGES[0], {"spec": spec})


def service(name: str) -> Object:
    return of(SERVICE, name, "shop", AGES[0], {"spec": {"ports": [{"name": "http", "port": 80}]}})


FRONT = of(
    SERVICE,
    WORKLOAD.name,
    WORKLOAD.namespace,
    AGES[0],
    {"spec": {"ports": [{"name": "https", "port": 443}], "selector": {"istio": "ingressgateway"}}},
)
GOOD, RENEWED = pair("a.io", "*.io"), pair("a.io", "*.io")


def shop(*hosts: str, **more: Any) -> Stage:
    """A gateway with hosts on demand that serves them by one Service."""
    stage = Stage()
    hosts = hosts or ("a.io",)
    stage.tell(FRONT, gateway("g", *hosts, **more), routes("v", *hosts), service("x"), secret("c", GOOD))
    stage.touched()
    return stage
