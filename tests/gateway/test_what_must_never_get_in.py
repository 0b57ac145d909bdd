"""What must not get in by a user's object, nor by a name that a client asks for: files and sockets of the machine, a
Secret that no Gateway names, a header that nobody wrote."""

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest
from world import GOOD, World, answer, documents, gateway, pair, secret

from pylae.cli.door import ask
from pylae.node.directories import DataDirectory

pytestmark = pytest.mark.real

HTTP = {"number": 80, "name": "http", "protocol": "HTTP"}
HTTPS = {"number": 443, "name": "https", "protocol": "HTTPS"}


def an_object(kind: str, name: str, *, api_version: str = "networking.istio.io/v1", **fields: object) -> str:
    return json.dumps({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **fields})


def a_gateway(name: str, *servers: object) -> str:
    return an_object("Gateway", name, spec={"selector": {"istio": "ingressgateway"}, "servers": servers})


def a_server(**fields: object) -> dict[str, object]:
    return {"port": HTTP, "hosts": ["odd.example"], **fields}


def a_service_entry(*, address: str, resolution: str = "STATIC") -> str:
    spec = {
        "hosts": ["out.example"],
        "resolution": resolution,
        "ports": [{**HTTP}],
        "endpoints": [{"address": address}],
    }
    return an_object("ServiceEntry", "odd", spec=spec)


def a_slice(address: str, kind: str) -> str:
    fields = {"addressType": kind, "endpoints": [{"addresses": [address]}], "ports": [{"port": 80}]}
    return an_object("EndpointSlice", "odd", api_version="discovery.k8s.io/v1", **fields)


def a_rule(**policy: object) -> str:
    return an_object("DestinationRule", "odd", spec={"host": "out.example", "trafficPolicy": policy})


SOCKET = "/run/stolen.sock"
FILES = {"serverCertificate": "/etc/stolen.crt", "privateKey": "/etc/stolen.key"}
AUTHORITY = {"mode": "SIMPLE", "caCertificates": "/etc/stolen.crt"}

REFUSED = {
    "a bind": (a_gateway("odd", a_server(bind=f"unix://{SOCKET}")), "spec.servers[0].bind"),
    "a bind that is a path": (a_gateway("odd", a_server(bind=SOCKET)), "spec.servers[0].bind"),
    "an abstract bind": (a_gateway("odd", a_server(bind="unix://@stolen")), "spec.servers[0].bind"),
    "files of a server": (a_gateway("odd", a_server(port=HTTPS, tls={"mode": "SIMPLE", **FILES})), "serverCertificate"),
    "several files of a server": (
        a_gateway("odd", a_server(port=HTTPS, tls={"mode": "SIMPLE", "tlsCertificates": [FILES]})),
        "tlsCertificates[0].privateKey",
    ),
    "a service entry": (a_service_entry(address=f"unix://{SOCKET}"), "spec.endpoints[0].address"),
    "a service entry's path": (a_service_entry(address=SOCKET), "spec.endpoints[0].address"),
    "a service entry by DNS": (a_service_entry(address=f"unix://{SOCKET}", resolution="DNS"), "endpoints[0].address"),
    "a workload": (an_object("WorkloadEntry", "odd", spec={"address": f"unix://{SOCKET}"}), "spec.address"),
    "an external name": (
        an_object(
            "Service", "odd", api_version="v1", spec={"type": "ExternalName", "externalName": f"unix://{SOCKET}"}
        ),
        "spec.externalName",
    ),
    "an endpoint": (a_slice(f"unix://{SOCKET}", "IPv4"), "endpoints[0].addresses[0]"),
    "an endpoint by name": (a_slice(SOCKET, "FQDN"), "endpoints[0].addresses[0]"),
    "endpoints of old": (
        an_object(
            "Endpoints", "odd", api_version="v1", subsets=[{"addresses": [{"ip": SOCKET}], "ports": [{"port": 1}]}]
        ),
        "subsets[0].addresses[0].ip",
    ),
    "a client's files": (
        a_rule(tls={"mode": "MUTUAL", "clientCertificate": "/etc/stolen.crt", "privateKey": "/etc/stolen.key"}),
        "spec.trafficPolicy.tls.privateKey",
    ),
    "an authority's file for a port": (
        a_rule(portLevelSettings=[{"port": {"number": 80}, "tls": AUTHORITY}]),
        "spec.trafficPolicy.portLevelSettings[0].tls.caCertificates",
    ),
    "a destination": (
        an_object(
            "VirtualService",
            "odd",
            spec={"hosts": ["odd.example"], "http": [{"route": [{"destination": {"host": f"unix://{SOCKET}"}}]}]},
        ),
        "spec.http[0].route[0].destination.host",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_object_that_names_a_file_or_socket_of_the_machine_is_refused_with_its_place(shop: World, case: str) -> None:
    manifest, place = REFUSED[case]
    refused = shop.apply(manifest, "--validate=false")
    assert refused.code == 1
    assert place in refused.err


@pytest.mark.parametrize(
    "name", ["file:/etc/passwd", "../../etc/passwd", "kubernetes://default/strayed", "/etc/stolen.key", "sds://x"]
)
def test_a_credential_name_is_never_more_than_the_name_of_a_secret_beside_the_gateway(shop: World, name: str) -> None:
    strayed = pair("odd.example")
    shop.apply(secret("strayed", namespace="default", tls_crt=strayed.chain, tls_key=strayed.key))
    assert shop.apply(gateway("odd", "odd.example", name)).code == 0
    shop.until(lambda: "Gateway default/odd" in shop.pylae("status").out)
    assert shop.curl("https://odd.example/", "-k").code != 0
    dumped = ask(DataDirectory.at(shop.data).admin_socket, "/config_dump").decode()
    assert '"filename"' not in dumped
    assert '"path_config_source"' not in dumped
    shop.kubectl("delete", "gateways.networking.istio.io,virtualservices", "odd")


def test_the_mesh_configuration_has_no_file_written(shop: World, tmp_path: Path) -> None:
    stolen = tmp_path / "access.log"
    mesh = {"mesh": json.dumps({"accessLogFile": str(stolen)})}
    shop.apply(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "istio", "namespace": "istio-system"},
                "data": mesh,
            }
        )
    )
    shop.until(lambda: "PYL0203" in shop.pylae("status").out)
    assert shop.curl(f"https://{GOOD}/", "-k").code == 0
    assert not stolen.exists()
    shop.kubectl("delete", "configmap", "istio", "-n", "istio-system")


