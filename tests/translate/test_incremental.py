"""Work follows the change: a translator that was told every change says what one says that sees the objects for the
first time, and names whatever it says otherwise than before."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import edits
import pytest
from edits import AGES, GATEWAY, NAMES, SERVERS, SERVICE, VIRTUAL_SERVICE, WORKLOAD, Cluster, Edit, of
from hypothesis import given, settings
from hypothesis import strategies as st

from pylae.api.meta import Object
from pylae.model.ir.scope import NO_SNI
from pylae.model.snapshot import Key
from pylae.rules.hosts import covers
from pylae.translate.on_demand import HostSite
from pylae.translate.translate import Touched, Translator, translate

LISTENERS = ("0.0.0.0_443", "0.0.0.0_444", "0.0.0.0_8443", "0.0.0.0_8444")
PATTERNS = ("a.io", "b.io", "*.io", "*", "*.a.io", "*.b.io")
GATEWAYS = [(namespace, name) for namespace in ("shop", "istio-system") for name in ("g", "h")]
BINDINGS = [(namespace, name) for namespace in ("shop", "istio-system") for name in ("v", "w", "x")]


def tell(translator: Translator, cluster: Cluster, edit: Edit) -> Touched:
    old, new = cluster.edit(edit)
    key = edits.key_of(edit.object_)
    return translator.note(edit.kind.kind, key, old, new, valid=cluster.is_valid(edit.object_))


def started(objects: Iterable[Object]) -> tuple[Cluster, Translator]:
    cluster = Cluster()
    translator = Translator(WORKLOAD, cluster.snapshot)
    for object_ in objects:
        tell(translator, cluster, Edit(object_))
    translator.everything()
    translator.turned()
    return cluster, translator


def fresh(cluster: Cluster) -> Translator:
    """One that has not seen anything before."""
    translator = Translator(WORKLOAD, cluster.snapshot)
    for kind, key, object_ in cluster.everything():
        translator.note(kind.kind, key, None, object_, valid=cluster.is_valid(object_))
    return translator


def gathered(cluster: Cluster) -> Translator:
    """One that finds everything there, and judges VirtualServices when it reads them."""
    translator = Translator(WORKLOAD, cluster.snapshot, cluster.is_valid)
    for kind, key, object_ in cluster.everything():
        valid = None if kind is VIRTUAL_SERVICE else cluster.is_valid(object_)
        translator.gather(kind.kind, key, object_, valid=valid)
    translator.begin()
    return translator


@dataclass(frozen=True)
class Answers:
    """What a translator says of everything that may be asked for."""

    asked: dict[str, tuple[str, tuple[HostSite, ...]]]
    kept: dict[str, tuple[str, tuple[HostSite, ...]]]
    """With all listeners kept."""
    examined: dict[tuple[str, str], HostSite | None]
    gateways: dict[Key, object]
    bindings: dict[Key, object]


def answers(translator: Translator) -> Answers:
    translator.ahead()
    return Answers(
        {name: translator.ask(name) for name in NAMES},
        {name: translator.ask(name, LISTENERS) for name in NAMES},
        {(listener, host): translator.examine(listener, host) for listener in LISTENERS for host in PATTERNS},
        {key: (translator.plans(key), tuple(translator.told(key))) for key in GATEWAYS},
        {key: translator.judge(key) for key in BINDINGS},
    )


def stale(before: Answers, after: Answers, touched: Touched, translator: Translator) -> Iterator[object]:
    """What is another without having been named. Of a name only who has a site of it already needs to hear."""
    for name in NAMES:
        for old, new in ((before.asked[name], after.asked[name]), (before.kept[name], after.kept[name])):
            if old[1] and old != new and not is_named(name, old[1], touched):
                yield name, old, new
    for place, site in before.examined.items():
        if found(site) != found(after.examined[place]) and not is_to_be_examined(place, site, touched, translator):
            yield place, site, after.examined[place]
    yield from (key for key in GATEWAYS if before.gateways[key] != after.gateways[key] and key not in touched.gateways)
    yield from (key for key in BINDINGS if before.bindings[key] != after.bindings[key] and key not in touched.bindings)


def found(site: HostSite | None) -> object:
    """What a host is examined for."""
    return site and (site.findings, site.hostnames, [cluster.name for cluster in site.clusters])


def is_named(name: str, sites: tuple[HostSite, ...], touched: Touched) -> bool:
    read = frozenset[str]().union(*(site.hostnames for site in sites))
    gateways = {site.gateway for site in sites}
    hosts = {host for _, host in touched.names} | {host for gateway, host in touched.routes if gateway in gateways}
    return bool(read & touched.hostnames) or any(name == NO_SNI or covers(host, name) for host in hosts)


def is_to_be_examined(place: tuple[str, str], site: HostSite | None, touched: Touched, translator: Translator) -> bool:
    routed = (place for gateway, host in touched.routes for place in translator.hosts_on_demand(gateway, host))
    return place in touched.names or place in routed or bool(site and site.hostnames & touched.hostnames)


@settings(max_examples=150)
@given(edits.scripts(), st.randoms(use_true_random=False))
def test_after_any_edits_everything_is_as_from_scratch_and_what_changed_was_named(
    script: list[list[Edit]], random: Any
) -> None:
    cluster, translator = started(edits.at_work())
    before = answers(translator)
    for step in script:
        touched = Touched()
        for edit in step:
            touched.add(tell(translator, cluster, edit))
        touched.gateways |= translator.turned()
        after, scratch = answers(translator), fresh(cluster)
        assert translator.everything() == scratch.everything()
        assert after == answers(scratch) == answers(gathered(cluster))
        assert list(stale(before, after, touched, translator)) == []
        before = after
    assert translator.everything() == translate(cluster.shuffled(random), WORKLOAD, frozenset(cluster.invalid))


def test_a_virtual_service_that_was_only_gathered_is_judged_when_it_is_first_read_and_once() -> None:
    cluster, judged = Cluster(), list[str]()
    for object_ in edits.at_work():
        cluster.edit(Edit(object_))

    def judge(object_: Object) -> bool:
        judged.append(object_.metadata.name)
        return False

    translator = Translator(WORKLOAD, cluster.snapshot, judge)
    for kind, key, object_ in cluster.everything():
        translator.gather(kind.kind, key, object_, valid=None if kind is VIRTUAL_SERVICE else True)
    translator.begin()
    assert judged == []
    for _ in range(2):
        answers(translator)
    assert judged
    assert len(judged) == len(set(judged))
    assert not any(site.clusters for name in NAMES for site in translator.ask(name)[1])


def test_the_edits_begin_where_everything_serves() -> None:
    _, translator = started(edits.at_work())
    assert translator.everything().findings == ()
    assert [site.scope.listener for site in translator.ask("a.io")[1]] == ["0.0.0.0_443", "0.0.0.0_444"]
    assert translator.ask("c.io")[0] == "*.io"


MANY = 200


def https_host(number: int, serve: str = "ahead") -> tuple[Object, ...]:
    name = f"h{number}"
    return (
        gateway(number, SERVERS[2], serve),
        routed(number, "/"),
        of(SERVICE, name, "shop", AGES[0], {"spec": {"ports": [{"name": "http", "port": 80}]}}),
    )


def gateway(number: int, server: edits.Json, serve: str = "ahead") -> Object:
    name = f"h{number}"
    spec = {"servers": [{**server, "hosts": [f"{name}.io"]}]}
    body = {"spec": spec, "metadata": {"annotations": {edits.SERVE: serve}}}
    return of(GATEWAY, name, "shop", AGES[0], body)


def routed(number: int, prefix: str) -> Object:
    http = [{"match": [{"uri": {"prefix": prefix}}], "route": [{"destination": {"host": f"h{number}"}}]}]
    spec = {"hosts": [f"h{number}.io"], "gateways": [f"h{number}"], "http": http}
    return of(VIRTUAL_SERVICE, f"h{number}", "shop", AGES[0], {"spec": spec})


def service(number: int, port: str) -> Object:
    return of(SERVICE, f"h{number}", "shop", AGES[0], {"spec": {"ports": [{"name": port, "port": 80}]}})


def many_hosts(serve: str = "ahead") -> tuple[Cluster, Translator]:
    return started(item for number in range(MANY) for item in https_host(number, serve))


def computed(cluster: Cluster, translator: Translator, changed: Object) -> dict[str, int]:
    """The units that were made of what changed."""
    before = translator.computed.copy()
    tell(translator, cluster, Edit(changed))
    translator.ahead()
    counted = translator.computed - before
    return {what: count for what, count in counted.items() if what in ("site", "routes", "cluster", "host")}


def test_the_change_of_a_virtual_service_computes_its_own_host_and_no_other() -> None:
    cluster, translator = many_hosts()
    assert translator.computed["site"] == MANY
    assert computed(cluster, translator, routed(7, "/new")) == {"site": 1, "routes": 1}


def test_the_change_of_a_service_computes_the_hosts_that_lead_there_and_its_cluster() -> None:
    cluster, translator = many_hosts()
    assert computed(cluster, translator, service(7, "grpc")) == {"site": 1, "routes": 1, "cluster": 1}


def test_the_change_of_a_gateway_computes_its_own_hosts() -> None:
    cluster, translator = many_hosts()
    assert computed(cluster, translator, gateway(7, SERVERS[3])) == {"site": 1, "routes": 1}


def test_what_nothing_reads_computes_nothing_and_everything_is_the_very_same() -> None:
    cluster, translator = many_hosts()
    before = translator.ahead()
    lonely = of(SERVICE, "lonely", "shop", AGES[0], {"spec": {"ports": [{"name": "http", "port": 80}]}})
    assert computed(cluster, translator, lonely) == {}
    assert translator.ahead() is before


@pytest.mark.parametrize("changed", [routed(7, "/new"), service(7, "grpc"), gateway(7, SERVERS[3], "on-demand")])
def test_a_host_on_demand_that_changes_is_made_for_whoever_asks_and_the_picture_is_the_very_same(
    changed: Object,
) -> None:
    cluster, translator = many_hosts("on-demand")
    before = translator.ahead()
    assert computed(cluster, translator, changed) == {}
    assert translator.ahead() is before
    translator.ask("h7.io")
    assert translator.computed["host"] == 1


def test_a_name_below_a_wildcard_reads_no_routes_of_its_neighbours() -> None:
    spec = {"servers": [{**SERVERS[2], "hosts": ["*.io"]}]}
    wide = of(GATEWAY, "g", "shop", AGES[0], {"spec": spec, "metadata": {"annotations": {edits.SERVE: "on-demand"}}})
    http = [{"route": [{"destination": {"host": "x"}}]}]
    specs = ({"gateways": ["g"], "http": http, "hosts": [f"v{number}.io"]} for number in range(20))
    routes = (of(VIRTUAL_SERVICE, spec["hosts"][0], "shop", AGES[0], {"spec": spec}) for spec in specs)
    _, translator = started((wide, *routes))
    _, (site,) = translator.ask("v7.io")
    assert [host.domains for host in site.scope.virtual_hosts] == [("v7.io",)]
    assert translator.computed["routes"] == 1
