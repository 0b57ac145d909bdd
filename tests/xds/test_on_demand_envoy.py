"""Hosts on demand on a real Envoy: what it asks for, in which order, and what it does with the answers."""

import ssl
from collections.abc import AsyncIterator

import aiohttp
import pytest
from data_plane import Upstream, eventually, free_port
from on_demand import LISTENER, Visit, backend, say_hello, scope, secret, served, shared, virtual_host
from picture import ORIGIN, answering, certificate, listener, plain, site
from script import Stage

from pylae.model.ir.listener import DownstreamTls, FilterChain, HttpConnectionManager, SecretRef
from pylae.model.ir.route import DirectResponse, Regex, Route, RouteMatch, VirtualHost
from pylae.model.ir.scope import NO_SNI, Scope
from pylae.model.ir.secret import TrustedCa
from pylae.model.workload import AccessLog
from pylae.xds.listener import emit_listeners
from pylae.xds.resource import Type
from pylae.xds.route import emit_route_configuration
from pylae.xds.scope import SCOPE_HEADER, emit_asked_routes, emit_probe, emit_scope
from pylae.xds.secret import emit_secret

pytestmark = pytest.mark.real

PROBE = f"asked/7/{LISTENER}|a.test"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with Stage() as made:
        yield made


@pytest.fixture
async def web() -> AsyncIterator[Upstream]:
    async with Upstream("web") as made:
        yield made


async def opened(stage: Stage, *chains: FilterChain) -> int:
    """The port of a listener with these chains, the shared one if none are given."""
    port = free_port()
    await stage.begin(*emit_listeners(listener(LISTENER, port, *(chains or (shared(),)))))
    return port


async def refused(port: int, sni: str) -> str:
    """Why there was no handshake."""
    try:
        async with Visit(port, sni):
            return ""
    except OSError as failure:
        return str(failure)


async def test_a_host_costs_one_question_when_it_is_first_named(stage: Stage, web: Upstream) -> None:
    stage.know(*served("a.test", web.port))
    port = await opened(stage)
    assert stage.names_asked(Type.SECRET) == []
    first, second = await stage.curl(f"https://a.test:{port}/"), await stage.curl(f"https://a.test:{port}/")
    assert [(answer.status, answer.body, answer.version) for answer in (first, second)] == [(200, "web", "2")] * 2
    assert stage.names_asked(Type.SECRET) == ["a.test"]
    assert stage.names_asked(Type.ROUTE) == []
    assert stage.refusals == []


async def test_both_protocols_are_offered(stage: Stage, web: Upstream) -> None:
    stage.know(*served("a.test", web.port))
    port = await opened(stage)
    for option, version in (("--http2", "2"), ("--http1.1", "1.1"), ("--no-alpn", "1.1")):
        answer = await stage.curl(f"https://a.test:{port}/", option)
        assert (answer.status, answer.version) == (200, version)


@pytest.mark.parametrize("protocol", ["--http1.1", "--http2"])
async def test_a_request_for_another_site_is_misdirected(stage: Stage, web: Upstream, protocol: str) -> None:
    stage.know(*served("a.test", web.port), *served("b.test", web.port))
    port = await opened(stage)
    assert (await stage.curl(f"https://b.test:{port}/", protocol)).status == 200
    assert (await stage.curl(f"https://a.test:{port}/", protocol, "-H", "host: b.test")).status == 421
    assert (await stage.curl(f"https://a.test:{port}/", protocol, "-H", f"host: a.test:{port}")).status == 200


async def test_what_a_client_sends_as_its_scope_is_worth_nothing_and_no_backend_sees_the_header(
    stage: Stage, web: Upstream
) -> None:
    stage.know(*served("a.test", web.port), *served("b.test", web.port))
    port = await opened(stage)
    async with Visit(port, "b.test") as b, Visit(port, "a.test") as a:
        assert (await b.get("b.test"))[0] == 200
        spoofed = {SCOPE_HEADER: f"{LISTENER}|b.test"}
        assert (await a.get("b.test", **spoofed))[0] == 421
        status, names = await a.get("a.test", "/headers", **spoofed)
    assert (status, "host" in names.split(), SCOPE_HEADER in names) == (200, True, False)


async def test_a_name_that_nobody_has_ends_in_an_alert_and_is_forgotten(stage: Stage) -> None:
    port = await opened(stage)
    assert "HANDSHAKE_FAILURE" in await refused(port, "nobody.test")
    await stage.unwanted(Type.SECRET, "nobody.test")
    assert (await stage.admin.stats("on_demand_secret.cert_active"))[
        f"listener.127.0.0.1_{port}.on_demand_secret.cert_active"
    ] == 0


