"""What Envoy refused goes back to the objects that caused it."""

from pylae.api.meta import ObjectRef
from pylae.controlplane.fleet.on_demand import Use
from pylae.controlplane.fleet.refusals import crashes, findings, unbound_ports
from pylae.model import codes
from pylae.model.ir.listener import FilterChain, HttpConnectionManager, Listener, SecretRef, SocketAddress
from pylae.model.ir.origin import Origin
from pylae.model.ir.route import RouteConfiguration, VirtualHost
from pylae.model.ir.scope import Scope
from pylae.model.translation import Translation
from pylae.translate.on_demand import HostSite
from pylae.xds.last_good import Refusal
from pylae.xds.resource import Resource, Type

GATEWAY = ObjectRef("Gateway", "shop", "front")
SERVICE = ObjectRef("Service", "istio-system", "istio-ingressgateway")
SHOP = ObjectRef("VirtualService", "shop", "shop")
ADDRESS = SocketAddress("127.0.0.1", 30000)
FRONT = Origin(GATEWAY, "spec.servers[0]")
CHAIN = FilterChain("front", (), None, HttpConnectionManager("http.8080", "x"), FRONT)
TRANSLATION = Translation(
    listeners=(Listener("0.0.0.0_8080", (ADDRESS,), (CHAIN,), origins=(FRONT,)),),
    route_configurations=(RouteConfiguration("http.8080", (VirtualHost("a:80", ("a",), (), Origin(SHOP, "spec")),)),),
    ports={"127.0.0.1:30000": Origin(SERVICE, "spec.ports[0]")},
)


def refusal(type_: Type, name: str, message: str) -> Refusal:
    return Refusal(Resource(type_, name, "1", b""), message)


UNBOUND = refusal(Type.LISTENER, "0.0.0.0_8080", "cannot bind '127.0.0.1:30000': Address already in use")


def nginx(_: SocketAddress) -> str:
    return "nginx (pid 812)"


def test_a_port_that_is_taken_is_told_on_the_service_and_on_the_gateway_with_who_holds_it() -> None:
    told = findings((UNBOUND,), unbound_ports((UNBOUND,), TRANSLATION, nginx), TRANSLATION)
    assert {finding.about for finding in told} == {SERVICE, GATEWAY}
    assert all(finding.code is codes.PORT_NOT_BOUND for finding in told)
    assert all("127.0.0.1:30000 is taken by nginx (pid 812)" in finding.message for finding in told)


def test_a_refused_route_configuration_goes_back_to_the_virtual_service() -> None:
    refused = refusal(Type.ROUTE, "http.8080", "no such thing")
    (told,) = findings((refused,), (), TRANSLATION)
    assert (told.code, told.about, told.path) == (codes.REFUSED_BY_ENVOY, SHOP, "spec")
    assert "no such thing" in told.message


def test_a_refused_listener_goes_back_to_every_gateway_in_it() -> None:
    refused = refusal(Type.LISTENER, "0.0.0.0_8080", "odd")
    assert [finding.about for finding in findings((refused,), (), TRANSLATION)] == [GATEWAY]


def test_what_nobody_wrote_is_nobodys_finding() -> None:
    assert findings((refusal(Type.CLUSTER, "xds-grpc", "odd"),), (), TRANSLATION) == ()


def test_a_port_below_1024_says_what_is_needed_for_it() -> None:
    address = SocketAddress("127.0.0.1", 30000)
    denied = refusal(Type.LISTENER, "0.0.0.0_8080", f"cannot bind '{address}': Permission denied")
    (port,) = unbound_ports((denied,), TRANSLATION, lambda _: "")
    assert "Permission denied" in port.message
    assert "below 1024" in port.cure


def test_a_further_address_of_a_listener_is_a_resource_of_its_own_and_goes_back_the_same_way() -> None:
    refused = refusal(Type.LISTENER, "0.0.0.0_8080@127.0.0.1:31000", "odd")
    assert [finding.about for finding in findings((refused,), (), TRANSLATION)] == [GATEWAY]


def test_what_we_could_not_spell_is_told_as_our_fault() -> None:
    (told,) = crashes({(Type.ROUTE, "http.8080"): ValueError("odd")}, TRANSLATION)
    assert (told.code, told.about) == (codes.INTERNAL, SHOP)
    assert "report" in told.cure


def test_what_a_host_on_demand_was_given_goes_back_to_its_gateway_and_its_routes() -> None:
    server = Origin(GATEWAY, "spec.servers[1]")
    routes = VirtualHost("a.test:443", ("a.test",), (), Origin(SHOP, "spec"))
    site = HostSite(("shop", "front"), Scope("0.0.0.0_8443", "a.test", (routes,), server), (), SecretRef("a"))
    use = Use("a.test", sites=(site,), spellings={"a.test"})
    refused = refusal(Type.SCOPE, site.scope.name, "odd")
    assert {finding.about for finding in findings((refused,), (), TRANSLATION, (use,))} == {GATEWAY, SHOP}
    (told,) = crashes({(Type.SECRET, "a.test"): ValueError("odd")}, TRANSLATION, (use,))
    assert (told.about, told.path) == (GATEWAY, "spec.servers[1]")
    assert findings((refusal(Type.SCOPE, "0.0.0.0_8443|b.test", "odd"),), (), TRANSLATION, (use,)) == ()
