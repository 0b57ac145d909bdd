"""What each kind of Gateway server does to each kind of client: one gateway with all of them, one table of requests."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from authority import Authority, Leaf
from backends import http_backend, tcp_backend
from load import served_serial
from world import Answer, World, a_world, documents, free_port, gateway, good_host, secret

pytestmark = pytest.mark.real

ECHO, PASSING = 31400, 9443
"""The gateway's ports for TCP and for a PASSTHROUGH server that takes every name."""


def server(name: str, host: str | list[str], **tls: object) -> dict[str, object]:
    port = {"number": 443, "name": name, "protocol": "HTTPS"}
    return {"port": port, "hosts": [host] if isinstance(host, str) else host, "tls": tls}


def plain(name: str, host: str, **more: object) -> dict[str, object]:
    return {"port": {"number": 80, "name": name, "protocol": "HTTP"}, "hosts": [host], **more}


def passing(name: str, number: int, host: str) -> dict[str, object]:
    port = {"number": number, "name": name, "protocol": "TLS"}
    return {"port": port, "hosts": [host], "tls": {"mode": "PASSTHROUGH"}}


SERVERS = [
    plain("http", "plain.example"),
    plain("http-wild", "*.wild.example"),
    plain("http-redirect", "simple.example", tls={"httpsRedirect": True}),
    server("simple", "simple.example", mode="SIMPLE", credentialName="simple"),
    server("wild", "*.wild.example", mode="SIMPLE", credentialName="wild"),
    server("narrow", "narrow.wild.example", mode="SIMPLE", credentialName="narrow"),
    server("two", ["one.two.example", "other.two.example"], mode="SIMPLE", credentialName="two"),
    server("mutual", "mutual.example", mode="MUTUAL", credentialName="mutual"),
    server("optional", "optional.example", mode="OPTIONAL_MUTUAL", credentialName="optional"),
    server("revoking", "revoking.example", mode="MUTUAL", credentialName="revoking"),
    server("split", "split.example", mode="MUTUAL", credentialName="split"),
    server("apart", "apart.example", mode="MUTUAL", credentialName="apart", caCertCredentialName="strangers"),
    server("both", "both.example", mode="SIMPLE", credentialNames=["by-rsa", "by-ecdsa"]),
    server("new", "new.example", mode="SIMPLE", credentialName="new", minProtocolVersion="TLSV1_3"),
    server("old", "old.example", mode="SIMPLE", credentialName="old", maxProtocolVersion="TLSV1_2"),
    passing("through", 443, "through.example"),
    passing("through-all", PASSING, "*"),
    {"port": {"number": ECHO, "name": "echo", "protocol": "TCP"}, "hosts": ["*"]},
]

HTTP_HOSTS = [
    "plain.example", "*.wild.example", "simple.example", "one.two.example", "other.two.example", "mutual.example",
    "optional.example", "revoking.example", "split.example", "apart.example", "both.example", "new.example",
    "old.example",
]  # fmt: skip


def an_object(kind: str, name: str, namespace: str, **spec: object) -> str:
    metadata = {"name": name, "namespace": namespace}
    version = "networking.istio.io/v1"
    return json.dumps({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec})


def a_gateway(name: str, namespace: str, servers: list[dict[str, object]]) -> str:
    return an_object("Gateway", name, namespace, selector={"istio": "ingressgateway"}, servers=servers)


def through(port: int, sni: str) -> dict[str, object]:
    return {"match": [{"port": port, "sniHosts": [sni]}], "route": [{"destination": {"host": "tls"}}]}


