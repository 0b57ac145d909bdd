"""The rows of `pylae status`."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from pylae.api.meta import ObjectRef
from pylae.model import codes
from pylae.model.finding import Finding
from pylae.model.ir.listener import FilterChain, HttpConnectionManager, Listener, SecretRef, SocketAddress, TcpProxy
from pylae.model.ir.origin import Origin
from pylae.model.ir.route import Forward, Route, RouteConfiguration, RouteMatch, VirtualHost, WeightedCluster
from pylae.model.snapshot import Key
from pylae.model.translation import ServerPlan, Translation
from pylae.rules.pem import CertificateFacts
from pylae.status.table import SiteRow, site_rows

Plan = Callable[..., ServerPlan]
Report = Callable[..., Finding]

ORIGIN = Origin(ObjectRef("VirtualService", "istioinaction", "vs"))
END = datetime(2041, 6, 29, tzinfo=UTC)


def routes(count: int) -> tuple[Route, ...]:
    return tuple(Route(f"r{n}", RouteMatch(), Forward((WeightedCluster("c"),)), ORIGIN) for n in range(count))


def configuration(name: str, **hosts: int) -> RouteConfiguration:
    """Virtual hosts by their domain (`_` is a dot, `any` a star), with so many routes."""
    domains = {domain.replace("_", ".").replace("any", "*"): count for domain, count in hosts.items()}
    made = [VirtualHost(domain, (domain,), routes(count), ORIGIN) for domain, count in domains.items()]
    return RouteConfiguration(name, tuple(made))


def forwarding(*names: tuple[str, ...]) -> Listener:
    proxy = TcpProxy("c", (WeightedCluster("c"),))
    chains = tuple(FilterChain(f"c{n}", sni, None, proxy, ORIGIN) for n, sni in enumerate(names))
    return Listener("0.0.0.0_8443", (SocketAddress("127.0.0.1", 30005),), chains)


def facts(end: datetime) -> CertificateFacts:
    return CertificateFacts("CN=a", "CN=ca", 1, datetime(2021, 1, 1, tzinfo=UTC), end, (), "a", "RSA 2048")


def test_a_host_that_is_served_is_one_row(plan: Plan) -> None:
    translation = Translation(
        servers=(plan(0),),
        route_configurations=(configuration(plan(0).route_configuration, webapp_istioinaction_io=1),),
    )
    assert site_rows(translation, {"kubernetes://webapp-credential": facts(END)}, ()) == (
        SiteRow("webapp.istioinaction.io", 443, "SIMPLE", "webapp-credential", END, 1, "serving", ()),
    )


def test_a_redirect_has_neither_certificate_nor_routes(plan: Plan) -> None:
    redirecting = plan(
        0, port=80, protocol="HTTP", mode="", redirect=True, credentials=(), route_configuration="http.8080"
    )
    (row,) = site_rows(Translation(servers=(redirecting,)), {}, ())
    assert (row.tls, row.certificate, row.expires, row.routes) == ("→ https", "", None, None)


def test_a_host_that_waits_says_for_what_and_why(plan: Plan, finding: Report) -> None:
    missing = finding(codes.SECRET_ELSEWHERE, "spec.servers[1].tls.credentialName")
    unrouted = finding(codes.NO_ROUTES, "spec.servers[1].hosts")
    (row,) = site_rows(Translation(servers=(plan(1),)), {}, (missing, unrouted, missing))
    assert (row.certificate, row.expires, row.state) == ("catalog-credential", None, "waits for its certificate")
    assert (row.routes, row.codes) == (0, ("PYL0102", "PYL0303"))


def test_a_rejected_server_has_its_rows_too(plan: Plan, finding: Report) -> None:
    claimed = finding(codes.HOST_CLAIMED, "spec.servers[1].hosts")
    (row,) = site_rows(Translation(servers=(plan(1, rejected=claimed, listener=""),)), {}, ())
    assert (row.state, row.routes, row.codes) == ("not served", None, ("PYL0401",))


def test_of_several_certificates_the_first_end_counts(plan: Plan) -> None:
    both = (SecretRef("kubernetes://rsa"), SecretRef("kubernetes://ecdsa"))
    certificates = {"kubernetes://rsa": facts(END), "kubernetes://ecdsa": facts(END.replace(year=2030))}
    (row,) = site_rows(Translation(servers=(plan(0, credentials=both),)), certificates, ())
    assert (row.certificate, row.expires) == ("rsa, ecdsa", END.replace(year=2030))


def test_a_wildcard_counts_the_routes_of_all_its_hosts(plan: Plan) -> None:
    wild = plan(0, hosts=("*.io", "*"), route_configuration="http.8080")
    hosts = configuration("http.8080", a_io=1, any_b_io=2, a_org=4)
    rows = site_rows(Translation(servers=(wild,), route_configurations=(hosts,)), {}, ())
    assert {row.host: row.routes for row in rows} == {"*.io": 3, "*": 7}


def test_connections_that_are_forwarded_are_counted_by_their_names(plan: Plan) -> None:
    passed = plan(0, mode="PASSTHROUGH", credentials=(), route_configuration="", hosts=("a.io", "b.io", "*.io"))
    listener = forwarding(("a.io",), ("c.io",))
    rows = site_rows(Translation(servers=(passed,), listeners=(listener,)), {}, ())
    assert {row.host: row.routes for row in rows} == {"a.io": 1, "b.io": 0, "*.io": 2}


def test_bytes_without_a_name_are_forwarded_for_every_host(plan: Plan) -> None:
    plain = plan(0, mode="", protocol="TCP", credentials=(), route_configuration="", hosts=("*",))
    (row,) = site_rows(Translation(servers=(plain,), listeners=(forwarding(()),)), {}, ())
    assert row.routes == 1


def test_chains_of_http_are_no_forwarded_bytes(plan: Plan) -> None:
    passed = plan(0, mode="PASSTHROUGH", credentials=(), route_configuration="")
    listener = forwarding((passed.hosts[0],))
    chain = replace(listener.chains[0], payload=HttpConnectionManager("https.443", "p"))
    (row,) = site_rows(Translation(servers=(passed,), listeners=(replace(listener, chains=(chain,)),)), {}, ())
    assert row.routes == 0


def test_rows_are_sorted_by_host_and_then_the_secure_port_comes_first(plan: Plan) -> None:
    redirecting = plan(0, port=80, mode="", redirect=True, credentials=())
    rows = site_rows(Translation(servers=(redirecting, plan(0), plan(1))), {}, ())
    assert [(row.host.partition(".")[0], row.port) for row in rows] == [
        ("catalog", 443),
        ("webapp", 443),
        ("webapp", 80),
    ]


def test_a_server_on_demand_has_a_row_only_while_something_is_found_on_it(plan: Plan, finding: Report) -> None:
    servers = (plan(0, on_demand=True), plan(1, on_demand=True))
    missing = finding(codes.CERTIFICATE_MISSING, "spec.servers[1].tls.credentialName")
    assert site_rows(Translation(), {}, (), lambda _: servers) == ()
    (row,) = site_rows(Translation(), {}, (missing,), lambda _: servers)
    assert (row.host, row.routes, row.state) == ("catalog.istioinaction.io", None, "waits for its certificate")
    assert row.codes == (codes.CERTIFICATE_MISSING.number,)


def test_only_gateways_on_which_something_is_found_are_asked_for_their_servers(plan: Plan, finding: Report) -> None:
    asked: list[Key] = []

    def plans(key: Key) -> tuple[ServerPlan, ...]:
        asked.append(key)
        return ()

    elsewhere = Finding(codes.NO_ROUTES, ObjectRef("VirtualService", "shop", "vs"), "", "no route")
    site_rows(Translation(), {}, (finding(codes.DOUBTFUL), elsewhere), plans)
    assert asked == [("istioinaction", "coolstore-gateway")]


def test_what_is_on_demand_among_the_translated_servers_is_no_row(plan: Plan) -> None:
    rows = site_rows(Translation(servers=(plan(0), plan(1, on_demand=True))), {}, ())
    assert [row.host for row in rows] == ["webapp.istioinaction.io"]