SPOILT = {
    "gateways.networking.istio.io default/bound": (b'"bind":"127.0.0.1"', f'"bind":"unix://{SOCKET}"'.encode()),
    "gateways.networking.istio.io default/filed": (
        b'"credentialName":"filed"',
        b'"serverCertificate":"/etc/stolen.crt","privateKey":"/etc/stolen.key"',
    ),
    "serviceentries.networking.istio.io default/odd": (b"192.0.2.7", f"unix://{SOCKET}".encode()),
    "endpointslices.discovery.k8s.io default/odd": (b"192.0.2.8", f"unix://{SOCKET}".encode()),
}


def test_one_that_got_in_another_way_is_left_out_and_the_others_serve(world: World) -> None:
    """Written into the API's database, as by an older version with fewer rules."""
    good = pair(GOOD)
    world.apply(
        documents(
            secret("good", tls_crt=good.chain, tls_key=good.key),
            gateway("good", GOOD, "good"),
            a_gateway("bound", a_server(bind="127.0.0.1")),
            gateway("filed", "filed.example", "filed"),
            a_service_entry(address="192.0.2.7"),
            an_object("Service", "odd", api_version="v1", spec={"ports": [{"port": 80}]}),
            a_slice("192.0.2.8", "IPv4").replace('"name": "odd"', OF_THE_SERVICE),
            an_object("VirtualService", "odd", spec={"hosts": [GOOD], "gateways": ["good"], "http": ODD_ROUTES}),
        )
    )
    assert world.pylae("down").code == 0
    with contextlib.closing(sqlite3.connect(world.data / "api.db")) as database:
        for name, change in SPOILT.items():
            spoil(database, name, change)
        database.commit()
    assert world.up().code == 0
    world.until(lambda: world.curl(f"https://{GOOD}/", "-k").body == "hello from good")
    told = world.pylae("status").out
    assert "Gateway default/bound: spec.servers[0].bind" in told
    assert "Gateway default/filed: spec.servers[0].tls.serverCertificate" in told
    assert "ServiceEntry default/odd: spec.endpoints[0].address" in told
    dumped = ask(DataDirectory.at(world.data).admin_socket, "/config_dump?include_eds").decode()
    assert "odd" in dumped
    assert "stolen" not in dumped
    assert not Path(SOCKET).exists()