async def test_a_name_that_was_refused_is_asked_for_again(stage: Stage, web: Upstream) -> None:
    port = await opened(stage)
    assert "HANDSHAKE_FAILURE" in await refused(port, "a.test")
    stage.know(*served("a.test", web.port))
    assert (await stage.curl(f"https://a.test:{port}/")).status == 200


async def test_a_certificate_is_asked_for_as_it_is_spelled_and_routes_are_found_in_lower_case(
    stage: Stage, web: Upstream
) -> None:
    stage.know(*served("a.test", web.port), secret("A.Test", scope("a.test", "web.a.test")))
    port = await opened(stage)
    async with Visit(port, "A.Test") as visit:
        assert await visit.get("A.TEST") == (200, "web")
    assert stage.names_asked(Type.SECRET) == ["A.Test"]


async def test_clients_that_name_no_host_have_a_name_that_no_client_can_name(stage: Stage, web: Upstream) -> None:
    port = await opened(stage)
    assert "HANDSHAKE_FAILURE" in await refused(port, "")
    any_host = scope(NO_SNI, "web", domain="*.test", strict=False)
    stage.know(*backend("web", web.port), emit_scope(any_host), secret(NO_SNI, any_host))
    async with Visit(port, "") as visit:
        assert await visit.get("any.test") == (200, "web")
        assert (await visit.get("elsewhere"))[0] == 404
    assert await refused(port, NO_SNI)
    assert set(stage.names_asked(Type.SECRET)) == {NO_SNI}


@pytest.mark.parametrize(
    "name", [b"xdstp:bad", b"XDSTP:bad", b"xdstp://a/b/c", b"*", b"kubernetes://mutual", b"\xff.test", b"a b", b"a\nb"]
)
async def test_what_is_no_host_name_is_asked_of_nobody_and_harms_nobody(
    stage: Stage, web: Upstream, name: bytes
) -> None:
    stage.know(*served("a.test", web.port), emit_secret(certificate("kubernetes://mutual", "m.test")))
    port = await opened(stage)
    async with Visit(port, "a.test") as visit:
        assert await say_hello(port, name) == b""
        assert await visit.get("a.test") == (200, "web")
    assert (await stage.curl(f"https://a.test:{port}/")).status == 200
    assert stage.names_asked(Type.SECRET) == ["a.test"]


async def test_a_control_plane_that_is_silent_costs_the_client_five_seconds_and_others_nothing(
    stage: Stage, web: Upstream
) -> None:
    stage.know(*served("a.test", web.port))
    port = await opened(stage)
    assert (await stage.curl(f"https://a.test:{port}/")).status == 200
    stage.silent = True
    assert await say_hello(port, b"b.test") == b""
    assert (await stage.curl(f"https://a.test:{port}/")).status == 200


async def test_a_rotation_is_for_new_handshakes_and_touches_no_listener(stage: Stage, web: Upstream) -> None:
    stage.know(*served("a.test", web.port))
    port = await opened(stage)
    async with Visit(port, "a.test") as visit:
        before = await stage.listeners()
        assert await stage.tell(secret("a.test", serial=7)) is None
        assert await stage.serial("a.test", port) == 7
        assert await visit.get("a.test") == (200, "web")
    assert await stage.listeners() == before


async def test_new_routes_are_for_the_next_request_of_connections_that_are_open(stage: Stage, web: Upstream) -> None:
    stage.know(*served("a.test", web.port))
    port = await opened(stage)
    async with Upstream("new") as new, Visit(port, "a.test") as visit:
        assert await visit.get("a.test") == (200, "web")
        cluster, endpoints = backend("new", new.port)
        stage.know(endpoints)
        assert await stage.tell(cluster) is None
        assert await stage.tell(emit_scope(scope("a.test", "new"))) is None
        assert await visit.get("a.test") == (200, "new")


async def test_a_host_without_routes_is_not_found_and_never_misdirected(stage: Stage, web: Upstream) -> None:
    empty = Scope(LISTENER, "a.test", (), ORIGIN)
    stage.know(emit_scope(empty), secret("a.test", empty))
    port = await opened(stage)
    async with Visit(port, "a.test") as visit:
        assert (await visit.get("a.test"))[0] == 404
        assert (await visit.get("b.test"))[0] == 421


