"""Work follows the change: a translator that has seen other snapshots before says what one says that has not."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from hypothesis import given, settings
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
from pylae.model.snapshot import Snapshot
from pylae.model.workload import GatewayWorkload
from pylae.translate.translate import Translator, translate

Json = dict[str, Any]

WORKLOAD = GatewayWorkload()
PLACES: Mapping[Kind, str] = {
    GATEWAY: "gateways",
    VIRTUAL_SERVICE: "virtual_services",
    SERVICE: "services",
    ENDPOINT_SLICE: "endpoint_slices",
    SERVICE_ENTRY: "service_entries",
    CONFIG_MAP: "config_maps",
}
AGES = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
HOSTS = ("a.io", "b.io", "*.io", "*", "shop/a.io", "./b.io")
TO = ("x", "y", "x.shop.svc.cluster.local", "ext.io", "front.istio-system.svc.cluster.local")
HTTP, HTTPS, TCP = ({"protocol": protocol} for protocol in ("HTTP", "HTTPS", "TCP"))
SERVERS: tuple[Json, ...] = (
    {"port": {"number": 80, "name": "http", **HTTP}},
    {"port": {"number": 80, "name": "http", **HTTP}, "tls": {"httpsRedirect": True}},
    {"port": {"number": 443, "name": "https", **HTTPS}, "tls": {"mode": "SIMPLE", "credentialName": "c"}},
    {"port": {"number": 443, "name": "other", **HTTPS}, "tls": {"mode": "SIMPLE", "credentialName": "c"}},
    {"port": {"number": 443, "name": "tls", "protocol": "TLS"}, "tls": {"mode": "PASSTHROUGH"}},
    {"port": {"number": 9000, "name": "tcp", **TCP}},
    {"port": {"number": 443, "name": "no", **HTTPS}, "tls": {"mode": "ISTIO_MUTUAL"}},
)


def of(kind: Kind, name: str, namespace: str, age: str, body: Json) -> Object:
    metadata = {"name": name, "namespace": namespace, "creationTimestamp": age, **body.pop("metadata", {})}
    return convert(kind, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **body})


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


def gateways() -> st.SearchStrategy[Object]:
    servers = st.builds(lambda server, hosts: {**server, "hosts": hosts}, st.sampled_from(SERVERS), some(HOSTS))
    selector = st.sampled_from(({"istio": "ingressgateway"}, {"istio": "ingressgateway"}, {"istio": "other"}))
    spec = st.fixed_dictionaries({"servers": st.lists(servers, min_size=1, max_size=3), "selector": selector})
    return objects(GATEWAY, ("g", "h"), st.fixed_dictionaries({"spec": spec}))


def virtual_services() -> st.SearchStrategy[Object]:
    to = st.sampled_from(TO).map(lambda host: [{"destination": {"host": host}}])
    http = st.one_of(st.fixed_dictionaries({"route": to}), st.just({"redirect": {"uri": "/"}}))
    sni = st.fixed_dictionaries({"match": some(({"sniHosts": ["a.io"]}, {"sniHosts": ["b.io"]}), 1), "route": to})
    spec = st.fixed_dictionaries(
        {"hosts": some(HOSTS[:4]), "gateways": some(("g", "h", "shop/g", "lost"), 2, 0)},
        optional={
            "http": st.lists(http, max_size=2),
            "tls": st.lists(sni, max_size=1),
            "tcp": st.lists(st.fixed_dictionaries({"route": to}), max_size=1),
            "exportTo": some((".", "*", "istio-system", "~"), 1),
        },
    )
    return objects(VIRTUAL_SERVICE, ("v", "w", "x"), st.fixed_dictionaries({"spec": spec}))


def services() -> st.SearchStrategy[Object]:
    ports = some(({"name": "http", "port": 80}, {"name": "https", "port": 443, "targetPort": "named"}), 2)
    spec = st.one_of(
        st.fixed_dictionaries({"ports": ports}, optional={"selector": st.just({"istio": "ingressgateway"})}),
        st.sampled_from(("ext.io", "y.shop.svc.cluster.local")).map(
            lambda alias: {"type": "ExternalName", "externalName": alias}
        ),
    )
    annotations = st.sampled_from(({}, {"annotations": {"networking.istio.io/exportTo": "."}}))
    body = st.fixed_dictionaries({"spec": spec, "metadata": annotations})
    return objects(SERVICE, ("x", "y", "front"), body.map(dict))


def slices() -> st.SearchStrategy[Object]:
    labels = st.sampled_from(("x", "front")).map(lambda name: {"labels": {"kubernetes.io/service-name": name}})
    ports = some(({"name": "http", "port": 8080}, {"name": "https", "port": 8443}), 2)
    body = st.fixed_dictionaries({"metadata": labels, "addressType": st.just("IPv4"), "ports": ports})
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
    mesh = st.sampled_from(("accessLogFile: /dev/stdout", "accessLogFile: /tmp/x", "{"))
    return objects(CONFIG_MAP, ("istio",), st.fixed_dictionaries({"data": st.fixed_dictionaries({"mesh": mesh})}))


@dataclass(frozen=True)
class Edit:
    """An object is there from now on; gone where `here` is False, and invalid while `valid` is."""

    object_: Object
    here: bool
    valid: bool


def edits() -> st.SearchStrategy[Edit]:
    of_any_kind = st.one_of(
        gateways(), virtual_services(), services(), slices(), service_entries(), service_entries(), meshes()
    )
    mostly = st.sampled_from((True, True, True, True, False))
    return st.builds(Edit, of_any_kind, mostly, mostly)


@dataclass
class Cluster:
    """What the edits led to. Kinds of which nothing changed keep their mappings, as in the store."""

    snapshot: Snapshot
    invalid: frozenset[ObjectRef] = frozenset()

    def edit(self, edit: Edit) -> None:
        kind = next(kind for kind in PLACES if kind.kind == edit.object_.kind)
        key = (edit.object_.metadata.namespace, edit.object_.metadata.name)
        changed = dict(getattr(self.snapshot, PLACES[kind]))
        changed.pop(key, None)
        if edit.here:
            changed[key] = edit.object_
        about = {edit.object_.ref}
        self.invalid = self.invalid - about if edit.valid else self.invalid | about
        places: dict[str, Any] = {PLACES[kind]: MappingProxyType(changed)}
        self.snapshot = replace(self.snapshot, **places).following(self.snapshot)

    def shuffled(self, random: Any) -> Snapshot:
        found = {place: list(getattr(self.snapshot, place).items()) for place in PLACES.values()}
        places: dict[str, Any] = {place: dict(random.sample(items, len(items))) for place, items in found.items()}
        return Snapshot(**places)


def at_work() -> Cluster:
    """A cluster in which everything serves, so that most edits change something."""
    routes: Json = {
        "hosts": ["a.io", "b.io"],
        "gateways": ["g"],
        "http": [{"route": [{"destination": {"host": "x", "port": {"number": 80}}}]}],
        "tls": [{"match": [{"sniHosts": ["b.io"]}], "route": [{"destination": {"host": "ext.io"}}]}],
        "tcp": [{"route": [{"destination": {"host": "y"}}]}],
    }
    web: Json = {"ports": [{"name": "http", "port": 80}]}
    front: Json = {
        "ports": [
            {"name": "http", "port": 80, "targetPort": "named"},
            {"name": "https", "port": 443},
            {"name": "tcp", "port": 9000},
        ],
        "selector": {"istio": "ingressgateway"},
    }
    entry = {"hosts": ["ext.io"], "ports": [{"number": 443, "name": "tls", **HTTPS}], "resolution": "DNS"}
    labels = {"labels": {"kubernetes.io/service-name": "front"}}
    named: Json = {"metadata": labels, "addressType": "IPv4", "ports": [{"name": "http", "port": 8080}]}
    servers = [{**SERVERS[index], "hosts": [host]} for index, host in ((0, "a.io"), (2, "a.io"), (4, "b.io"), (5, "*"))]
    cluster = Cluster(Snapshot())
    for found in (
        of(GATEWAY, "g", "shop", AGES[0], {"spec": {"servers": servers}}),
        of(VIRTUAL_SERVICE, "v", "shop", AGES[0], {"spec": routes}),
        of(SERVICE, "x", "shop", AGES[0], {"spec": web}),
        of(SERVICE, "y", "shop", AGES[0], {"spec": web}),
        of(SERVICE, "front", "istio-system", AGES[0], {"spec": front}),
        of(SERVICE_ENTRY, "e", "shop", AGES[0], {"spec": entry}),
        of(ENDPOINT_SLICE, "x-1", "istio-system", AGES[0], named),
    ):
        cluster.edit(Edit(found, here=True, valid=True))
    return cluster


@settings(deadline=None, max_examples=200)
@given(st.lists(st.lists(edits(), min_size=1, max_size=2), min_size=5, max_size=12), st.randoms(use_true_random=False))
def test_after_any_edits_every_unit_equals_the_unit_from_scratch(script: list[list[Edit]], random: Any) -> None:
    cluster, translator = at_work(), Translator(WORKLOAD)
    assert translator.translate(cluster.snapshot).findings == ()
    for step in script:
        for edit in step:
            cluster.edit(edit)
        kept = translator.translate(cluster.snapshot, cluster.invalid)
        assert kept == translate(cluster.snapshot, WORKLOAD, cluster.invalid)
    assert kept == translate(cluster.shuffled(random), WORKLOAD, cluster.invalid)
    assert translator.translate(cluster.shuffled(random), cluster.invalid) == kept


MANY = 200


def https_host(number: int) -> tuple[Object, ...]:
    name = f"h{number}"
    server = {**SERVERS[2], "hosts": [f"{name}.io"]}
    return (
        of(GATEWAY, name, "shop", AGES[0], {"spec": {"servers": [server]}}),
        routed(number, "/"),
        of(SERVICE, name, "shop", AGES[0], {"spec": {"ports": [{"name": "http", "port": 80}]}}),
    )


def routed(number: int, prefix: str) -> Object:
    http = [{"match": [{"uri": {"prefix": prefix}}], "route": [{"destination": {"host": f"h{number}"}}]}]
    spec = {"hosts": [f"h{number}.io"], "gateways": [f"h{number}"], "http": http}
    return of(VIRTUAL_SERVICE, f"h{number}", "shop", AGES[0], {"spec": spec})


def many_hosts() -> tuple[Cluster, Translator]:
    cluster, translator = Cluster(Snapshot()), Translator(WORKLOAD)
    for found in (item for number in range(MANY) for item in https_host(number)):
        cluster.edit(Edit(found, here=True, valid=True))
    translator.translate(cluster.snapshot)
    return cluster, translator


def computed(cluster: Cluster, translator: Translator, edit: Edit) -> dict[str, int]:
    """The units that were made of something changed."""
    before = translator.units.computed.copy()
    cluster.edit(edit)
    translator.translate(cluster.snapshot)
    counted = translator.units.computed - before
    return {
        what: count for what, count in counted.items() if what in ("site", "routes", "cluster", "binding", "servers")
    }


def test_the_change_of_a_virtual_service_computes_its_own_host_and_no_other() -> None:
    cluster, translator = many_hosts()
    assert translator.units.computed["site"] == MANY
    edit = Edit(routed(7, "/new"), here=True, valid=True)
    assert computed(cluster, translator, edit) == {"site": 1, "routes": 1, "binding": 1}


def test_the_change_of_a_service_computes_the_hosts_that_lead_there_and_its_cluster() -> None:
    cluster, translator = many_hosts()
    service = of(SERVICE, "h7", "shop", AGES[0], {"spec": {"ports": [{"name": "grpc", "port": 80}]}})
    edit = Edit(service, here=True, valid=True)
    assert computed(cluster, translator, edit) == {"site": 1, "routes": 1, "cluster": 1}


def test_the_change_of_a_gateway_computes_its_own_servers_and_hosts() -> None:
    cluster, translator = many_hosts()
    server = {**SERVERS[3], "hosts": ["h7.io"]}
    edit = Edit(of(GATEWAY, "h7", "shop", AGES[0], {"spec": {"servers": [server]}}), here=True, valid=True)
    assert computed(cluster, translator, edit) == {"site": 1, "routes": 1, "binding": 1, "servers": 1}


def test_what_nothing_reads_computes_nothing_and_everything_is_the_very_same() -> None:
    cluster, translator = many_hosts()
    before = translator.translate(cluster.snapshot)
    edit = Edit(
        of(SERVICE, "lonely", "shop", AGES[0], {"spec": {"ports": [{"name": "http", "port": 80}]}}),
        here=True,
        valid=True,
    )
    assert computed(cluster, translator, edit) == {}
    after = translator.translate(cluster.snapshot)
    for name in ("listeners", "route_configurations", "clusters", "servers", "findings"):
        assert getattr(after, name) is getattr(before, name)