CONFIGURATION = documents(
    a_gateway("first", "default", SERVERS),
    an_object(
        "VirtualService", "web", "default", hosts=HTTP_HOSTS, gateways=["first"],
        http=[{"route": [{"destination": {"host": "web"}}]}],
    ),
    an_object(
        "VirtualService", "through", "default", hosts=["through.example", "*.passing.example"], gateways=["first"],
        tls=[through(443, "through.example"), through(PASSING, "*.passing.example")],
    ),
    an_object(
        "VirtualService", "echo", "default", hosts=["*"], gateways=["first"],
        tcp=[{"match": [{"port": ECHO}], "route": [{"destination": {"host": "echo"}}]}],
    ),
    an_object(
        "Gateway",
        "elsewhere",
        "default",
        selector={"istio": "egressgateway"},
        servers=[plain("http", "elsewhere.example")],
    ),
    '{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}',
    a_gateway(
        "second", "team",
        [server("https", "team.example", mode="SIMPLE", credentialName="team"), plain("http", "team.example")],
    ),
    an_object(
        "VirtualService", "team", "team", hosts=["team.example"], gateways=["second"],
        http=[{"route": [{"destination": {"host": "web"}}]}],
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Stage:
    world: World
    files: Path
    echo: int
    passing: int

    def curl(self, url: str, *arguments: str) -> Answer:
        host, _, port = url.split("/")[2].partition(":")
        own = {str(PASSING): self.passing}.get(port)
        connect = ("--connect-to", f"{host}:{port}:127.0.0.1:{own}") if own else ()
        return self.world.curl(url, "--cacert", str(self.files / "ca.pem"), *connect, *arguments)

    def curl_that_listens(self, url: str, *arguments: str) -> Answer:
        """With TLS 1.3 a client's handshake is over before the server judges its certificate: a curl that writes on
        may find the connection closed (16, 55) before it reads the alert, more often than not. It is asked again."""
        for _ in range(500):
            answer = self.curl(url, *arguments)
            if answer.code not in (16, 55):
                break
        return answer


OURS, FOREIGN = Authority("clients"), Authority("strangers")
SERVER = Authority("servers")
CLIENTS = {"friend": OURS.issue("friend"), "stranger": FOREIGN.issue("stranger"), "revoked": OURS.issue("revoked")}


PLAINLY_NAMED = ("simple", "mutual", "optional", "revoking", "split", "apart", "new", "old", "team")


def secrets() -> str:
    """One Secret for each server, named like it, in the gateway's namespace."""
    clients = {"ca_crt": OURS.pem}
    revoking = {**clients, "ca_crl": OURS.revoke(CLIENTS["revoked"])}
    more = {"mutual": clients, "optional": clients, "revoking": revoking}
    named = {
        **{name: f"{name}.example" for name in PLAINLY_NAMED},
        "wild": "*.wild.example",
        "narrow": "narrow.wild.example",
        "by-ecdsa": "both.example",
    }
    issued = {name: SERVER.issue(host) for name, host in named.items()}
    issued["two"] = SERVER.issue("one.two.example", "other.two.example")
    issued["by-rsa"] = SERVER.issue("both.example", by_rsa=True)
    authorities = (secret("split-cacert", ca_crt=OURS.pem), secret("strangers", ca_crt=FOREIGN.pem))
    return documents(*authorities, *(_secret(name, leaf, more.get(name, {})) for name, leaf in issued.items()))


def _secret(name: str, leaf: Leaf, more: dict[str, str]) -> str:
    return secret(name, tls_crt=leaf.chain, tls_key=leaf.key, **more)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    files = tmp_path_factory.mktemp("files")
    (files / "ca.pem").write_text(SERVER.pem)
    for name, leaf in CLIENTS.items():
        leaf.write(files / f"{name}.pem")
    own = SERVER.issue("through.example", "any.passing.example").write(files / "backend.pem")
    echo, passing = free_port(), free_port()
    with ExitStack() as running:
        world = running.enter_context(a_world("-p", f"{echo}:{ECHO}", "-p", f"{passing}:{PASSING}"))
        world.apply(secrets())
        applied = world.apply(CONFIGURATION)
        assert applied.code == 0, applied.err
        for namespace, name, address in (
            ("default", "web", running.enter_context(http_backend("web"))),
            ("team", "web", running.enter_context(http_backend("team"))),
            ("default", "tls", running.enter_context(http_backend("tls", own))),
            ("default", "echo", running.enter_context(tcp_backend("echo"))),
        ):
            assert world.pylae("expose", name, "-n", namespace, address).code == 0
        made = Stage(world, files, echo, passing)
        until_served = ("https://team.example/", "https://through.example/", "https://simple.example/")
        for url in until_served:
            world.until(lambda url=url: seen(made.curl(url)).startswith("200"))
        yield made


ALERTS = re.compile(r"alert (certificate required|unknown ca|certificate revoked|protocol version|handshake failure)")
REFUSALS = {7: "refused", 35: "closed", 52: "closed", 56: "closed", 60: "not trusted"}


def seen(answer: Answer) -> str:
    """What came back in few words: `200 web`, `301 https://…`, `404`, `alert unknown ca`, `closed`, `not trusted`."""
    if answer.code:
        alert = ALERTS.search(answer.err)
        return alert[0] if alert else REFUSALS.get(answer.code, answer.err)
    status = answer.out.split()[1]
    return " ".join([status, *filter(None, map(answer.headers.get, ("x-backend", "location")))])


NAMELESS = ("-k", "--connect-to", "127.0.0.1:443:127.0.0.1:{https}")
TLS_1_1 = ("--tlsv1.1", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0")
TLS_1_2 = ("--tls-max", "1.2")
FRIEND = ("--cert", "{friend}")
STRANGER = ("--cert", "{stranger}")
UNKNOWING = ("--cacert", "{stranger}")
AS_HOST = ("-H", "host: optional.example")

REQUESTS: dict[str, tuple[str, tuple[str, ...], str]] = {
    # plain HTTP
    "HTTP": ("http://plain.example/", (), "200 web"),
    "HTTP, a host that no server has": ("http://absent.example/", (), "404"),
    "HTTP, a host of a TLS server alone": ("http://mutual.example/", (), "404"),
    "HTTP, a port in the host": ("http://plain.example/", ("-H", "host: plain.example:12345"), "200 web"),
    "HTTP, a wildcard": ("http://a.wild.example/", (), "200 web"),
    "HTTP, a wildcard takes several labels": ("http://a.b.wild.example/", (), "200 web"),
    "HTTP, a wildcard takes no bare domain": ("http://wild.example/", (), "404"),
    "HTTP, a Gateway for other workloads": ("http://elsewhere.example/", (), "404"),
    "HTTP, another Gateway on the port": ("http://team.example/", (), "200 team"),
    "TLS to the HTTP port": ("https://plain.example:80/", (), "closed"),
    # the redirect
    "redirect": ("http://simple.example/a?b=c", (), "301 https://simple.example/a?b=c"),
    "redirect of a POST": ("http://simple.example/", ("-d", "x=y"), "301 https://simple.example/"),
    "redirect keeps the port that the client used": (
        "http://simple.example/", ("-H", "host: simple.example:30000"), "301 https://simple.example:30000/",
    ),
    "redirect is not fooled by a header": (
        "http://simple.example/", ("-H", "x-forwarded-proto: https"), "301 https://simple.example/",
    ),
    # SIMPLE
    "SIMPLE": ("https://simple.example/", (), "200 web"),
    "SIMPLE, HTTP/1.1": ("https://simple.example/", ("--http1.1",), "200 web"),
    "SIMPLE, an authority unknown to the client": ("https://simple.example/", UNKNOWING, "not trusted"),
    "SIMPLE, a client certificate for nobody": ("https://simple.example/", FRIEND, "200 web"),
    "SIMPLE, another Gateway on the port": ("https://team.example/", (), "200 team"),
    "SIMPLE, the host of another server": ("https://simple.example/", AS_HOST, "404"),
    "SIMPLE, several hosts, the first": ("https://one.two.example/", (), "200 web"),
    "SIMPLE, several hosts, the other": ("https://other.two.example/", (), "200 web"),
    "SIMPLE, hosts of one certificate": ("https://one.two.example/", ("-H", "host: other.two.example"), "200 web"),
    "a name that no server has": ("https://absent.example/", (), "closed"),
    "no name": ("https://127.0.0.1/", NAMELESS, "closed"),
    "plain HTTP to the TLS port": ("http://simple.example:443/", (), "closed"),
    # wildcards
    "wildcard": ("https://a.wild.example/", (), "200 web"),
    "wildcard, another server has the narrower name": ("https://narrow.wild.example/", (), "200 web"),
    "wildcard, its own certificate has no narrower name": ("https://a.b.wild.example/", (), "not trusted"),
    # client certificates
    "MUTUAL": ("https://mutual.example/", FRIEND, "200 web"),
    "MUTUAL, no certificate": ("https://mutual.example/", (), "alert certificate required"),
    "MUTUAL, no certificate, TLS 1.2": ("https://mutual.example/", TLS_1_2, "alert handshake failure"),
    "MUTUAL, a stranger's": ("https://mutual.example/", STRANGER, "alert unknown ca"),
    "MUTUAL, nothing is revoked without a list": ("https://mutual.example/", ("--cert", "{revoked}"), "200 web"),
    "OPTIONAL_MUTUAL": ("https://optional.example/", FRIEND, "200 web"),
    "OPTIONAL_MUTUAL, no certificate": ("https://optional.example/", (), "200 web"),
    "OPTIONAL_MUTUAL, a stranger's": ("https://optional.example/", STRANGER, "alert unknown ca"),
    "CRL": ("https://revoking.example/", FRIEND, "200 web"),
    "CRL, a revoked certificate": ("https://revoking.example/", ("--cert", "{revoked}"), "alert certificate revoked"),
    "CRL, no certificate": ("https://revoking.example/", (), "alert certificate required"),
    "the authority in a Secret beside": ("https://split.example/", FRIEND, "200 web"),
    "the authority in a Secret beside, a stranger": ("https://split.example/", STRANGER, "alert unknown ca"),
    "the authority by a name of its own": ("https://apart.example/", STRANGER, "200 web"),
    "the authority by a name of its own, a friend": ("https://apart.example/", FRIEND, "alert unknown ca"),
    # versions and kinds of key
    "TLS 1.2 by default": ("https://simple.example/", TLS_1_2, "200 web"),
    "TLS 1.1 by default": ("https://simple.example/", TLS_1_1, "alert protocol version"),
    "at least TLS 1.3": ("https://new.example/", (), "200 web"),
    "at least TLS 1.3, a client with 1.2": ("https://new.example/", TLS_1_2, "alert protocol version"),
    "at most TLS 1.2": ("https://old.example/", (), "200 web"),
    "at most TLS 1.2, a client with 1.3": ("https://old.example/", ("--tlsv1.3",), "alert protocol version"),
    # PASSTHROUGH: the certificate is the backend's own
    "PASSTHROUGH": ("https://through.example/", (), "200 tls"),
    "PASSTHROUGH for every name": (f"https://any.passing.example:{PASSING}/", (), "200 tls"),
    "PASSTHROUGH for every name, one without a route": (f"https://simple.example:{PASSING}/", (), "closed"),
}  # fmt: skip


@pytest.mark.parametrize("case", REQUESTS)
def test_a_request(stage: Stage, case: str) -> None:
    url, options, wanted = REQUESTS[case]
    files = {name: str(stage.files / f"{name}.pem") for name in CLIENTS}
    answer = stage.curl_that_listens(url, *(option.format(https=stage.world.https, **files) for option in options))
    assert seen(answer) == wanted, answer.err


@pytest.mark.parametrize("kind", ["RSA", "ECDSA"])
def test_of_two_credentials_the_one_that_the_client_can_use_is_shown(stage: Stage, kind: str) -> None:
    cipher = f"ECDHE-{kind}-AES128-GCM-SHA256"
    answer = stage.curl("https://both.example/", "-v", *TLS_1_2, "--ciphers", cipher)
    assert seen(answer) == "200 web"
    assert f"TLSv1.2 / {cipher}" in answer.err


@pytest.mark.parametrize(
    ("host", "names"),
    [("a.wild.example", "*.wild.example"), ("narrow.wild.example", "narrow.wild.example"), ("team.example",) * 2],
)
def test_each_server_shows_its_own_certificate(stage: Stage, host: str, names: str) -> None:
    connect = ("-connect", f"127.0.0.1:{stage.world.https}", "-servername", host)
    shown = stage.world.run("openssl", "s_client", *connect, "-CAfile", str(stage.files / "ca.pem"), stdin="")
    assert f"subject=CN = {names}\n" in shown.out
    assert "Verify return code: 0 (ok)" in shown.out


def test_openssl_is_refused_with_tls_1_1(stage: Stage) -> None:
    connect = ("-connect", f"127.0.0.1:{stage.world.https}", "-servername", "simple.example")
    weak = ("-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")
    refused = stage.world.run("openssl", "s_client", *connect, *weak, stdin="")
    assert refused.code == 1
    assert "alert protocol version" in refused.err


def test_a_name_that_no_server_has_is_reset_within_the_handshake(stage: Stage) -> None:
    connect = ("-connect", f"127.0.0.1:{stage.world.https}", "-servername", "absent.example")
    closed = stage.world.run("openssl", "s_client", *connect, stdin="")
    assert closed.code == 1
    assert "no peer certificate available" in closed.out


def test_http_2_is_chosen_by_alpn_and_http_1_1_where_the_client_wants_it(stage: Stage) -> None:
    assert stage.curl("https://simple.example/").out.startswith("HTTP/2 200")
    assert stage.curl("https://simple.example/", "--http1.1").out.startswith("HTTP/1.1 200")


def test_the_backend_is_told_who_the_client_is_and_a_client_cannot_say_so_itself(stage: Stage) -> None:
    claimed = ("-H", "x-forwarded-client-cert: Hash=00;Subject=admin")
    known = stage.curl("https://mutual.example/", "--cert", str(stage.files / "friend.pem"), *claimed)
    told = json.loads(known.body)["headers"]["x-forwarded-client-cert"]
    assert 'Subject="CN=friend"' in told
    assert "admin" not in told
    unknown = stage.curl("https://optional.example/", *claimed)
    assert "admin" not in json.loads(unknown.body)["headers"].get("x-forwarded-client-cert", "")


def test_tcp_goes_through_byte_for_byte(stage: Stage) -> None:
    with socket.create_connection(("127.0.0.1", stage.echo), timeout=5) as connection:
        connection.sendall(b"one\ntwo\n")
        read = connection.makefile("rb")
        assert [read.readline(), read.readline()] == [b"echo: one\n", b"echo: two\n"]


def test_a_redirect_is_as_istios(stage: Stage) -> None:
    answer = stage.curl("http://simple.example/api")
    assert answer.out.startswith("HTTP/1.1 301 Moved Permanently")
    assert answer.headers["server"] == "istio-envoy"
    assert answer.headers["content-length"] == "0"
    assert "x-envoy-upstream-service-time" not in answer.headers


def test_nothing_is_wrong_with_all_of_it(stage: Stage) -> None:
    told = json.loads(stage.world.pylae("status", "-o", "json").out)
    assert told["findings"] == []


# Secrets that change: each of the table's conditions is of a moment


def test_another_client_authority_counts_from_the_next_handshake(world: World, tmp_path: Path) -> None:
    friend, stranger = (str(CLIENTS[name].write(tmp_path / f"{name}.pem")) for name in ("friend", "stranger"))
    leaf = SERVER.issue("good.example")
    world.apply(gateway("good", "good.example", "good", mode="MUTUAL"))

    def admits(client: str) -> bool:
        return world.curl("https://good.example/", "-k", "--cert", client).code == 0

    for authorities, admitted in (
        (OURS.pem, {friend}),
        (FOREIGN.pem, {stranger}),
        (OURS.pem + FOREIGN.pem, {friend, stranger}),
    ):
        world.apply(_secret("good", leaf, {"ca_crt": authorities}))
        world.until(lambda admitted=admitted: {each for each in (friend, stranger) if admits(each)} == admitted)
    world.apply(_secret("good", leaf, {"ca_crt": OURS.pem, "ca_crl": OURS.revoke(CLIENTS["friend"])}))
    world.until(lambda: not admits(friend))


def test_a_deleted_secret_serves_on_until_the_gateway_starts_anew(world: World) -> None:
    world.apply(good_host())
    world.until(lambda: world.curl("https://good.example/", "-k").code == 0)
    world.kubectl("delete", "secret", "good", "-n", "istio-system")
    world.until(lambda: "PYL0101" in world.pylae("status").out)
    assert world.curl("https://good.example/", "-k").code == 0
    assert world.pylae("down").code == 0
    assert world.up().code == 0
    assert seen(world.curl("https://good.example/", "-k")) == "closed"
    leaf = SERVER.issue("good.example")
    world.apply(_secret("good", leaf, {}))
    world.until(lambda: world.curl("https://good.example/", "-k").code == 0)
    assert served_serial(world.https, "good.example") == leaf.serial
