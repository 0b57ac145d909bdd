"""The port plan is kept by change, and says at any time what one from scratch says, and what the plain merge of all
servers says."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as altered

from pylae.api.decode import convert
from pylae.api.gateway import Gateway
from pylae.api.scheme import GATEWAY, SERVICE
from pylae.model.codes import HOST_CLAIMED, PROTOCOL_CONFLICT, SENT_AHEAD
from pylae.model.finding import Finding
from pylae.model.ir.origin import Origin
from pylae.model.snapshot import Key, Snapshot, by_age
from pylae.model.workload import GatewayWorkload
from pylae.rules.protocols import HTTP_FAMILY
from pylae.translate.claims import server_of, server_origin
from pylae.translate.merge import REMOVE_ONE
from pylae.translate.plan import Plan
from pylae.translate.planned import Counts, Fate
from pylae.translate.ports import PublishedPort
from pylae.translate.server import Server, unservable

Json = dict[str, Any]
WORKLOAD = GatewayWorkload()
HOSTS = ("a.io", "b.io", "x.a.io", "c.com", "*.a.io", "*.io", "*.com", "*", "shop/a.io")
SIMPLE = {"mode": "SIMPLE", "credentialName": "c"}
KINDS: tuple[Json, ...] = (
    {"protocol": "HTTP"},
    {"protocol": "HTTP", "tls": {"httpsRedirect": True}},
    {"protocol": "HTTPS", "tls": SIMPLE},
    {"protocol": "HTTPS", "tls": SIMPLE},
    {"protocol": "HTTPS", "tls": SIMPLE | {"minProtocolVersion": "TLSV1_3"}},
    {"protocol": "TLS", "tls": {}},
    {"protocol": "TLS", "tls": SIMPLE},
    {"protocol": "TCP"},
    {"protocol": "GRPC"},
    {"protocol": "HTTPS"},
)
PUBLISHED = Origin(convert(SERVICE, {"metadata": {"name": "front", "namespace": "istio-system"}}).ref)
SERVICES = (
    (),
    (PublishedPort(80, 8080, 30080, PUBLISHED), PublishedPort(443, 8443, 30443, PUBLISHED)),
    (PublishedPort(80, 8443, 0, PUBLISHED), PublishedPort(443, 8443, 30080, PUBLISHED)),
)
KEYS = (("shop", "g"), ("shop", "g.h"), ("shop", "i"), ("other", "g"))
AGES = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")


def gateway(key: Key, servers: Iterable[Json], serve: str = "", age: str = AGES[0], **labels: str) -> Gateway:
    metadata: Json = {"namespace": key[0], "name": key[1], "creationTimestamp": age}
    metadata |= {"annotations": {"pylae.dev/serve": serve}} if serve else {}
    spec = {"servers": list(servers), "selector": labels or {"istio": "ingressgateway"}}
    made = convert(GATEWAY, {"apiVersion": GATEWAY.api_version, "kind": "Gateway", "metadata": metadata, "spec": spec})
    assert isinstance(made, Gateway)
    return made


def server(kind: Json, number: int, hosts: Iterable[str], name: str = "p", bind: str = "") -> Json:
    port = {"number": number, "name": name, "protocol": kind["protocol"]}
    return {"port": port, "hosts": list(hosts), "bind": bind} | ({"tls": kind["tls"]} if "tls" in kind else {})


def https(*hosts: str, port: int = 443, **settings: str) -> Json:
    return server({"protocol": "HTTPS", "tls": SIMPLE | settings}, port, hosts)


def redirect(*hosts: str) -> Json:
    return server({"protocol": "HTTP", "tls": {"httpsRedirect": True}}, 80, hosts)


servers = st.builds(
    server,
    st.sampled_from(KINDS),
    st.sampled_from((443, 443, 443, 80, 8443, 30080)),
    st.lists(st.sampled_from(HOSTS), min_size=1, max_size=2),
    st.sampled_from(("p", "q", "p.g")),
    st.sampled_from(("", "", "", "127.0.0.1")),
)
gateways = st.builds(
    lambda servers, serve, age, other: gateway(("", ""), servers, serve, age, **({"istio": "other"} if other else {})),
    st.lists(servers, max_size=3),
    st.sampled_from(("", "on-demand", "on-demand", "ahead")),
    st.sampled_from(AGES),
    st.sampled_from((False,) * 7 + (True,)),
)
puts = st.tuples(st.sampled_from(KEYS), st.one_of(st.none(), gateways, gateways, gateways))
edits = st.one_of(puts, puts, puts, puts, st.sampled_from(SERVICES), st.booleans())


class Story:
    """A plan, the world that it follows, and the same plan from scratch."""

    def __init__(self) -> None:
        self.gateways: dict[Key, Gateway] = {}
        self.published: tuple[PublishedPort, ...] = ()
        self.on_demand = False
        self.plan = Plan(WORKLOAD, Snapshot(gateways=self.gateways))

    def tell(self, edit: Any) -> Any:
        match edit:
            case bool():
                self.on_demand = edit
                return self.plan.serve(edit)
            case (tuple() as key, Gateway() | None as found):
                if found is None:
                    self.gateways.pop(key, None)
                else:
                    self.gateways[key] = altered(found, metadata=altered(found.metadata, namespace=key[0], name=key[1]))
                return self.plan.put(key, self.gateways.get(key))
            case _:
                self.published = edit
                return self.plan.publish(edit)

    def from_scratch(self) -> Plan:
        plan = Plan(WORKLOAD, Snapshot(gateways=self.gateways))
        for key, found in reversed(self.gateways.items()):
            plan.gather(key, found)
        plan.begin(self.published, default_on_demand=self.on_demand)
        return plan


def view(plan: Plan) -> Json:
    """All that a plan says of servers that are sent ahead or lost."""
    return {
        "listeners": [
            (
                replace(listener, servers=()),
                [(server.origin, server.spec, server.listen_port) for server in listener.servers],
            )
            for listener in plan.listeners()
        ],
        "findings": plan.findings(),
    }


def fates(plan: Plan) -> dict[Key, tuple[Fate, ...]]:
    return {key: plan.fates(key) for key in KEYS}


def owners(plan: Plan) -> dict[tuple[str, str], object]:
    names = ("a.io", "b.io", "x.a.io", "y.x.a.io", "c.com", "z.org", "*", "*.io")
    listeners = ("0.0.0.0_443", "0.0.0.0_80", "0.0.0.0_8443", "0.0.0.0_8080", "127.0.0.1_443", "0.0.0.0_1")
    return {(listener, name): owner(plan, listener, name) for listener in listeners for name in names}


def owner(plan: Plan, listener: str, name: str) -> object:
    found = plan.owner(listener, name)
    return found and (found, plan.is_on_demand(found))


@settings(deadline=None, max_examples=200)
@given(st.lists(edits, max_size=12))
def test_after_any_edits_the_plan_is_the_one_from_scratch(script: list[Any]) -> None:
    story = Story()
    for edit in script:
        before = view(story.plan), fates(story.plan), owners(story.plan)
        told = story.tell(edit)
        after = view(story.plan), fates(story.plan), owners(story.plan)
        fresh = story.from_scratch()
        assert after == (view(fresh), fates(fresh), owners(fresh))
        assert story.plan.gateways() == fresh.gateways()
        assert told.ahead or after[0] == before[0]
        assert all(after[1][key] == before[1][key] for key in KEYS if key not in told.gateways)
        for (listener, name), found in after[2].items():
            if by_sni(found) != by_sni(before[2][listener, name]):
                assert any(listener == where and covers(host, name) for where, host in told.hosts), (listener, name)


def by_sni(found: Any) -> object:
    return found if found and not found[0].terms.is_plain_text else None


def covers(host: str, name: str) -> bool:
    return host == name or (host.startswith("*") and name.endswith(host[1:]))


@settings(deadline=None, max_examples=200)
@given(st.lists(puts, max_size=8), st.sampled_from(SERVICES))
def test_who_is_admitted_is_what_the_plain_merge_says(script: list[Any], published: Any) -> None:
    story = Story()
    for edit in (*script, published):
        story.tell(edit)
    chosen = [found for found in by_age(story.gateways.values()) if found.spec.selector["istio"] == "ingressgateway"]
    places = [(found, index) for found in chosen for index in range(len(found.spec.servers))]
    all_servers = [server_of(found, index, published) for found, index in places]
    lost = plain_merge([server for server in all_servers if not unservable(server)])
    said = losers(story.plan)
    unbound = {origin for origin, finding in said.items() if "is already bound for" in finding.message}
    expected = {server.origin: why for server in all_servers if (why := unservable(server) or lost.get(server.origin))}
    assert {origin: why for origin, why in said.items() if origin not in unbound} == expected


def losers(plan: Plan) -> dict[Origin, Finding]:
    return {
        server_origin(gateway, fate.index): fate.rejected
        for gateway in plan.gateways()
        for fate in plan.fates(gateway)
        if fate.rejected
    }


def plain_merge(servers: list[Server]) -> dict[Origin, Finding]:
    """Istio's merge told at length: each server is held against all that were admitted before."""
    admitted: list[Server] = []
    losers: dict[Origin, Finding] = {}
    for one in servers:
        older = [other for other in admitted if (other.bind, other.listen_port) == (one.bind, one.listen_port)]
        if conflict := plain_conflict(one, older):
            losers[one.origin] = conflict
        else:
            admitted.append(one)
    return losers