async def test_a_probe_is_a_question_that_only_the_next_request_asks(stage: Stage, web: Upstream) -> None:
    routes = scope("a.test", "web.a.test")
    stage.know(*served("a.test", web.port))
    port = await opened(stage)
    async with Visit(port, "a.test") as idle, Visit(port, "a.test") as busy:
        assert await idle.get("a.test") == (200, "web")
        assert await busy.get("a.test") == (200, "web")
        assert await stage.tell(emit_probe(routes, PROBE)) is None
        assert stage.names_asked(Type.ROUTE) == []
        stage.know(emit_asked_routes(routes, PROBE))
        assert await busy.get("a.test") == (200, "web")
        assert (await busy.get("b.test"))[0] == 421
        assert stage.names_asked(Type.ROUTE) == [PROBE]
        assert await stage.tell(emit_scope(routes)) is None
        assert await idle.get("a.test") == (200, "web")
        assert await busy.get("a.test") == (200, "web")
    await stage.unwanted(Type.ROUTE, PROBE)


async def test_a_host_that_is_let_go_is_asked_for_again(stage: Stage, web: Upstream) -> None:
    stage.know(*served("a.test", web.port))
    known = dict(stage.known)
    port = await opened(stage)
    assert (await stage.curl(f"https://a.test:{port}/")).status == 200
    await stage.take_away(Type.SECRET, "a.test")
    await stage.take_away(Type.SCOPE, f"{LISTENER}|a.test")
    await stage.take_away(Type.CLUSTER, "web.a.test")
    await stage.unwanted(Type.SECRET, "a.test")
    stage.know(*known.values())
    assert (await stage.curl(f"https://a.test:{port}/")).status == 200
    assert stage.names_asked(Type.SECRET) == ["a.test", "a.test"]


async def test_a_bad_scope_is_refused_with_all_of_its_response_and_what_was_there_goes_on(
    stage: Stage, web: Upstream
) -> None:
    looking_ahead = Route("r", RouteMatch(Regex("(?=x)")), DirectResponse(200), ORIGIN)
    bad = emit_scope(Scope(LISTENER, "a.test", (VirtualHost("a", ("a.test",), (looking_ahead,), ORIGIN),), ORIGIN))
    twice = Scope(LISTENER, "b.test", (virtual_host("b.test", "x"), VirtualHost("b", ("b.test",), (), ORIGIN)), ORIGIN)
    stage.know(*served("a.test", web.port))
    port = await opened(stage)
    assert (await stage.curl(f"https://a.test:{port}/")).status == 200
    good = scope("c.test", "web.a.test")
    assert await stage.tell(emit_scope(good), bad) == "invalid perl operator: (?="
    assert (await stage.curl(f"https://a.test:{port}/")).status == 200
    stage.know(secret("c.test"))
    assert (await stage.curl(f"https://c.test:{port}/")).status == 404
    assert await stage.tell(emit_scope(twice)) == (
        "Only unique values for domains are permitted. Duplicate entry of domain b.test in route 0.0.0.0_8443|b.test"
    )


async def test_chains_of_their_own_take_their_names_and_wildcards_what_is_below(stage: Stage, web: Upstream) -> None:
    stage.know(*served("a.test", web.port), *served("under.test", web.port), *served("wild.test", web.port))
    chains = (
        shared(),
        site("own.test", "kubernetes://own", "own"),
        site("*.wild.test", "kubernetes://wild", "wild"),
        site("*.very.wild.test", "kubernetes://very", "very"),
        site("deep.very.wild.test", "kubernetes://own", "own"),
    )
    stage.know(*(emit_route_configuration(answering(name, name)) for name in ("own", "wild", "very")))
    stage.know(*(emit_secret(certificate(f"kubernetes://{name}", f"{name}.test")) for name in ("own", "wild", "very")))
    port = await opened(stage, *chains)
    expected = {
        "a.test": "web",
        "own.test": "own",
        "under.test": "web",
        "wild.test": "web",
        "x.wild.test": "wild",
        "x.y.wild.test": "wild",
        "x.very.wild.test": "very",
        "deep.very.wild.test": "own",
    }
    assert {name: (await stage.curl(f"https://{name}:{port}/")).body for name in expected} == expected
    assert (await stage.curl(f"https://a.test:{port}/", "-H", "host: own.test")).status == 421


