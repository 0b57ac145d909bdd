"""What each feature of a VirtualService does to a request, seen by a real backend: one gateway, one table."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from backends import http_backend
from world import Answer, World, a_world, documents, free_port

pytestmark = pytest.mark.real

Json = dict[str, object]


def an_object(kind: str, name: str, namespace: str = "default", **spec: object) -> str:
    metadata = {"name": name, "namespace": namespace}
    version = "v1" if kind in ("Service", "Namespace") else "networking.istio.io/v1"
    return json.dumps({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec})


def to(host: str, weight: int = 0, **more: object) -> Json:
    return {"destination": {"host": host}, **({"weight": weight} if weight else {}), **more}


def rule(*matches: Json, **more: object) -> Json:
    """A rule to the Service `a` unless `more` says otherwise."""
    aim = {} if {"route", "redirect", "directResponse"} & more.keys() else {"route": [to("a")]}
    return {**({"match": list(matches)} if matches else {}), **aim, **more}


B = [to("b")]
JASON = {"headers": {"end-user": {"exact": "jason"}}}
RULES: dict[str, list[Json]] = {
    "uri": [
        rule({"uri": {"exact": "/exact"}}),
        rule({"uri": {"prefix": "/prefix"}}, route=B),
        rule({"uri": {"regex": "/item/[0-9]+"}}),
        rule({"uri": {"exact": "/Case"}, "ignoreUriCase": True}, route=B),
    ],
    "headers": [
        rule(JASON),
        rule({"headers": {"cohort": {"prefix": "int"}}}, {"headers": {"agent": {"regex": "M.*1"}}}, route=B),
        rule({"headers": {"debug": {}}}, directResponse={"status": 299}),
        rule({"withoutHeaders": {"token": {}}}, directResponse={"status": 401}),
        rule(directResponse={"status": 200, "body": {"string": "known"}}),
    ],
    "other": [
        rule({"method": {"exact": "POST"}}),
        rule({"queryParams": {"version": {"exact": "2"}}}, route=B),
        rule({"authority": {"prefix": "other.example:"}}, route=B),
        rule({"scheme": {"exact": "https"}}, directResponse={"status": 299}),
        rule({"port": 443}, directResponse={"status": 299}),
    ],
    "order": [rule({"uri": {"prefix": "/"}}), rule({"uri": {"exact": "/exact"}}, route=B)],
    "weights": [rule(route=[to("a", 50), to("b", 50)])],
    "all": [rule(route=[to("a", 0), to("b", 100)])],
    "rewrite": [
        rule({"uri": {"exact": "/exact"}}, rewrite={"uri": "/new/path"}),
        rule({"uri": {"prefix": "/prefix/"}}, rewrite={"uri": "/"}),
        rule({"uri": {"prefix": "/host"}}, rewrite={"authority": "inner.example"}),
        rule(
            {"uri": {"prefix": "/regex"}},
            rewrite={"uriRegexRewrite": {"match": "/regex/([^/]+)/([^/]+)", "rewrite": r"/\2/\1"}},
        ),
    ],
    "redirect": [
        rule({"uri": {"exact": "/uri"}}, redirect={"uri": "/new"}),
        rule({"uri": {"exact": "/authority"}}, redirect={"authority": "new.example", "redirectCode": 302}),
        rule({"uri": {"exact": "/scheme"}}, redirect={"scheme": "https", "redirectCode": 307}),
        rule({"uri": {"exact": "/port"}}, redirect={"scheme": "https", "port": 8443, "redirectCode": 308}),
        rule({"uri": {"exact": "/same"}}, redirect={"uri": "/new", "derivePort": "FROM_REQUEST_PORT"}),
        rule({"uri": {"exact": "/derived"}}, redirect={"scheme": "https", "derivePort": "FROM_REQUEST_PORT"}),
        rule({"uri": {"prefix": "/old"}}, redirect={"prefixRewrite": "/new", "redirectCode": 303}),
    ],
    "timeout": [rule(timeout="0.3s", retries={"attempts": 0})],
    "retries": [
        rule({"uri": {"prefix": "/status/503"}}, retries={"attempts": 3, "retryOn": "5xx"}),
        rule({"uri": {"prefix": "/slow"}}, retries={"attempts": 1, "perTryTimeout": "0.2s", "retryOn": "5xx"}),
        rule({"uri": {"prefix": "/status/500"}}, retries={"attempts": 0}),
        rule(),
    ],
    "change": [
        rule(
            headers={
                "request": {"set": {"x-set": "1", "user-agent": "pylae"}, "add": {"x-add": "2"}, "remove": ["x-gone"]},
                "response": {"set": {"x-answer": "3"}, "remove": ["x-backend"]},
            },
            route=[to("a", headers={"request": {"set": {"x-route": "4", "x-set": "5"}}})],
        )
    ],
    "entry": [rule(route=[to("elsewhere.example")])],
    "long": [rule(route=[to("a.default.svc.cluster.local")])],
    "hollow": [rule(route=[to("hollow")])],
    "unknown": [rule(route=[to("nowhere")])],
    "refusing": [rule(route=[to("refusing")])],
    "moving": [rule(route=[to("moving")])],
    "direct": [rule(directResponse={"status": 418, "body": {"string": "a teapot"}})],
}


VAIN = ("hollow", "unknown", "refusing")


def virtual_service(name: str, namespace: str = "default", **spec: object) -> str:
    return an_object("VirtualService", name, namespace, hosts=[f"{name}.example"], gateways=["default/all"], **spec)


def a_service(name: str) -> str:
    return an_object("Service", name, ports=[{"name": "http", "port": 80, "targetPort": 8080}])


SERVERS = [
    {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*/*"]},
]
CONFIGURATION = documents(
    '{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}',
    an_object("Gateway", "all", selector={"istio": "ingressgateway"}, servers=SERVERS),
    *(virtual_service(name, http=http) for name, http in RULES.items()),
    virtual_service("short", "team", http=[rule()]),
    an_object("VirtualService", "mesh", hosts=["mesh.example"], http=[rule()]),
    a_service("hollow"),
)


def elsewhere(address: str) -> str:
    host, _, port = address.partition(":")
    return an_object(
        "ServiceEntry", "elsewhere", hosts=["elsewhere.example"], resolution="STATIC", location="MESH_EXTERNAL",
        ports=[{"number": 80, "name": "http", "protocol": "HTTP", "targetPort": int(port)}],
        endpoints=[{"address": host}],
    )  # fmt: skip


@dataclass(frozen=True)
class Stage:
    world: World
    a: str
    b: str

    def expose(self, name: str, *addresses: str, namespace: str = "default") -> None:
        exposed = self.world.pylae("expose", name, "-n", namespace, *addresses)
        assert exposed.code == 0, exposed.err

    def ask(self, target: str, *options: str) -> Answer:
        """`target` is the name of a rule above and a path: `uri/exact`."""
        name, _, path = target.partition("/")
        return self.world.curl(f"http://{name}.example/{path}", *options)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with ExitStack() as running:
        world = running.enter_context(a_world())
        a, b, team = (running.enter_context(http_backend(name)) for name in ("a", "b", "team"))
        made = Stage(world, a, b)
        applied = world.apply(documents(CONFIGURATION, elsewhere(b)))
        assert applied.code == 0, applied.err
        nobody = f"127.0.0.1:{free_port()}"
        for name, address in (("a", a), ("b", b), ("moving", a), ("refusing", nobody)):
            made.expose(name, address)
        made.expose("a", team, namespace="team")
        for name in (*RULES, "short"):
            world.until(lambda name=name: status(made.ask(f"{name}/")) != 503 or name in VAIN)
        yield made


def status(answer: Answer) -> int:
    return int((answer.out.split() or ["", "0"])[1])


def seen(answer: Answer) -> str:
    """`200 a /path` of a backend, `301 location`, or the status and the body."""
    told = answer.headers
    if "location" in told:
        return f"{status(answer)} {told['location']}"
    if "x-backend" in told:
        return f"{status(answer)} {told['x-backend']} {json.loads(answer.body)['path']}"
    return f"{status(answer)} {answer.body.partition(' or disconnect')[0]}".strip()


REQUESTS: list[tuple[str, tuple[str, ...], str]] = [
    ("uri/exact", (), "200 a /exact"),
    ("uri/exact?query=1", (), "200 a /exact?query=1"),
    ("uri/exact/", (), "404"),
    ("uri/prefix", (), "200 b /prefix"),
    ("uri/prefixed", (), "200 b /prefixed"),
    ("uri/prefix/more", (), "200 b /prefix/more"),
    ("uri/item/12", (), "200 a /item/12"),
    ("uri/item/twelve", (), "404"),
    ("uri/item/12/more", (), "404"),
    ("uri/cASE", (), "200 b /cASE"),
    ("uri/EXACT", (), "404"),
    ("headers/", ("-H", "end-user: jason"), "200 a /"),
    ("headers/", ("-H", "End-User: jason"), "200 a /"),
    ("headers/", ("-H", "end-user: Jason"), "401"),
    ("headers/", ("-H", "cohort: internal"), "200 b /"),
    ("headers/", ("-H", "agent: M001"), "200 b /"),
    ("headers/", ("-H", "agent: M0012"), "401"),
    ("headers/", ("-H", "debug;"), "299"),
    ("headers/", ("-H", "token: x"), "200 known"),
    ("other/", ("-d", "x"), "200 a /"),
    ("other/?version=2", (), "200 b /?version=2"),
    ("other/?version=3", (), "404"),
    ("other/", ("-H", "host: other.example:81"), "200 b /"),
    ("order/exact", (), "200 a /exact"),
    ("all/", (), "200 b /"),
    ("rewrite/exact", (), "200 a /new/path"),
    ("rewrite/exact?a=b", (), "200 a /new/path?a=b"),
    ("rewrite/prefix/more", (), "200 a /more"),
    ("rewrite/regex/one/two", (), "200 a /two/one"),
    ("redirect/uri?a=b", (), "301 http://redirect.example/new?a=b"),
    ("redirect/authority", (), "302 http://new.example/authority"),
    ("redirect/scheme", (), "307 https://redirect.example/scheme"),
    ("redirect/port", (), "308 https://redirect.example:8443/port"),
    ("redirect/same", (), "301 http://redirect.example/new"),
    ("redirect/derived", (), "301 https://redirect.example:80/derived"),
    ("redirect/uri", ("-H", "host: redirect.example:81"), "301 http://redirect.example:81/new"),
    ("redirect/old/page", (), "303 http://redirect.example/new/page"),
    ("timeout/quick", (), "200 a /quick"),
    ("timeout/slow", (), "504 upstream request timeout"),
    ("retries/quick", (), "200 a /quick"),
    ("retries/slow", (), "504 upstream request timeout"),
    ("entry/", (), "200 b /"),
    ("long/", (), "200 a /"),
    ("short/", (), "200 team /"),
    ("hollow/", (), "503 no healthy upstream"),
    ("refusing/", (), "503 upstream connect error"),
    ("unknown/", (), "503"),
    ("mesh/", (), "404"),
    ("absent/", (), "404"),
    ("uri/exact", ("-H", "host: URI.Example"), "200 a /exact"),
    ("uri/exact", ("-H", "host: uri.example:12345"), "200 a /exact"),
    ("direct/", (), "418 a teapot"),
]


@pytest.mark.parametrize(("target", "options", "wanted"), REQUESTS)
def test_a_request(stage: Stage, target: str, options: tuple[str, ...], wanted: str) -> None:
    assert seen(stage.ask(target, *options)) == wanted


def received(answer: Answer) -> dict[str, str]:
    """The headers that the backend got."""
    told = json.loads(answer.body)["headers"]
    assert isinstance(told, dict)
    return told


def test_weights_give_each_backend_its_part(stage: Stage) -> None:
    many = stage.world.curl("http://weights.example/?[1-200]", "-o", "/dev/null", "-w", "%header{x-backend}\\n")
    parts = Counter(many.out.split())
    assert parts.keys() == {"a", "b"}, many.err
    assert 60 <= parts["a"] <= 140


@pytest.mark.parametrize(
    ("path", "attempts"), [("/status/503", "4"), ("/status/500", "1"), ("/status/404", "1"), ("/", "1")]
)
def test_the_backend_is_told_which_attempt_it_is(stage: Stage, path: str, attempts: str) -> None:
    assert received(stage.ask(f"retries{path}"))["x-envoy-attempt-count"] == attempts


def test_headers_are_set_added_and_removed_both_ways(stage: Stage) -> None:
    sent = ("-H", "x-set: 0", "-H", "x-add: 0", "-H", "x-gone: 0")
    answer = stage.ask("change/", *sent)
    got = received(answer)
    assert got["user-agent"] == "pylae"
    assert got["x-route"] == "4"
    assert got["x-set"] == "5", "the only destination's changes follow the rule's, as Istio orders them"
    assert got["x-add"] == "0,2"
    assert "x-gone" not in got
    assert answer.headers["x-answer"] == "3"
    assert "x-backend" not in answer.headers


def test_the_authority_is_rewritten_and_otherwise_kept(stage: Stage) -> None:
    assert received(stage.ask("rewrite/host"))["host"] == "inner.example"
    assert received(stage.ask("rewrite/exact"))["host"] == "rewrite.example"


def test_what_istios_gateway_adds_to_a_request_is_there(stage: Stage) -> None:
    got = received(stage.ask("long/", "-H", "x-forwarded-for: 1.2.3.4", "-H", "x-request-id: mine"))
    assert got["x-forwarded-for"].startswith("1.2.3.4,")
    assert got["x-forwarded-proto"] == "http"
    assert got["x-request-id"]


def test_endpoints_change_while_it_runs(stage: Stage) -> None:
    for address, name in ((stage.b, "b"), (stage.a, "a")):
        stage.expose("moving", address)
        stage.world.until(lambda name=name: seen(stage.ask("moving/")) == f"200 {name} /")
    stage.expose("moving", stage.a, stage.b)
    stage.world.until(lambda: seen(stage.ask("moving/")) == "200 b /")
    slices = ("endpointslices", "-l", "kubernetes.io/service-name=moving")
    assert stage.world.kubectl("delete", *slices).code == 0
    stage.world.until(lambda: seen(stage.ask("moving/")) == "503 no healthy upstream")
    stage.expose("moving", stage.a)
    stage.world.until(lambda: seen(stage.ask("moving/")) == "200 a /")


def test_a_service_that_comes_later_is_routed_to_at_once(stage: Stage) -> None:
    late = virtual_service("late", http=[rule(route=[to("late")])])
    warned = stage.world.apply(late)
    assert warned.code == 0
    stage.world.until(lambda: seen(stage.ask("late/")) == "503")
    stage.expose("late", stage.a)
    stage.world.until(lambda: seen(stage.ask("late/")) == "200 a /")


def test_a_rule_that_is_edited_takes_effect_and_one_that_is_deleted_ends(stage: Stage) -> None:
    for name, rules in (("b", rule(route=B)), ("a", rule())):
        assert stage.world.apply(virtual_service("edited", http=[rules])).code == 0
        stage.world.until(lambda name=name: seen(stage.ask("edited/")) == f"200 {name} /")
    assert stage.world.kubectl("delete", "virtualservice", "edited").code == 0
    stage.world.until(lambda: seen(stage.ask("edited/")) == "404")


def test_what_is_in_vain_is_told_and_nothing_else(stage: Stage) -> None:
    told = json.loads(stage.world.pylae("status", "-o", "json").out)["findings"]
    assert {(finding["reason"], finding["about"]) for finding in told} == {
        ("DestinationUnknown", "VirtualService default/unknown"),
        ("NoEndpoints", "Service default/hollow"),
        ("SchemaWarning", "VirtualService default/mesh"),
    }
