"""ServiceEntries and the workloads behind them, by the rules of Istio's own tests (TestValidateServiceEntry)."""

import pytest

from pylae.api.scheme import SERVICE_ENTRY, WORKLOAD_ENTRY

PORTS = "ports: [{number: 80, name: http, protocol: HTTP}]"
STATIC = f"{{hosts: [a.example], {PORTS}, resolution: STATIC, endpoints: [{{address: 1.1.1.1}}]}}"

ACCEPTED = {
    "static endpoints": STATIC,
    "a name that DNS knows": f"{{hosts: [a.example], {PORTS}, resolution: DNS}}",
    "endpoints that DNS knows": f"{{hosts: ['*.a'], {PORTS}, resolution: DNS, endpoints: [{{address: b.example}}]}}",
    "several hosts on an HTTP port": f"{{hosts: [a.example, b.example], {PORTS}, resolution: DNS}}",
    "a port of the endpoint's own": f"{{hosts: [a.example], {PORTS}, resolution: STATIC, "
    "endpoints: [{address: 1.1.1.1, ports: {http: 8080}}]}",
    "a port that does not say what is spoken": "{hosts: [a.b], ports: [{number: 80, name: any}], resolution: DNS}",
    "hidden from all": f"{{hosts: [a.example], {PORTS}, resolution: DNS, exportTo: ['~']}}",
    "a socket that is allowed": f"{{hosts: [a.example], {PORTS}, resolution: STATIC, "
    "endpoints: [{address: 'unix:///run/shop.sock'}]}",
}

REFUSED = {
    "no hosts": (f"{{{PORTS}, resolution: DNS}}", ("spec.hosts: service entry must have at least one host",)),
    "every host": (f"{{hosts: ['*'], {PORTS}}}", ("spec.hosts[0]: invalid host *",)),
    "a host that is none": (f"{{hosts: ['a_b.c'], {PORTS}}}", ("domain name 'a_b.c' invalid",)),
    "a port name twice": (
        "{hosts: [a.example], ports: [{number: 80, name: a}, {number: 81, name: a}]}",
        ("spec.ports[1].name: service entry port name 'a' already defined",),
    ),
    "a port number twice": (
        "{hosts: [a.example], ports: [{number: 80, name: a}, {number: 80, name: b}]}",
        ("spec.ports[1].number: service entry port 80 already defined",),
    ),
    "X93 a port without name": ("{hosts: [a.example], ports: [{number: 80}]}", ("port name '' is invalid",)),
    "X93 a port name of more than 63": (
        f"{{hosts: [a.example], ports: [{{number: 80, name: {'a' * 64}}}]}}",
        ("spec.ports[0].name: port name",),
    ),
    "a protocol that does not exist": (
        "{hosts: [a.example], ports: [{number: 80, name: a, protocol: kafka}]}",
        ("unsupported protocol 'kafka'",),
    ),
    "a target port out of range": (
        "{hosts: [a.example], ports: [{number: 80, name: a, targetPort: 70000}]}",
        ("targetPort: port number 70000",),
    ),
    "resolution NONE with endpoints": (
        f"{{hosts: [a.example], {PORTS}, endpoints: [{{address: 1.1.1.1}}]}}",
        ("no endpoints should be provided for resolution type none",),
    ),
    "STATIC with a name": (
        f"{{hosts: [a.example], {PORTS}, resolution: STATIC, endpoints: [{{address: b.example}}]}}",
        ("endpoints[0].address: 'b.example' is not a valid IP",),
    ),
    "DNS with a socket": (
        f"{{hosts: [a.example], {PORTS}, resolution: DNS, endpoints: [{{address: 'unix:///run/shop.sock'}}]}}",
        ("must be a valid FQDN or an IP address",),
    ),
    "DNS of a wildcard": (
        f"{{hosts: ['*.example'], {PORTS}, resolution: DNS}}",
        ("hosts must be FQDN if no endpoints are provided for resolution mode DNS",),
    ),
    "DNS_ROUND_ROBIN with two endpoints": (
        f"{{hosts: [a.b], {PORTS}, resolution: DNS_ROUND_ROBIN, endpoints: [{{address: b.c}}, {{address: d.e}}]}}",
        ("there must only be 0 or 1 endpoint",),
    ),
    "a relative socket": (
        f"{{hosts: [a.example], {PORTS}, resolution: STATIC, endpoints: [{{address: 'unix://run/x'}}]}}",
        ("must be an absolute path", "a file or socket of this machine"),
    ),
    "a socket with ports": (
        (
            f"{{hosts: [a.example], {PORTS}, resolution: STATIC, "
            "endpoints: [{address: 'unix:///run/shop.sock', ports: {http: 80}}]}"
        ),
        ("unix socket endpoints cannot have ports",),
    ),
    "a socket for several ports": (
        (
            "{hosts: [a.example], ports: [{number: 80, name: a}, {number: 81, name: b}], resolution: STATIC, "
            "endpoints: [{address: 'unix:///run/shop.sock'}]}"
        ),
        ("exactly one service port is required for unix endpoints",),
    ),
    "an endpoint's port that is not defined": (
        f"{{hosts: [a.example], {PORTS}, resolution: STATIC, endpoints: [{{address: 1.1.1.1, ports: {{b: 80}}}}]}}",
        ("endpoints[0].ports[b]: endpoint port 'b' is not defined",),
    ),
    "selector and endpoints": (
        (
            f"{{hosts: [a.example], {PORTS}, resolution: STATIC, endpoints: [{{address: 1.1.1.1}}], "
            "workloadSelector: {labels: {a: b}}}"
        ),
        ("only one of WorkloadSelector or Endpoints is allowed",),
    ),
    "several hosts on a TCP port": (
        "{hosts: [a.example, b.example], ports: [{number: 90, name: a, protocol: TCP}], resolution: DNS}",
        ("multiple hosts provided with non-HTTP, non-TLS ports",),
    ),
    "a subnet for DNS": (
        f"{{hosts: [a.example], {PORTS}, resolution: DNS, addresses: [10.0.0.0/8]}}",
        ("CIDR addresses are allowed only for NONE/STATIC",),
    ),
    "a resolution that does not exist": (
        f"{{hosts: [a.example], {PORTS}, resolution: MDNS}}",
        ("'MDNS' is no resolution",),
    ),
    "hidden and shown": (
        f"{{hosts: [a.example], {PORTS}, resolution: DNS, exportTo: ['~', a]}}",
        ("exportTo `~` (no one)",),
    ),
}

