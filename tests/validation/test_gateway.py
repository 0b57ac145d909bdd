"""Each case is named by its row in Istio's own table of Gateways (pkg/config/validation, TestValidateGateway)."""

import pytest

from pylae.api.scheme import GATEWAY


def _server(
    hosts: str = "[a.example.com]", port: str = "{number: 80, name: http, protocol: HTTP}", rest: str = ""
) -> str:
    return f"{{port: {port}, hosts: {hosts}{', ' + rest if rest else ''}}}"


def _servers(*servers: str) -> str:
    return f"servers: [{', '.join(servers)}]"


HTTPS = "{number: 443, name: https, protocol: HTTPS}"
SIMPLE = "tls: {mode: SIMPLE, credentialName: cert}"

ACCEPTED = {
    "G03 one HTTP server": _servers(_server()),
    "G04 several servers": _servers(_server(), _server(port=HTTPS, rest=SIMPLE)),
    "G09 http with httpsRedirect": _servers(_server(rest="tls: {httpsRedirect: true}")),
    "G13 an IP address as host": _servers(_server("[1.1.1.1]")),
    "G14 hosts with a namespace": _servers(
        _server("[ns1/foo.bar.com, '*/foo.bar.com', ./foo.bar.com, 'ns1/*', '*/*']")
    ),
    "G20 HTTP with nothing but httpsRedirect": _servers(_server(rest="tls: {httpsRedirect: true}")),
    "G21 an IP address to bind": _servers(_server(rest="bind: 127.0.0.1")),
    "G23 an abstract socket that is allowed": _servers(
        _server(port="{number: 0, name: http, protocol: HTTP}", rest='bind: "unix://@foobar"')
    ),
    "wildcards of whole labels, and of everything": _servers(_server("['*.bar.com', '*']")),
    "a protocol in lower case": _servers(_server(port="{number: 80, name: http, protocol: grpc-web}")),
    "HTTPS that passes through": _servers(_server(port=HTTPS, rest="tls: {mode: PASSTHROUGH}")),
    "a TLS port that terminates": _servers(_server(port="{number: 443, name: tls, protocol: TLS}", rest=SIMPLE)),
}

