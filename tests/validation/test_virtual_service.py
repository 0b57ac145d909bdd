"""Each case is named by its row in Istio's own table of VirtualServices (pkg/config/validation)."""

import pytest

from pylae.api.scheme import VIRTUAL_SERVICE

TO = "route: [{destination: {host: foo.baz}}]"
HTTP = f"http: [{{{TO}}}]"


def _spec(hosts: str = "[foo.bar]", routes: str = HTTP, gateways: str = "[gw]", rest: str = "") -> str:
    return f"{{hosts: {hosts}, gateways: {gateways}, {routes}{', ' + rest if rest else ''}}}"


def _tls(sni: str, hosts: str = "[foo.bar]") -> str:
    return _spec(hosts, f"tls: [{{match: [{{sniHosts: {sni}}}], {TO}}}]")


SERVICE_SNI = "outbound_.15010_._.istiod.istio-system.svc.cluster.local"

ACCEPTED = {
    "X01 a simple one": _spec(),
    "X02 a service's own server name on a gateway": _tls(f"[{SERVICE_SNI}]", f"[{SERVICE_SNI}]"),
    "X05 a delegate": f"{{{HTTP}}}",
    "X10 a gateway with its namespace": _spec(gateways="[ns1/gateway, ./gateway]"),
    "X13 every host on a gateway": _spec("['*']"),
    "RV2 an IP address as host": _spec("[1.2.3.4]"),
    "RV9 exported to a namespace": _spec(rest="exportTo: [., other]"),
    "a short name as host": _spec("[reviews]"),
    "RV31 a server name below a wildcard host": _tls("[a.foo.bar, '*.b.foo.bar']", "['*.foo.bar']"),
    "RV33 a TCP route by port": _spec(routes=f"tcp: [{{match: [{{port: 90}}], {TO}}}]"),
    "V15 for the mesh and a gateway": _spec(gateways="[mesh, gw]"),
}

REFUSED = {
    "X03 hosts that overlap": (
        _spec("['*.foo.bar', '*.bar']"),
        ("spec.hosts[1]: duplicate hosts in virtual service: '*.foo.bar' and '*.bar'",),
    ),
    "X04 a route without destination": (_spec(routes="http: [{route: [{}]}]"), ("destination is required",)),
    "X04 a destination without host": (
        _spec(routes="http: [{route: [{destination: {}}]}]"),
        ("spec.http[0].route[0].destination.host: destination host is required",),
    ),
    "X06 a host that is none": (_spec("['foo.ba!r']"), ("spec.hosts[0]: domain name 'foo.ba!r' invalid",)),
    "X07 no routes": ("{hosts: [foo.bar], gateways: [gw]}", ("http, tcp or tls must be provided",)),
    "X08 a gateway that is none": (_spec(gateways="['b@dgateway']"), ("spec.gateways[0]: invalid value for",)),
    "X11 any gateway of a namespace": (_spec(gateways="['ns1/*']"), ("invalid value for gateway name",)),
    "X11 a gateway of any namespace": (_spec(gateways="['*/gateway']"), ("invalid value for namespace",)),
    "RV5 an empty half": (_spec(gateways="[ns1/]"), ("cannot be empty",)),
    "X14 tcp without route": (_spec(routes="tcp: [{match: [{port: 90}]}]"), ("TCP route is required",)),
    "X14 tls without route": (
        _spec(routes="tls: [{match: [{sniHosts: [foo.bar]}]}]"),
        ("spec.tls[0].route: TLS route is required",),
    ),
    "X22 a server name that is none": (_tls("['foo.*.com']"), ("domain name 'foo.*.com' invalid",)),
    "RV31 a server name that is no host": (_tls("[other.bar]"), ("is not a compatible subset of any",)),
    "RV31 tls without match": (_spec(routes=f"tls: [{{{TO}}}]"), ("must have at least one match condition",)),
    "RV31 a match without server name": (
        _spec(routes=f"tls: [{{match: [{{port: 443}}], {TO}}}]"),
        ("must have at least one SNI host",),
    ),
    "RV31 a bad subnet": (
        _spec(routes=f"tls: [{{match: [{{sniHosts: [foo.bar], destinationSubnets: [300.0.0.0/8]}}], {TO}}}]"),
        ("destinationSubnets[0]: '300.0.0.0/8' is not a valid IP address or subnet",),
    ),
    "RV7 a delegate with gateways": (
        f"{{gateways: [gw], {HTTP}}}",
        ("delegate virtual service must have no gateways",),
    ),
    "RV7 a delegate with a TCP route": (f"{{tcp: [{{{TO}}}]}}", ("delegate virtual service must have no tcp",)),
    "X94 exported twice": (_spec(rest="exportTo: [a, a]"), ("spec.exportTo[1]: duplicate entries in exportTo",)),
    "X94 exported here twice": (_spec(rest="exportTo: [., shop]"), ("duplicate entries in exportTo",)),
    "X94 exported to all and one": (_spec(rest="exportTo: ['*', a]"), ("cannot have both public (*)",)),
    "X94 exported to no one": (_spec(rest="exportTo: ['~']"), ("exportTo `~`",)),
    "X94 exported to what is no namespace": (_spec(rest="exportTo: [a.b]"), ("exportTo 'a.b' is neither",)),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_sound_virtual_service_draws_no_word(judge, case: str) -> None:
    judge(VIRTUAL_SERVICE, ACCEPTED[case]).must_be(())


@pytest.mark.parametrize("case", REFUSED)
def test_a_virtual_service_that_breaks_a_rule_is_refused_with_the_place(judge, case: str) -> None:
    spec, errors = REFUSED[case]
    judge(VIRTUAL_SERVICE, spec).must_be(errors)


def test_x09_the_old_form_of_a_gateways_name_is_accepted_with_the_new_one_as_cure(judge) -> None:
    verdict = judge(VIRTUAL_SERVICE, _spec(gateways="[gateway.example.com]"))
    verdict.must_be((), ("using legacy gatewayName format",))
    assert verdict.findings[0].cure == "Write example/gateway."


def test_x12_every_host_of_the_mesh_is_refused(judge) -> None:
    judge(VIRTUAL_SERVICE, _spec("['*']", gateways="[mesh, gw]")).must_be(("wildcard host * is not allowed",))


def test_x20_claims_of_a_token_cannot_be_routed_by_in_the_mesh(judge) -> None:
    spec = _spec(routes=f"http: [{{match: [{{headers: {{'@request.auth.claims.foo': {{exact: x}}}}}}], {TO}}}]")
    judge(VIRTUAL_SERVICE, spec).must_be((), ("claims of a token is not honoured yet",))
    bound_to_both = spec.replace("gateways: [gw]", "gateways: [mesh, gw]")
    judge(VIRTUAL_SERVICE, bound_to_both).must_be(("JWT claim based routing",), ("is not honoured yet",))


def test_x21_an_ip_address_as_server_name_is_accepted_with_a_warning(judge) -> None:
    judge(VIRTUAL_SERVICE, _tls("[1.1.1.1]", "[1.1.1.1]")).must_be((), ("goes against SNI spec",))


def test_a_virtual_service_that_no_gateway_looks_at_is_told_so(judge) -> None:
    judge(VIRTUAL_SERVICE, f"{{hosts: [foo.bar], {HTTP}}}").must_be((), ("no gateway uses it",))
