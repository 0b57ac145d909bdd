"""From a translation to resources: what is equal is carried over, and a fault of one takes no other down."""

from dataclasses import replace
from types import MappingProxyType

from picture import answering, cluster, forwarding, listener, plain

from pylae.model.translation import Translation
from pylae.xds.emit import emit
from pylae.xds.resource import Type

SHOP = Translation(
    listeners=(listener("0.0.0.0_8080", (30000, 31000), plain("http.8080")),),
    route_configurations=(forwarding("http.8080", "web"), answering("http.8081", "here")),
    clusters=(cluster("web"), cluster("api")),
)


def test_every_node_becomes_a_resource_of_its_name() -> None:
    resources = emit(SHOP).resources
    assert list(resources[Type.LISTENER]) == ["0.0.0.0_8080", "0.0.0.0_8080@127.0.0.1:31000"]
    assert list(resources[Type.ROUTE]) == ["http.8080", "http.8081"]
    assert list(resources[Type.CLUSTER]) == ["web", "api"]


def test_equal_nodes_keep_their_resources_and_an_unchanged_type_its_mapping() -> None:
    first = emit(SHOP)
    routes = (answering("http.8081", "there"), forwarding("http.8080", "web"))
    second = emit(replace(SHOP, route_configurations=routes, clusters=tuple(SHOP.clusters)), first)
    assert second.resources[Type.CLUSTER] is first.resources[Type.CLUSTER]
    assert second.resources[Type.LISTENER] is first.resources[Type.LISTENER]
    assert second.resources[Type.ROUTE]["http.8080"] is first.resources[Type.ROUTE]["http.8080"]
    assert second.resources[Type.ROUTE]["http.8081"] is not first.resources[Type.ROUTE]["http.8081"]


def test_what_is_gone_from_the_translation_is_gone() -> None:
    second = emit(replace(SHOP, clusters=()), emit(SHOP))
    assert second.resources[Type.CLUSTER] == {}


def test_emitting_twice_gives_the_same_bytes() -> None:
    assert emit(SHOP).resources == emit(SHOP).resources


def test_a_node_that_cannot_be_spelled_keeps_what_it_had_and_the_others_go_on() -> None:
    first = emit(SHOP)
    changed = replace(SHOP, clusters=(cluster("web", http2=True), cluster("api", http2=True)))
    impossible = replace(changed.clusters[0], hostname="\ud800")
    second = emit(replace(changed, clusters=(impossible, changed.clusters[1])), first)
    assert list(second.broken) == [(Type.CLUSTER, "web")]
    assert second.resources[Type.CLUSTER]["web"] is first.resources[Type.CLUSTER]["web"]
    assert second.resources[Type.CLUSTER]["api"] is not first.resources[Type.CLUSTER]["api"]
    assert emit(SHOP, second).broken == {}


def test_a_broken_node_that_had_nothing_is_left_out() -> None:
    emission = emit(replace(SHOP, clusters=(replace(cluster("web"), hostname="\ud800"), cluster("api"))))
    assert list(emission.resources[Type.CLUSTER]) == ["api"]
    assert isinstance(emission.resources[Type.CLUSTER], MappingProxyType)