def plain_conflict(one: Server, older: list[Server]) -> Finding | None:
    number = one.port.number
    owners = {host: other for other in reversed(older) if other.tls for host in other.host_names}
    if common := [host for host in one.host_names if one.tls and host in owners]:
        message = f"{', '.join(common)} on port {number} belongs to {owners[common[0]]}, which comes first."
        return one.finding(HOST_CLAIMED, "hosts", message, REMOVE_ONE)
    plain = next((other for other in older if other.is_plain_text), None)
    if plain and not (plain.protocol in HTTP_FAMILY and one.protocol in HTTP_FAMILY):
        message = f"{one.protocol} cannot share port {number} with the {plain.protocol} of {plain}."
        return one.finding(PROTOCOL_CONFLICT, "port", message, REMOVE_ONE)
    catch_all = next((other for other in older if other.ends_tls and not other.server_names), None)
    if catch_all and one.is_plain_text:
        message = f"{one.protocol} cannot share port {number} with host * of {catch_all}."
        return one.finding(PROTOCOL_CONFLICT, "port", message, REMOVE_ONE)
    same = next((other for other in older if other.route_configuration == one.route_configuration), None)
    if same and one.ends_tls and one.route_configuration:
        message = f"Port name {one.port.name!r} is used twice, the first time by {same}."
        return one.finding(PROTOCOL_CONFLICT, "port.name", message, "Give each port a name of its own.")
    return None


