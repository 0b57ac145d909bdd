"""Laws that hold for whatever users write: the order of objects does not matter, names are unique, and nobody's bad
object takes down another one's."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pylae.api.decode import convert
from pylae.api.gateway import Gateway
from pylae.api.scheme import GATEWAY, SERVICE, VIRTUAL_SERVICE
from pylae.api.virtual_service import VirtualService
from pylae.model.codes import INTERNAL
from pylae.model.ir.listener import HttpConnectionManager, Listener
from pylae.model.snapshot import Snapshot
from pylae.model.translation import Translation
from pylae.model.workload import GatewayWorkload
from pylae.translate.translate import translate

Json = dict[str, Any]

law = settings(deadline=None, max_examples=60)

HOSTS = ("a.io", "A.io", "b.io", "d.io", "*.io", "*.d.io", "*", "shop/a.io", "./b.io", "*/c.io", "*bad.io")
NAMES = ("a.io", "b.io", "c.io", "x.d.io", "*.io", "*", "web")
NAMESPACES = ("shop", "istio-system")
AGES = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
DESTINATIONS = [
    {"destination": {"host": host}, "weight": 1} for host in ("web", "nowhere", "db.shop.svc.cluster.local")
]


def some(values: tuple[Any, ...], size: int = 2) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=size)


TERMINATED = ({"mode": "SIMPLE", "credentialName": "one"}, {"mode": "MUTUAL", "credentialName": "two"})
KINDS = (
    {"protocol": "HTTP"},
    {"protocol": "HTTP", "tls": {"httpsRedirect": True}},
    *({"protocol": protocol, "tls": tls} for protocol in ("HTTPS", "TLS") for tls in TERMINATED),
    {"protocol": "TLS", "tls": {}},
    {"protocol": "TCP"},
    {"protocol": "GRPC-WEB"},
    {"protocol": "HTTPS", "tls": {"mode": "AUTO_PASSTHROUGH"}},
    {"protocol": "HTTPS"},
    {"protocol": "none"},
)
"""What servers are: most of them can be served."""


def servers() -> st.SearchStrategy[Json]:
    binds = ("", "", "", "0.0.0.0", "127.0.0.1", "127.0.0.2", "unix:///x")
    return st.builds(
        server,
        st.sampled_from(KINDS),
        st.sampled_from((443, 443, 443, 80, 8080, 30000)),
        st.sampled_from(("p", "q", "r")),
        some(HOSTS),
        st.sampled_from(binds),
    )


def server(kind: Json, number: int, name: str, hosts: list[str], bind: str) -> Json:
    port = {"number": number, "name": name, "protocol": kind["protocol"]}
    return {"port": port, "hosts": hosts, "bind": bind, **({"tls": kind["tls"]} if "tls" in kind else {})}


def matches() -> st.SearchStrategy[Json]:
    pattern = st.sampled_from(({"prefix": "/"}, {"exact": "/x"}, {"regex": ".*"}, {"regex": "("}))
    return st.fixed_dictionaries(
        {}, optional={"uri": pattern, "port": st.sampled_from((80, 443)), "name": st.just("m")}
    )


def routes() -> st.SearchStrategy[Json]:
    to = st.lists(st.sampled_from(DESTINATIONS), min_size=1, max_size=2)
    action = st.one_of(
        st.fixed_dictionaries({"route": to}),
        st.just({"directResponse": {"status": 200}}),
        st.just({"redirect": {"uri": "/"}}),
    )
    http = st.tuples(action, st.lists(matches(), max_size=2)).map(lambda pair: {**pair[0], "match": pair[1]})
    sni = st.fixed_dictionaries(
        {"match": st.lists(st.fixed_dictionaries({"sniHosts": some(NAMES)}), max_size=2), "route": to}
    )
    return st.fixed_dictionaries(
        {"hosts": some(NAMES), "gateways": some(("g", "h", "shop/g", "shop/h", "lost"), 3)},
        optional={
            "http": st.lists(http, max_size=3),
            "tls": st.lists(sni, max_size=2),
            "tcp": st.lists(st.fixed_dictionaries({"route": to}), max_size=1),
            "exportTo": some((".", "*", "istio-system"), 1),
        },
    )


def metadata(names: tuple[str, ...]) -> st.SearchStrategy[Json]:
    parts = {"name": st.sampled_from(names), "namespace": st.sampled_from(NAMESPACES)}
    return st.fixed_dictionaries(parts, optional={"creationTimestamp": st.sampled_from(AGES)})


def gateways() -> st.SearchStrategy[Gateway]:
    spec = st.fixed_dictionaries({"servers": st.lists(servers(), min_size=1, max_size=4)})
    return st.builds(lambda meta, spec: made(GATEWAY, meta, spec), metadata(("g", "h")), spec)


def virtual_services() -> st.SearchStrategy[VirtualService]:
    return st.builds(lambda meta, spec: made(VIRTUAL_SERVICE, meta, spec), metadata(("v", "w", "x")), routes())


def made(kind: Any, meta: Json, spec: Json) -> Any:
    return convert(kind, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": meta, "spec": spec})


SERVICES = (
    made(SERVICE, {"name": "web", "namespace": "shop"}, {"ports": [{"name": "http", "port": 80}]}),
    made(
        SERVICE,
        {"name": "ingress", "namespace": "istio-system"},
        {
            "selector": {"istio": "ingressgateway"},
            "ports": [
                {"name": "http", "port": 80, "targetPort": 8080, "nodePort": 30000},
                {"name": "https", "port": 443},
            ],
        },
    ),
)


def by_key(objects: list[Any]) -> dict[tuple[str, str], Any]:
    return {(item.metadata.namespace, item.metadata.name): item for item in objects}


def worlds() -> st.SearchStrategy[Snapshot]:
    services = by_key(list(SERVICES))
    return st.builds(
        lambda gates, virtual: Snapshot(gateways=by_key(gates), virtual_services=by_key(virtual), services=services),
        st.lists(gateways(), min_size=1, max_size=4),
        st.lists(virtual_services(), max_size=5),
    )


WORKLOAD = GatewayWorkload()


@law
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_objects_does_not_matter(world: Snapshot, random: Any) -> None:
    shuffled = replace(
        world,
        gateways=dict(random.sample(list(world.gateways.items()), len(world.gateways))),
        virtual_services=dict(random.sample(list(world.virtual_services.items()), len(world.virtual_services))),
        services=dict(reversed(world.services.items())),
    )
    assert translate(shuffled, WORKLOAD) == translate(world, WORKLOAD)


@law
@given(worlds())
def test_names_sockets_and_server_names_are_unique_and_references_resolve(world: Snapshot) -> None:
    translation = translate(world, WORKLOAD)
    assert_unique([listener.name for listener in translation.listeners])
    assert_unique([address for listener in translation.listeners for address in listener.addresses])
    for listener in translation.listeners:
        assert_unique([chain.name for chain in listener.chains])
        assert_unique([name for chain in listener.chains for name in chain.server_names or ("*",)])
        assert all(chain.tls is None or chain.tls.certificates for chain in listener.chains)
    for configuration in translation.route_configurations:
        assert_unique([domain for host in configuration.virtual_hosts for domain in host.domains])
        assert_unique([host.name for host in configuration.virtual_hosts])
    assert route_names(translation) == sorted(found.name for found in translation.route_configurations)


@law
@given(worlds())
def test_every_server_is_served_or_says_why_not(world: Snapshot) -> None:
    translation = translate(world, WORKLOAD)
    written = [(gateway.ref, i) for gateway in world.gateways.values() for i in range(len(gateway.spec.servers))]
    assert sorted((plan.gateway, plan.index) for plan in translation.servers) == sorted(written)
    listeners = {listener.name: listener for listener in translation.listeners}
    for plan in translation.servers:
        assert (plan.listener == "") == (plan.rejected is not None)
        assert plan.rejected is None or plan.rejected in translation.findings
        assert not plan.listener or plan.origin in listeners[plan.listener].origins


@law
@given(worlds())
def test_nothing_that_users_write_is_a_mistake_of_ours(world: Snapshot) -> None:
    assert all(finding.code != INTERNAL for finding in translate(world, WORKLOAD).findings)


@law
@given(worlds(), st.data())
def test_an_invalid_object_counts_as_little_as_one_that_is_not_there(world: Snapshot, data: st.DataObject) -> None:
    if not world.virtual_services:
        return
    key = data.draw(st.sampled_from(sorted(world.virtual_services)))
    invalid = frozenset({world.virtual_services[key].ref})
    rest = {other: found for other, found in world.virtual_services.items() if other != key}
    assert translate(world, WORKLOAD, invalid) == translate(replace(world, virtual_services=rest), WORKLOAD)


@law
@given(worlds(), virtual_services())
def test_a_virtual_service_changes_no_listener_but_for_chains_that_forward_bytes(
    world: Snapshot, added: VirtualService
) -> None:
    more = replace(world, virtual_services={**world.virtual_services, ("new", "new"): added})
    before, after = http_part(translate(world, WORKLOAD)), http_part(translate(more, WORKLOAD))
    assert before == after


@law
@given(worlds(), servers())
def test_a_new_host_changes_nothing_of_a_listener_but_its_chains(world: Snapshot, server: Json) -> None:
    youngest = {"name": "young", "namespace": "shop", "creationTimestamp": "2027-01-01T00:00:00Z"}
    gateway = made(GATEWAY, youngest, {"servers": [server]})
    more = replace(world, gateways={**world.gateways, ("shop", "young"): gateway})
    before = {listener.name: listener for listener in translate(world, WORKLOAD).listeners}
    after = {listener.name: listener for listener in translate(more, WORKLOAD).listeners}
    assert before.keys() <= after.keys()
    for name, listener in before.items():
        assert replace(after[name], chains=(), origins=()) == replace(listener, chains=(), origins=())
        assert set(http_chains(listener)) <= set(http_chains(after[name]))


def http_part(translation: Translation) -> dict[str, Any]:
    return {listener.name: http_chains(listener) for listener in translation.listeners if http_chains(listener)}


def http_chains(listener: Listener) -> list[Any]:
    return [chain for chain in listener.chains if isinstance(chain.payload, HttpConnectionManager)]


def route_names(translation: Translation) -> list[str]:
    chains = [chain for listener in translation.listeners for chain in http_chains(listener)]
    return sorted(chain.payload.route_configuration for chain in chains)


def assert_unique(values: list[Any]) -> None:
    assert len(values) == len(set(values)), values