OF_THE_SERVICE = '"name": "odd", "labels": {"kubernetes.io/service-name": "odd"}'
ODD_ROUTES = [
    {"match": [{"uri": {"prefix": f"/{host}"}}], "route": [{"destination": {"host": host, "port": {"number": 80}}}]}
    for host in ("odd", "out.example")
]


def spoil(database: sqlite3.Connection, name: str, change: tuple[bytes, bytes]) -> None:
    resource, _, place = name.partition(" ")
    where = (resource, *place.split("/"))
    asked = "SELECT body FROM objects WHERE resource = ? AND namespace = ? AND name = ?"
    (body,) = database.execute(asked, where).fetchone()
    assert change[0] in body
    changed = (body.replace(*change), *where)
    database.execute("UPDATE objects SET body = ? WHERE resource = ? AND namespace = ? AND name = ?", changed)


# What a client asks for


@pytest.mark.parametrize(
    "name", ["good", "kubernetes://good", "kubernetes://istio-system/good", "good.istio-system", "other", "default", ""]
)
def test_a_server_name_is_looked_for_among_hosts_and_never_among_secrets(shop: World, name: str) -> None:
    other = pair("other.example")
    shop.apply(secret("other", tls_crt=other.chain, tls_key=other.key))
    known = shop.pylae("proxy-config", "secret", "-o", "json").out
    assert "good" in shop.run(*shaking_hands(shop, GOOD), stdin="").out
    shown = shop.run(*shaking_hands(shop, name), stdin="")
    assert "BEGIN CERTIFICATE" not in shown.out
    assert shown.code != 0
    assert shop.pylae("proxy-config", "secret", "-o", "json").out == known


def shaking_hands(shop: World, name: str) -> tuple[str, ...]:
    named = ("-servername", name) if name else ("-noservername",)
    return ("openssl", "s_client", "-connect", f"127.0.0.1:{shop.https}", *named)


# Text is a value


def odd_answer(**route: object) -> str:
    """A VirtualService for a path of the good host that no other route takes."""
    rule = {"match": [{"uri": {"prefix": "/odd"}}], **route}
    return an_object("VirtualService", "odd", spec={"hosts": [GOOD], "gateways": ["good"], "http": [rule]})


ODD = """a "b" 'c' {{ d }} ${HOME} $(id) `id` \\n # - : [e] ]]> <f/> end"""


def test_text_of_a_user_arrives_as_it_was_written(shop: World) -> None:
    body = f"{ODD}\n%REQ(x-secret)% %ENVIRONMENT(HOME)%\n---\n"
    sent = {"response": {"set": {"x-odd": ODD, "x-hundred": "100%% of it"}}}
    # The older VirtualService of a host comes first, so the good one's steps aside.
    shop.kubectl("delete", "virtualservices", "good")
    applied = shop.apply(odd_answer(headers=sent, directResponse={"status": 200, "body": {"string": body}}))
    shop.apply(answer("good", GOOD))
    assert applied.code == 0, applied.err
    shop.until(lambda: "x-odd" in shop.curl(f"https://{GOOD}/odd", "-k").headers)
    answered = shop.curl(f"https://{GOOD}/odd", "-k", "-H", "x-secret: told")
    assert answered.headers["x-odd"] == ODD
    assert answered.headers["x-hundred"] == "100% of it"
    assert answered.body == body
    assert shop.curl(f"https://{GOOD}/", "-k").body == "hello from good"


@pytest.mark.parametrize("value", ["a\r\nx-in: 1", "a\nb", "a\0b", "%ENVIRONMENT(HOME)%", "%FILE_CONTENT(/etc/hosts)%"])
def test_a_header_value_that_would_be_more_than_one_is_refused(shop: World, value: str) -> None:
    headers = {"response": {"set": {"x-bad": value}}}
    refused = shop.apply(odd_answer(headers=headers, directResponse={"status": 200}))
    assert refused.code == 1
    assert "spec.http[0].headers.response.set[x-bad]" in refused.err


@pytest.mark.parametrize("field", ["uri", "authority"])
def test_a_redirect_cannot_add_a_header(shop: World, field: str) -> None:
    shop.apply(odd_answer(redirect={field: "/x\r\nset-cookie: stolen=1"}))
    shop.until(lambda: "x-odd" not in shop.curl(f"https://{GOOD}/odd", "-k").headers)
    assert "set-cookie" not in shop.curl(f"https://{GOOD}/odd", "-k").headers
    assert shop.curl(f"https://{GOOD}/", "-k").body == "hello from good"