PORT_80, PORT_443 = "0.0.0.0_80", "0.0.0.0_443"


def told(*made: Gateway) -> Plan:
    """A plan that was told of these Gateways in this order."""
    plan = Plan(WORKLOAD, Snapshot(gateways={(found.metadata.namespace, found.metadata.name): found for found in made}))
    for found in made:
        plan.put((found.metadata.namespace, found.metadata.name), found)
    return plan


def fate(plan: Plan, name: str, index: int = 0) -> Fate:
    return plan.fates(("shop", name))[index]


def lazy(name: str, *servers: Json) -> Gateway:
    return gateway(("shop", name), servers, "on-demand")


def eager(name: str, *servers: Json) -> Gateway:
    return gateway(("shop", name), servers, "ahead")


def test_a_host_on_demand_is_in_no_listener_and_yet_has_its_owner() -> None:
    plan = told(lazy("g", https("a.io"), redirect("a.io")))
    assert plan.claims_on(PORT_443) == Counts(0, 1, 0)
    assert plan.claims_on(PORT_80) == Counts(0, 0, 1)
    kinds = {found.name: (found.servers, found.on_demand, found.redirects) for found in plan.listeners()}
    assert kinds == {PORT_443: ((), True, False), PORT_80: ((), False, True)}
    claim = plan.owner(PORT_443, "a.io")
    assert claim is not None
    assert claim.gateway == ("shop", "g")
    assert plan.is_on_demand(claim)
    assert plan.owner(PORT_443, "b.io") is None


def test_the_most_specific_host_owns_a_name() -> None:
    plan = told(lazy("a", https("*")), lazy("b", https("*.io")), lazy("c", https("*.a.io")), lazy("d", https("x.a.io")))
    names = ("x.a.io", "y.a.io", "z.y.a.io", "a.io", "a.com")
    owners = [plan.owner(PORT_443, name) for name in names]
    assert [found and found.gateway[1] for found in owners] == ["d", "c", "c", "b", "a"]
    assert [found and found.host_of(name) for found, name in zip(owners, names, strict=True)] == [
        "x.a.io",
        "*.a.io",
        "*.a.io",
        "*.io",
        "*",
    ]


