"""Random edits of a small cluster in which most things have something to do with each other: for laws that hold after
any of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from pylae.api.decode import convert
from pylae.api.meta import Object, ObjectRef
from pylae.api.scheme import (
    CONFIG_MAP,
    ENDPOINT_SLICE,
    GATEWAY,
    SERVICE,
    SERVICE_ENTRY,
    VIRTUAL_SERVICE,
    Kind,
)
from pylae.model.ir.scope import NO_SNI
from pylae.model.snapshot import Key, Snapshot
from pylae.model.workload import GatewayWorkload

Json = dict[str, Any]

WORKLOAD = GatewayWorkload()
PLACES: Mapping[Kind, str] = {
    CONFIG_MAP: "config_maps",
    SERVICE: "services",
    SERVICE_ENTRY: "service_entries",
    ENDPOINT_SLICE: "endpoint_slices",
    GATEWAY: "gateways",
    VIRTUAL_SERVICE: "virtual_services",
}
ALWAYS_VALID = (CONFIG_MAP, ENDPOINT_SLICE)
"""Kinds that nobody calls invalid."""

SERVE = "pylae.dev/serve"
AGES = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
HOSTS = ("a.io", "b.io", "*.io", "*", "shop/a.io", "./b.io", "*.a.io")
NAMES = ("a.io", "b.io", "c.io", "x.a.io", "c.org", NO_SNI)
"""What clients ask for: hosts, names below wildcards, and no name."""

TO = ("x", "y", "x.shop.svc.cluster.local", "ext.io", "front.istio-system.svc.cluster.local")
HTTP, HTTPS, TCP = ({"protocol": protocol} for protocol in ("HTTP", "HTTPS", "TCP"))
SIMPLE: Json = {"mode": "SIMPLE", "credentialName": "c"}
SERVERS: tuple[Json, ...] = (
    {"port": {"number": 80, "name": "http", **HTTP}},
    {"port": {"number": 80, "name": "http", **HTTP}, "tls": {"httpsRedirect": True}},
    {"port": {"number": 443, "name": "https", **HTTPS}, "tls": SIMPLE},
    {"port": {"number": 443, "name": "other", **HTTPS}, "tls": SIMPLE},
    {"port": {"number": 443, "name": "tls", "protocol": "TLS"}, "tls": {"mode": "PASSTHROUGH"}},
    {"port": {"number": 9000, "name": "tcp", **TCP}},
    {"port": {"number": 443, "name": "no", **HTTPS}, "tls": {"mode": "ISTIO_MUTUAL"}},
    {"port": {"number": 443, "name": "new", **HTTPS}, "tls": {**SIMPLE, "minProtocolVersion": "TLSV1_3"}},
    {"port": {"number": 443, "name": "both", **HTTPS}, "tls": {**SIMPLE, "mode": "MUTUAL"}},
    {"port": {"number": 443, "name": "there", **HTTPS}, "tls": {**SIMPLE, "credentialName": "d"}},
    {"port": {"number": 444, "name": "second", **HTTPS}, "tls": SIMPLE},
)
ON_DEMAND = (SERVERS[2], SERVERS[2], SERVERS[3], SERVERS[9], SERVERS[10], SERVERS[1])


def of(kind: Kind, name: str, namespace: str, age: str, body: Json) -> Object:
    metadata = {"name": name, "namespace": namespace, "creationTimestamp": age, **body.get("metadata", {})}
    return convert(kind, {"apiVersion": kind.api_version, "kind": kind.kind, **body, "metadata": metadata})


def key_of(object_: Object) -> Key:
    return (object_.metadata.namespace, object_.metadata.name)


def objects(kind: Kind, names: tuple[str, ...], bodies: st.SearchStrategy[Json]) -> st.SearchStrategy[Object]:
    names_and_places = [(names[0], "shop"), *((name, "shop") for name in names), (names[-1], "istio-system")]
    return st.builds(
        lambda place, age, body: of(kind, *place, age, body),
        st.sampled_from(names_and_places),
        st.sampled_from(AGES),
        bodies,
    )


def some(values: tuple[Any, ...], size: int = 2, least: int = 1) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(values), min_size=least, max_size=size)


def port_name(server: Json) -> str:
    """Which has to be unique in a Gateway."""
    return str(server["port"]["name"])


def gateways() -> st.SearchStrategy[Object]:
    kinds = st.one_of(st.sampled_from(ON_DEMAND), st.sampled_from(SERVERS))
    servers = st.builds(lambda server, hosts: {**server, "hosts": hosts}, kinds, some(HOSTS))
    selector = st.sampled_from(({"istio": "ingressgateway"},) * 3 + ({"istio": "other"},))
    ways = st.sampled_from(({}, {SERVE: "on-demand"}, {SERVE: "on-demand"}, {SERVE: "ahead"}))
    body = st.fixed_dictionaries(
        {
            "metadata": st.fixed_dictionaries({"annotations": ways}),
            "spec": st.fixed_dictionaries(
                {"servers": st.lists(servers, min_size=1, max_size=3, unique_by=port_name), "selector": selector}
            ),
        }
    )
    return objects(GATEWAY, ("g", "h"), body)


def virtual_services() -> st.SearchStrategy[Object]:
    to = st.sampled_from(TO).map(lambda host: [{"destination": {"host": host}}])
    http = st.one_of(st.fixed_dictionaries({"route": to}), st.just({"redirect": {"uri": "/"}}))
    sni = st.fixed_dictionaries({"match": some(({"sniHosts": ["a.io"]}, {"sniHosts": ["b.io"]}), 1), "route": to})
    spec = st.fixed_dictionaries(
        {"hosts": some((*HOSTS[:4], "x.a.io")), "gateways": some(("g", "h", "shop/g", "lost"), 2, 0)},
        optional={
            "http": st.lists(http, max_size=2),
            "tls": st.lists(sni, max_size=1),
            "tcp": st.lists(st.fixed_dictionaries({"route": to}), max_size=1),
            "exportTo": some((".", "*", "istio-system", "~"), 1),
        },
    )
    return objects(VIRTUAL_SERVICE, ("v", "w", "x"), st.fixed_dictionaries({"spec": spec}))


def services() -> st.SearchStrategy[Object]:
    ports = some(
        (
            {"name": "http", "port": 80},
            {"name": "https", "port": 443, "targetPort": "named"},
            {"name": "https", "port": 443, "targetPort": 8443, "nodePort": 30001},
            {"name": "second", "port": 444, "targetPort": 8444, "nodePort": 30001},
        ),
        3,
    )
    spec = st.one_of(
        st.fixed_dictionaries({"ports": ports}, optional={"selector": st.just({"istio": "ingressgateway"})}),
        st.sampled_from(("ext.io", "y.shop.svc.cluster.local")).map(
            lambda alias: {"type": "ExternalName", "externalName": alias}
        ),
    )
    annotations = st.sampled_from(({}, {"annotations": {"networking.istio.io/exportTo": "."}}))
    return objects(SERVICE, ("x", "y", "front"), st.fixed_dictionaries({"spec": spec, "metadata": annotations}))


def slices() -> st.SearchStrategy[Object]:
    labels = st.sampled_from(("x", "front")).map(lambda name: {"labels": {"kubernetes.io/service-name": name}})
    ports = some(({"name": "http", "port": 8080}, {"name": "https", "port": 8443}), 2)
    addresses = st.sampled_from(([], [{"addresses": ["10.0.0.1"]}], [{"addresses": ["10.0.0.2"]}]))
    body = st.fixed_dictionaries(
        {"metadata": labels, "addressType": st.just("IPv4"), "ports": ports, "endpoints": addresses}
    )
    return objects(ENDPOINT_SLICE, ("x-1", "x-2"), body)


def service_entries() -> st.SearchStrategy[Object]:
    spec = st.fixed_dictionaries(
        {
            "hosts": some(("ext.io", "x.shop.svc.cluster.local"), 2),
            "ports": some(({"number": 80, "name": "http", **HTTP}, {"number": 443, "name": "tls", **HTTPS}), 2),
            "resolution": st.sampled_from(("DNS", "STATIC")),
        },
        optional={"endpoints": st.just([{"address": "10.0.0.1"}]), "exportTo": some((".", "*"), 1)},
    )
    return objects(SERVICE_ENTRY, ("e", "f"), st.fixed_dictionaries({"spec": spec}))


def meshes() -> st.SearchStrategy[Object]:
    mesh = st.sampled_from(
        (
            "accessLogFile: /dev/stdout",
            "{",
            f"{SERVE}: on-demand",
            f"{SERVE}: on-demand\npylae.dev/edge: {{upstreamPerConnectionBufferLimitBytes: 2048}}",
            "pylae.dev/edge: {upstreamPerConnectionBufferLimitBytes: 2048}",
        )
    )
    return objects(CONFIG_MAP, ("istio",), st.fixed_dictionaries({"data": st.fixed_dictionaries({"mesh": mesh})}))


@dataclass(frozen=True)
class Edit:
    """An object is there from now on; gone where `here` is False, and invalid while `valid` is."""

    object_: Object
    here: bool = True
    valid: bool = True

    @property
    def kind(self) -> Kind:
        return next(kind for kind in PLACES if kind.kind == self.object_.kind)


def edits() -> st.SearchStrategy[Edit]:
    of_any_kind = st.one_of(
        gateways(), gateways(), virtual_services(), services(), slices(), service_entries(), meshes()
    )
    mostly = st.sampled_from((True, True, True, True, False))
    return st.builds(Edit, of_any_kind, mostly, mostly)


def scripts() -> st.SearchStrategy[list[list[Edit]]]:
    """Some edits at a time."""
    return st.lists(st.lists(edits(), min_size=1, max_size=2), min_size=3, max_size=8)


@dataclass
class Cluster:
    """What the edits led to, as a snapshot that follows them."""

    snapshot: Snapshot = field(default_factory=Snapshot)
    invalid: set[ObjectRef] = field(default_factory=set)

    def edit(self, edit: Edit) -> tuple[Object | None, Object | None]:
        """Gives back the object as it was and as it is."""
        place, key = PLACES[edit.kind], key_of(edit.object_)
        old, new = getattr(self.snapshot, place).get(key), edit.object_ if edit.here else None
        self.snapshot.put(place, key, new)
        self.invalid.discard(edit.object_.ref)
        if not edit.valid and edit.kind not in ALWAYS_VALID:
            self.invalid.add(edit.object_.ref)
        return old, new

    def is_valid(self, object_: Object) -> bool:
        return object_.ref not in self.invalid

    def everything(self) -> Iterable[tuple[Kind, Key, Object]]:
        for kind, place in PLACES.items():
            yield from ((kind, key, object_) for key, object_ in getattr(self.snapshot, place).items())

    def shuffled(self, random: Any) -> Snapshot:
        found = {place: list(getattr(self.snapshot, place).items()) for place in PLACES.values()}
        return Snapshot(**{place: dict(random.sample(items, len(items))) for place, items in found.items()})


def at_work() -> list[Object]:
    """Objects with which everything serves, some on demand, so that most edits change something."""
    routes: Json = {
        "hosts": ["a.io", "b.io", "*.b.io"],
        "gateways": ["g", "h"],
        "http": [{"route": [{"destination": {"host": "x", "port": {"number": 80}}}]}],
        "tls": [{"match": [{"sniHosts": ["b.io"]}], "route": [{"destination": {"host": "ext.io"}}]}],
        "tcp": [{"route": [{"destination": {"host": "y"}}]}],
    }
    web: Json = {"ports": [{"name": "http", "port": 80}]}
    ports = [
        {"name": "http", "port": 80, "targetPort": "named"},
        {"name": "https", "port": 443},
        {"name": "tcp", "port": 9000},
        {"name": "second", "port": 444},
    ]
    front: Json = {"ports": ports, "selector": {"istio": "ingressgateway"}}
    entry = {"hosts": ["ext.io"], "ports": [{"number": 443, "name": "tls", **HTTPS}], "resolution": "DNS"}
    named: Json = {
        "metadata": {"labels": {"kubernetes.io/service-name": "front"}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080}],
    }
    selector = {"istio": "ingressgateway"}
    ahead = [{**SERVERS[index], "hosts": [host]} for index, host in ((0, "a.io"), (2, "*.b.io"), (4, "b.io"), (5, "*"))]
    waiting = [{**SERVERS[2], "hosts": ["a.io"]}, {**SERVERS[10], "hosts": ["*.io", "b.io"]}]
    annotated = {"annotations": {SERVE: "on-demand"}}
    return [
        of(GATEWAY, "g", "shop", AGES[0], {"spec": {"servers": ahead, "selector": selector}}),
        of(GATEWAY, "h", "shop", AGES[0], {"spec": {"servers": waiting, "selector": selector}, "metadata": annotated}),
        of(VIRTUAL_SERVICE, "v", "shop", AGES[0], {"spec": routes}),
        of(SERVICE, "x", "shop", AGES[0], {"spec": web}),
        of(SERVICE, "y", "shop", AGES[0], {"spec": web}),
        of(SERVICE, "front", "istio-system", AGES[0], {"spec": front}),
        of(SERVICE_ENTRY, "e", "shop", AGES[0], {"spec": entry}),
        of(ENDPOINT_SLICE, "x-1", "istio-system", AGES[0], named),
    ]
