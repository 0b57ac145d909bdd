"""Resources, their versions, and sets of them."""

from picture import answering, cluster, endpoints, listener, plain, world

from pylae.xds.cluster import emit_cluster
from pylae.xds.endpoint import emit_endpoints
from pylae.xds.resource import ResourceSet, Type, is_asked_for


def test_the_version_is_the_contents() -> None:
    one, same, other = (emit_endpoints(endpoints("web", port)) for port in (80, 80, 81))
    assert one == same
    assert one.version != other.version
    assert len(one.version) == 16


def test_types_are_sent_in_the_order_in_which_they_need_each_other() -> None:
    assert [type_.short for type_ in Type] == ["CDS", "EDS", "LDS", "SRDS", "RDS", "SDS"]


def test_a_set_answers_for_every_type_and_shares_what_did_not_change() -> None:
    first = world(listener("l", 1, plain("http")), answering("http", "a"), cluster("web"))
    second = ResourceSet.of({**first, Type.ENDPOINT: {"web": emit_endpoints(endpoints("web", 80))}})
    assert first[Type.ENDPOINT] == {}
    assert list(second[Type.ENDPOINT]) == ["web"]
    assert all(second[type_] is first[type_] for type_ in Type if type_ is not Type.ENDPOINT)
    assert ResourceSet.of({**second, Type.ENDPOINT: {}}) == first


def test_a_mapping_that_is_changed_later_is_not_the_sets() -> None:
    named = {"web": emit_cluster(cluster("web"))}
    made = ResourceSet.of({Type.CLUSTER: named})
    named.clear()
    assert list(made[Type.CLUSTER]) == ["web"]
    assert made.get_resource((Type.CLUSTER, "web")) is not None
    assert made.get_resource((Type.CLUSTER, "other")) is None


def test_a_set_spreads_like_a_mapping_of_types() -> None:
    made = world(cluster("web"))
    assert ResourceSet.of({**made, Type.ENDPOINT: {}}) == made


def test_what_is_asked_for_is_known_by_its_name() -> None:
    assert is_asked_for((Type.SECRET, "a.test"))
    assert is_asked_for((Type.ROUTE, "asked/7/0.0.0.0_8443|a.test"))
    assert not is_asked_for((Type.SECRET, "kubernetes://a"))
    assert not is_asked_for((Type.ROUTE, "https.443.https.a.shop"))
    assert not is_asked_for((Type.SCOPE, "0.0.0.0_8443|a.test"))