def test_what_has_settings_of_its_own_is_sent_ahead() -> None:
    pinned = https("a.io", minProtocolVersion="TLSV1_3")
    plan = told(lazy("g", pinned, https("b.io", mode="MUTUAL"), server({"protocol": "HTTP"}, 80, ["c.io"])))
    assert [found.on_demand for found in plan.fates(("shop", "g"))] == [False, False, False]


def test_a_wildcard_that_is_sent_ahead_takes_what_it_covers_with_it_and_gives_it_back() -> None:
    plan = told(lazy("a", https("x.a.io")), lazy("b", https("*.a.io", "c.com")), eager("z", https("*.com")))
    assert not fate(plan, "a").on_demand
    [note] = [note for note in fate(plan, "a").notes if note.code == SENT_AHEAD]
    assert "Gateway shop/b (spec.servers[0]) is sent ahead and covers x.a.io" in note.message
    plan.put(("shop", "z"), None)
    assert [fate(plan, name).on_demand for name in "ab"] == [True, True]


def test_plain_http_that_is_sent_ahead_takes_its_own_host_from_a_redirect_on_demand() -> None:
    plan = told(eager("a", server({"protocol": "HTTP"}, 80, ["a.io"])), lazy("b", redirect("a.io"), redirect("b.io")))
    assert not fate(plan, "b", 0).on_demand
    assert fate(plan, "b", 1).on_demand


def test_a_host_waits_on_one_listener_only() -> None:
    plan = told(lazy("a", https("a.io")), lazy("b", https("a.io", port=8443)), lazy("c", https("b.io", port=8443)))
    assert [fate(plan, name).on_demand for name in "abc"] == [True, False, True]
    assert any("a.io waits on listener 0.0.0.0_443" in note.message for note in fate(plan, "b").notes)
    plan.put(("shop", "a"), None)
    assert fate(plan, "b").on_demand


def test_a_secret_of_another_name_touches_what_is_sent_ahead_but_not_what_waits() -> None:
    other = https("a.io", credentialName="other")
    for made, touches in ((eager, True), (lazy, False)):
        plan = told(made("g", https("a.io")))
        plan.listeners()
        assert plan.put(("shop", "g"), made("g", https("a.io"))).ahead is False
        changed = plan.put(("shop", "g"), made("g", other))
        assert changed.ahead is touches
        assert (PORT_443, "a.io") in changed.hosts


def test_one_among_ten_thousand_costs_what_it_touches() -> None:
    many = [lazy(f"g{number}", https(f"h{number}.io"), redirect(f"h{number}.io")) for number in range(10_000)]
    plan = told(*many)
    for edit in (None, many[5000], lazy("g5000", https("new.io"), redirect("new.io")), many[5000]):
        plan.computed.clear()
        assert plan.put(("shop", "g5000"), edit).gateways == {("shop", "g5000")}
        assert plan.computed.total() <= 8
    for oldest in (None, many[0]):
        plan.computed.clear()
        plan.put(("shop", "g0"), oldest)
        assert plan.computed.total() <= 8


@settings(max_examples=200)
@given(st.lists(puts, max_size=6), st.sampled_from(SERVICES), st.booleans(), st.lists(edits, max_size=6))
def test_a_plan_that_gathered_its_gateways_follows_changes_as_any_other(
    there: list[Any], published: tuple[PublishedPort, ...], on_demand: bool, after: list[Any]
) -> None:
    story = Story()
    for edit in there:
        story.tell(edit)
    story.published, story.on_demand = published, on_demand
    story.plan = story.from_scratch()
    for edit in after:
        story.tell(edit)
    assert view(story.plan) == view(story.from_scratch())


def test_to_gather_ten_thousand_gateways_judges_and_places_none_of_them_twice() -> None:
    found = {
        ("shop", f"g{number}"): gateway(("shop", f"g{number}"), [https(f"h{number}.io")], "on-demand")
        for number in range(10_000)
    }
    plan = Plan(WORKLOAD, Snapshot(gateways=found))
    for key, one in found.items():
        plan.gather(key, one)
    plan.begin((), default_on_demand=False)
    assert plan.computed == {"judged": 10_000, "placed": 10_000}
