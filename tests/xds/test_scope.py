"""Scopes: the routes of one host on demand, as they are sent, probed and asked for."""

from typing import Any

from on_demand import LISTENER, scope, virtual_host
from picture import ORIGIN, decoded

from pylae.model.ir.scope import NO_SNI, Scope
from pylae.xds.resource import Type
from pylae.xds.scope import SCOPE_HEADER, emit_asked_routes, emit_probe, emit_scope

A = scope("a.test", "web")
PROBE = f"asked/7/{A.name}"


def hosts(of: Scope) -> dict[str, Any]:
    """The virtual hosts by their domains."""
    found = decoded(emit_scope(of))["route_configuration"].get("virtual_hosts", [])
    return {" ".join(host["domains"]): host for host in found}


def test_a_scope_is_found_by_its_listener_and_host_and_has_its_routes_with_it() -> None:
    document = decoded(emit_scope(A))
    routes = document.pop("route_configuration")
    name = f"{LISTENER}|a.test"
    assert document == {"name": name, "key": {"fragments": [{"string_key": name}]}}
    assert routes["name"] == name
    assert routes["validate_clusters"] is False
    assert routes["ignore_port_in_host_matching"] is True
    assert routes["request_headers_to_remove"] == [SCOPE_HEADER]


def test_a_scope_needs_the_clusters_of_its_routes_however_it_is_spelled() -> None:
    assert emit_scope(A).key == (Type.SCOPE, A.name)
    for resource in (emit_scope(A), emit_probe(A, PROBE), emit_asked_routes(A, PROBE)):
        assert resource.needs == ((Type.CLUSTER, "web"),)


def test_other_authorities_are_misdirected() -> None:
    found = hosts(A)
    assert list(found) == ["a.test", "*"]
    [route] = found["*"]["routes"]
    assert (route["match"]["prefix"], route["direct_response"]) == ("/", {"status": 421})


def test_the_host_itself_is_never_misdirected() -> None:
    found = hosts(Scope(LISTENER, "a.test", (), ORIGIN))
    assert list(found) == ["a.test", "*"]
    assert "routes" not in found["a.test"]
    assert list(hosts(Scope(LISTENER, "a.test", (virtual_host("*.test", "web"),), ORIGIN))) == ["*.test", "*"]


def test_a_host_that_serves_every_authority_misdirects_none() -> None:
    assert list(hosts(Scope(LISTENER, "a.test", (virtual_host("*", "web"),), ORIGIN))) == ["*"]


def test_clients_without_server_name_are_not_misdirected_and_have_a_key_without_a_name() -> None:
    unnamed = Scope(LISTENER, NO_SNI, (virtual_host("a.test", "web"),), ORIGIN, strict=False)
    document = decoded(emit_scope(unnamed))
    assert document["name"] == f"{LISTENER}|{NO_SNI}"
    assert document["key"] == {"fragments": [{"string_key": f"{LISTENER}|"}]}
    assert list(hosts(unnamed)) == ["a.test"]


def test_a_probe_has_the_key_and_a_name_to_ask_for() -> None:
    assert decoded(emit_probe(A, PROBE)) == {
        "name": A.name,
        "key": {"fragments": [{"string_key": A.name}]},
        "on_demand": True,
        "route_configuration_name": PROBE,
    }


def test_the_answer_to_a_probe_has_the_routes_of_the_scope() -> None:
    answer = emit_asked_routes(A, PROBE)
    assert answer.key == (Type.ROUTE, PROBE)
    assert decoded(answer) == {**decoded(emit_scope(A))["route_configuration"], "name": PROBE}