REFUSED = {
    "G01 an empty Gateway": ("{}", ("spec.servers: gateway must have at least one server",)),
    "G05 host of nobody's namespace": (
        _servers(_server("['~/foo.bar.com']")),
        ("spec.servers[0].hosts[0]: invalid namespace value",),
    ),
    "G06 port 66000": (
        _servers(_server(port="{number: 66000, name: http, protocol: HTTP}")),
        ("spec.servers[0].port.number: port number 66000",),
    ),
    "G07 two ports of one name": (
        _servers(_server(), _server("[b.example.com]")),
        ("spec.servers[1].port.name: port names in servers must be unique",),
    ),
    "G08 a wildcard in the middle": (_servers(_server("['foo.*.bar.com']")), ("domain name 'foo.*.bar.com' invalid",)),
    "G11 a partial wildcard": (_servers(_server("['*bar.com']")), ('partial wildcard "*bar.com" not allowed',)),
    "G12 neither hosts nor port": (
        "servers: [{}]",
        (
            "spec.servers[0].hosts: server config must contain at least one host",
            "spec.servers[0].port: port is required",
        ),
    ),
    "G15 a wildcard in the middle after a namespace": (_servers(_server("['ns1/foo.*.bar.com']")), ("domain name",)),
    "G16 a short name": (_servers(_server("[foo]")), ("short names (non FQDN) are not allowed",)),
    "G17 HTTP with SIMPLE and no certificates": (
        _servers(_server(rest="tls: {mode: SIMPLE}")),
        (
            "requires a server certificate",
            "requires a private key",
            "cannot have TLS settings for plain text HTTP ports",
        ),
    ),
    "G18 HTTPS without tls": (
        _servers(_server(port=HTTPS)),
        ("spec.servers[0].tls: server must have TLS settings for HTTPS/TLS protocols",),
    ),
    "G19 HTTP with SIMPLE": (_servers(_server(rest=SIMPLE)), ("cannot have TLS settings for plain text HTTP ports",)),
    "G22 a socket with a port number": (
        _servers(_server(port="{number: 7, name: http, protocol: HTTP}", rest='bind: "unix://@foobar"')),
        ("port number must be 0 for unix domain socket",),
    ),
    "G24 a name to bind": (_servers(_server(rest="bind: foo.bar")), ("foo.bar is not a valid IP",)),
    "G25 an empty port": (
        _servers(_server(port="{}")),
        ("invalid protocol", "port number 0", "port name must be set"),
    ),
    "G26 a protocol that does not exist": (
        _servers(_server(port="{number: 80, name: http, protocol: kafka}")),
        ("spec.servers[0].port.protocol: invalid protocol 'kafka'",),
    ),
    "G27 a huge port number": (
        _servers(_server(port="{number: 1073741824, name: http, protocol: HTTP}")),
        ("port number 1073741824",),
    ),
    "G27 port number 0": (_servers(_server(port="{number: 0, name: http, protocol: HTTP}")), ("port number 0",)),
    "G28 port number 0 with a bind that is no socket": (
        _servers(_server(port="{number: 0, name: http, protocol: HTTP}", rest="bind: 'uds:///tmp'")),
        ("port number 0", "uds:///tmp is not a valid IP"),
    ),
    "RG8 an empty namespace": (_servers(_server("[/foo.com]")), ("cannot be empty",)),
    "RG8 an empty name": (_servers(_server("[ns/]")), ("cannot be empty",)),
    "RG13 a target port": (
        _servers(_server(port="{number: 80, name: http, protocol: HTTP, targetPort: 8080}")),
        ("spec.servers[0].port.targetPort: targetPort has no impact on Gateways",),
    ),
    "RG16 a relative socket": (
        _servers(_server(port="{number: 0, name: http, protocol: HTTP}", rest="bind: 'unix://run/x'")),
        ("must be an absolute path", "a file or socket of this machine"),
    ),
    "RG21 a TCP port with tls": (
        _servers(_server(port="{number: 90, name: tcp, protocol: TCP}", rest=SIMPLE)),
        ("server cannot have TLS settings for non HTTPS/TLS ports",),
    ),
    "a number as the last label": (_servers(_server("[foo.123]")), ("domain name 'foo.123' invalid",)),
    "faults of several servers, all at once": (
        _servers(_server("[foo]"), _server(port="{number: 80, name: b, protocol: kafka}")),
        ("spec.servers[0].hosts[0]: short names", "spec.servers[1].port.protocol: invalid protocol"),
    ),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_sound_gateway_draws_no_word(judge, case: str) -> None:
    judge(GATEWAY, ACCEPTED[case], files=True).must_be(())


@pytest.mark.parametrize("case", REFUSED)
def test_a_gateway_that_breaks_a_rule_is_refused_with_the_place(judge, case: str) -> None:
    spec, errors = REFUSED[case]
    verdict = judge(GATEWAY, spec, files=case.startswith("G22"))
    verdict.must_be(errors)


def test_g10_a_redirect_on_an_https_server_is_accepted_with_a_warning(judge) -> None:
    spec = _servers(_server(port=HTTPS, rest="tls: {mode: SIMPLE, credentialName: cert, httpsRedirect: true}"))
    judge(GATEWAY, spec).must_be((), ("tls.httpsRedirect should only be used with http servers",))


def test_rg1_a_name_with_dots_is_refused(judge) -> None:
    judge(GATEWAY, _servers(_server()), name="my.gateway").must_be(
        ("metadata.name: invalid gateway name 'my.gateway'",)
    )


@pytest.mark.parametrize("annotation", ["istio.io/dry-run", "internal.istio.io/parents"])
def test_rg34_a_reserved_annotation_is_all_that_is_reported(judge, annotation: str) -> None:
    judge(GATEWAY, "{}", annotations={annotation: "true"}).must_be((f"metadata.annotations[{annotation}]: ",))


@pytest.mark.parametrize("bind", ["unix:///run/shop.sock", "unix://@foobar"])
def test_a_socket_of_the_machine_is_refused_unless_it_is_allowed(judge, bind: str) -> None:
    spec = _servers(_server(port="{number: 0, name: http, protocol: HTTP}", rest=f"bind: '{bind}'"))
    verdict = judge(GATEWAY, spec)
    verdict.must_be(("spec.servers[0].bind: ",))
    assert [finding.code.reason for finding in verdict.findings] == ["AddressRefused"]
    judge(GATEWAY, spec, files=True).must_be(())


def test_an_error_says_what_to_do(judge) -> None:
    (finding,) = judge(GATEWAY, _servers(_server(port=HTTPS))).findings
    assert finding.cure == "Set tls.mode and tls.credentialName."
    assert str(finding).startswith("IST0106 Gateway shop/mine: spec.servers[0].tls: server must have TLS settings")
