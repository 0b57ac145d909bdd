"""Listeners and filter chains in Envoy's words, with what Istio gives a gateway."""

from on_demand import LISTENER, shared
from picture import ORIGIN, decoded, listener, plain, site

from pylae.model.ir.listener import FilterChain, Listener, SocketAddress, TcpProxy
from pylae.model.ir.route import WeightedCluster
from pylae.model.workload import AccessLog
from pylae.xds.listener import emit_listeners, listener_of
from pylae.xds.resource import Type

INSPECTOR = "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"


def tcp(*clusters: WeightedCluster, server_names: tuple[str, ...] = ()) -> FilterChain:
    return FilterChain("tcp", server_names, None, TcpProxy("outbound|80||db", clusters), ORIGIN)


def test_a_plain_listener_has_one_chain_for_all_and_reads_no_client_hello() -> None:
    [resource] = emit_listeners(listener("0.0.0.0_8080", 30000, plain("http.8080")))
    document = decoded(resource)
    [chain] = document.pop("filter_chains")
    assert document == {
        "name": "0.0.0.0_8080",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 30000}},
        "traffic_direction": "OUTBOUND",
        "per_connection_buffer_limit_bytes": 32768,
        "max_connections_to_accept_per_socket_event": 1,
        "enable_reuse_port": False,
    }
    assert chain.keys() == {"name", "filters"}


def test_a_tls_listener_chooses_its_chain_by_sni_and_gives_a_handshake_15_seconds() -> None:
    [resource] = emit_listeners(listener("0.0.0.0_8443", 30005, site("a.test", "kubernetes://a", "https")))
    document = decoded(resource)
    [inspector] = document["listener_filters"]
    assert inspector["typed_config"] == {"@type": INSPECTOR, "initial_read_buffer_size": 512}
    [chain] = document["filter_chains"]
    assert chain["filter_chain_match"] == {"server_names": ["a.test"]}
    assert chain["transport_socket_connect_timeout"] == "15s"
    assert chain["transport_socket"]["name"] == "envoy.transport_sockets.tls"


def test_each_further_address_has_a_listener_of_its_own_that_differs_in_nothing_else() -> None:
    first, second = emit_listeners(listener("0.0.0.0_8080", (30000, 31000), plain("http.8080")))
    assert (first.name, second.name) == ("0.0.0.0_8080", "0.0.0.0_8080@127.0.0.1:31000")
    assert {listener_of(first.name), listener_of(second.name)} == {"0.0.0.0_8080"}
    one, other = decoded(first), decoded(second)
    assert other.pop("address") != one.pop("address")
    assert {**other, "name": one["name"]} == one


def test_what_a_listener_needs_is_told_with_it() -> None:
    chains = (site("a.test", "kubernetes://a", "https"), tcp(WeightedCluster("db"), server_names=("db.test",)))
    [resource] = emit_listeners(listener("0.0.0.0_8443", 30005, *chains))
    assert set(resource.needs) == {(Type.SECRET, "kubernetes://a"), (Type.ROUTE, "https"), (Type.CLUSTER, "db")}


def test_a_chain_on_demand_needs_no_name_before_it_is_asked_and_gives_the_answer_five_seconds() -> None:
    [resource] = emit_listeners(listener(LISTENER, 30005, shared()))
    document = decoded(resource)
    assert resource.needs == ((Type.SCOPE, "*"),)
    assert "listener_filters" in document
    assert "filter_chain_matcher" in document
    [chain] = document["filter_chains"]
    assert "filter_chain_match" not in chain
    assert chain["transport_socket_connect_timeout"] == "5s"


def test_pass_through_by_sni_reads_the_client_hello_without_ending_tls() -> None:
    [resource] = emit_listeners(listener("0.0.0.0_8443", 30005, tcp(WeightedCluster("db"), server_names=("db.test",))))
    document = decoded(resource)
    assert "listener_filters" in document
    assert "transport_socket" not in document["filter_chains"][0]


def test_bytes_go_to_one_cluster_or_to_several_by_weight() -> None:
    [one] = emit_listeners(listener("l", 1, tcp(WeightedCluster("a"))))
    [two] = emit_listeners(listener("l", 1, tcp(WeightedCluster("a", 3), WeightedCluster("b", 1))))
    assert _proxy(decoded(one))["cluster"] == "a"
    assert _proxy(decoded(two))["weighted_clusters"]["clusters"] == [
        {"name": "a", "weight": 3},
        {"name": "b", "weight": 1},
    ]


def test_the_listeners_log_is_about_connections_that_nobody_wanted() -> None:
    address = (SocketAddress("127.0.0.1", 30000),)
    [resource] = emit_listeners(Listener("l", address, (plain("http"),), access_log=AccessLog()))
    [log] = decoded(resource)["access_log"]
    assert log["filter"] == {"response_flag_filter": {"flags": ["NR"]}}


def _proxy(document: dict[str, object]) -> dict[str, object]:
    return document["filter_chains"][0]["filters"][0]["typed_config"]  # type: ignore[index]