DOUBTED = {
    "a partial wildcard": (f"{{hosts: ['*a.example'], {PORTS}}}", ("partial wildcard '*a.example'",)),
    "STATIC without endpoints": (f"{{hosts: [a.example], {PORTS}, resolution: STATIC}}", ("requests get 503",)),
    "DYNAMIC_DNS": (
        f"{{hosts: ['*.example'], {PORTS}, resolution: DYNAMIC_DNS}}",
        ("DYNAMIC_DNS is not honoured yet",),
    ),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_x96_a_sound_service_entry_draws_no_word(judge, case: str) -> None:
    judge(SERVICE_ENTRY, ACCEPTED[case], files=True).must_be(())


@pytest.mark.parametrize("case", REFUSED)
def test_x96_a_service_entry_that_breaks_a_rule_is_refused(judge, case: str) -> None:
    spec, errors = REFUSED[case]
    judge(SERVICE_ENTRY, spec, files=True).must_be(errors)


@pytest.mark.parametrize("case", DOUBTED)
def test_a_doubtful_service_entry_is_accepted_with_a_warning(judge, case: str) -> None:
    spec, warnings = DOUBTED[case]
    judge(SERVICE_ENTRY, spec).must_be((), warnings)


def test_x96_dynamic_dns_needs_wildcards_and_no_endpoints(judge) -> None:
    spec = f"{{hosts: [a.example], {PORTS}, resolution: DYNAMIC_DNS, endpoints: [{{address: 1.1.1.1}}]}}"
    judge(SERVICE_ENTRY, spec).must_be(
        ("no endpoints should be provided", "hosts must be wildcards"), ("not honoured yet",)
    )


def test_a_socket_of_the_machine_is_refused_unless_it_is_allowed(judge) -> None:
    spec = ACCEPTED["a socket that is allowed"]
    judge(SERVICE_ENTRY, spec).must_be(("spec.endpoints[0].address: 'unix:///run/shop.sock' is a file or socket",))


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ("{address: 1.2.3.4, ports: {http: 80}, labels: {app: a}}", ()),
        ("{address: vm.example}", ()),
        ("{network: other}", ()),
        ("{}", ("spec.address: address is required",)),
        ("{address: 'a b'}", ("must be a valid IP address or DNS name",)),
        ("{address: 1.2.3.4, ports: {a_b: 80}}", ("spec.ports[a_b]: port name 'a_b' is invalid",)),
        ("{address: 1.2.3.4, ports: {http: 0}}", ("spec.ports[http]: port number 0",)),
        ("{address: 'unix:///run/x.sock'}", ("a file or socket of this machine",)),
    ],
)
def test_a_workload_entry_is_judged(judge, spec: str, errors: tuple[str, ...]) -> None:
    judge(WORKLOAD_ENTRY, spec).must_be(errors)