async def test_a_new_chain_beside_the_shared_one_ends_no_connection(stage: Stage, web: Upstream) -> None:
    stage.know(*served("a.test", web.port), emit_route_configuration(answering("own", "own")))
    stage.know(emit_secret(certificate("kubernetes://own", "own.test")))
    port = await opened(stage)
    async with Visit(port, "a.test") as visit:
        assert await visit.get("a.test") == (200, "web")
        both = listener(LISTENER, port, shared(), site("own.test", "kubernetes://own", "own"))
        assert await stage.tell(*emit_listeners(both)) is None

        async def there() -> bool:
            return (await stage.curl(f"https://own.test:{port}/")).body == "own"

        await eventually(there, "the new chain")
        assert await visit.get("a.test") == (200, "web")
    counts = await stage.listeners()
    assert (counts["listener_in_place_updated"], counts["total_listeners_draining"]) == (1, 0)


async def test_the_first_host_on_demand_ends_no_connection_of_those_ahead(stage: Stage, web: Upstream) -> None:
    own = site("own.test", "kubernetes://own", "own")
    stage.know(*served("a.test", web.port), emit_route_configuration(answering("own", "own")))
    stage.know(emit_secret(certificate("kubernetes://own", "own.test")))
    port = await opened(stage, own)
    async with Visit(port, "own.test") as visit:
        assert await visit.get("own.test") == (200, "own")
        assert await stage.tell(*emit_listeners(listener(LISTENER, port, own, shared()))) is None

        async def there() -> bool:
            return (await stage.curl(f"https://a.test:{port}/")).status == 200

        await eventually(there, "the shared chain")
        assert await visit.get("own.test") == (200, "own")
    counts = await stage.listeners()
    assert (counts["listener_in_place_updated"], counts["total_listeners_draining"]) == (1, 0)


async def test_a_host_that_demands_certificates_of_clients_cannot_be_reached_by_another_name(
    stage: Stage, web: Upstream
) -> None:
    tls = DownstreamTls((SecretRef("kubernetes://m"),), SecretRef("kubernetes://m-cacert"), True)
    mutual = FilterChain("m", ("m.test",), tls, HttpConnectionManager("m", "outbound_0.0.0.0_8443;"), ORIGIN)
    stage.know(*served("a.test", web.port), emit_route_configuration(answering("m", "secret")))
    stage.know(emit_secret(certificate("kubernetes://m", "m.test")))
    stage.know(emit_secret(TrustedCa("kubernetes://m-cacert", certificate("ca", "ca.test").chain)))
    port = await opened(stage, shared(), mutual)
    assert (await stage.curl(f"https://m.test:{port}/")).status == 0
    assert (await stage.curl(f"https://a.test:{port}/", "-H", "host: m.test")).status == 421
    assert stage.names_asked(Type.SECRET) == ["kubernetes://m", "kubernetes://m-cacert", "a.test"]


async def test_scopes_of_one_listener_are_not_those_of_another(stage: Stage, web: Upstream) -> None:
    other = "0.0.0.0_9443"
    first, second, clear = free_port(), free_port(), free_port()
    stage.know(*served("a.test", web.port), emit_route_configuration(answering("http", "clear")))
    await stage.begin(
        *emit_listeners(listener(LISTENER, first, shared())),
        *emit_listeners(listener(other, second, shared(other))),
        *emit_listeners(listener("0.0.0.0_8080", clear, plain("http"))),
    )
    assert await stage.tell(emit_scope(Scope(other, "a.test", (), ORIGIN))) is None
    assert (await stage.curl(f"https://a.test:{first}/")).body == "web"
    assert (await stage.curl(f"https://a.test:{second}/")).status == 404
    assert (await stage.curl(f"http://a.test:{clear}/")).body == "clear"
    assert stage.names_asked(Type.SECRET).count("a.test") == 1


async def test_the_access_log_tells_of_misdirected_requests(stage: Stage, web: Upstream) -> None:
    stage.know(*served("a.test", web.port))
    form = "%RESPONSE_CODE% %ROUTE_NAME% %REQUESTED_SERVER_NAME% %REQ(:AUTHORITY)%\n"
    port = await opened(stage, shared(log=AccessLog(format=form)))
    async with Visit(port, "a.test") as visit:
        await visit.get("a.test")
        await visit.get("b.test")

    async def written() -> bool:
        lines = stage.log.read_text().splitlines()
        return lines == ["200 default a.test a.test", "421 misdirected a.test b.test"]

    await eventually(written, "two lines of the access log")


async def test_a_websocket_is_opened_through_scoped_routes(stage: Stage, web: Upstream) -> None:
    stage.know(*served("a.test", web.port))
    port = await opened(stage)
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    url, headers = f"https://127.0.0.1:{port}/socket", {"host": "a.test"}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, headers=headers, ssl=trusting, server_hostname="a.test") as socket,
    ):
        await socket.send_str("hello")
        assert (await socket.receive()).data == "hello"
