from datetime import UTC, datetime
from typing import Any

import pytest
from click import unstyle

from pylae.cli.status import render

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def site(host: str, **facts: Any) -> dict[str, Any]:
    usual = {
        "port": 443,
        "tls": "SIMPLE",
        "certificate": "",
        "expires": None,
        "routes": 1,
        "state": "serving",
        "codes": [],
    }
    return {"host": host, **usual, **facts}


def told(**facts: Any) -> dict[str, Any]:
    return {
        "version": "0.1.0",
        "sites": [
            site("catalog.istioinaction.io", certificate="catalog-credential", expires="2026-12-03T12:00:00Z"),
            site(
                "webapp.istioinaction.io",
                tls="MUTUAL",
                certificate="webapp-credential, webapp-credential-cacert",
                expires="2041-06-29T12:49:32Z",
            ),
            site("webapp.istioinaction.io", port=80, tls="→ https", routes=None),
            site("admin.shop.example", certificate="admin-tls", state="waits for its certificate", codes=["PYL0102"]),
        ],
        "ports": [{"address": "127.0.0.1:30005", "port": 443, "protocol": "HTTPS", "state": "bound", "message": ""}],
        "findings": [],
        "envoy": {"version": "1.40.0", "pid": 4711, "memory": 71_000_000, "uptime": 10_900.0},
        "controlPlane": {"pid": 4708, "memory": 96_000_000},
        "accepted": {"everything": True, "refused": []},
        **facts,
    }


def page(**facts: Any) -> str:
    return unstyle(render(told(**facts), NOW))


def test_what_serves_and_the_two_processes_are_on_one_page() -> None:
    assert page().splitlines() == [
        "HOST                      PORT  TLS      CERTIFICATE         EXPIRES     ROUTES  STATE",
        "catalog.istioinaction.io  443   SIMPLE   catalog-credential  in 9 days   1       serving",
        "webapp.istioinaction.io   443   MUTUAL   webapp-credential   2041-06-29  1       serving",
        "webapp.istioinaction.io   80    → https                                          serving",
        (
            "admin.shop.example        443   SIMPLE   admin-tls                       1       "
            "waits for its certificate  PYL0102"
        ),
        "",
        "Envoy 1.40.0, pid 4711, 71 MB, up 3h · control plane pid 4708, 96 MB · everything accepted",
    ]


def test_of_very_many_findings_it_says_how_many_more_there_are() -> None:
    finding = {"code": "PYL0302", "level": "warning", "about": "Service shop/x", "message": "No endpoint.", "cure": ""}
    assert "and 98,999 more findings\n" in page(findings=[{**finding}], findingsTotal=99_000)
    assert "more findings" not in page(findings=[finding], findingsTotal=1)


def test_a_finding_says_where_what_and_what_to_do() -> None:
    finding = {
        "code": "PYL0102",
        "level": "error",
        "about": "Gateway shop/front",
        "path": "spec.servers[1].tls.credentialName",
        "message": "Secret istio-system/admin-tls does not exist; found shop/admin-tls.",
        "cure": "Move it to istio-system.",
    }
    assert (
        "PYL0102  Gateway shop/front: spec.servers[1].tls.credentialName: "
        "Secret istio-system/admin-tls does not exist; found shop/admin-tls.\n"
        "    → Move it to istio-system."
    ) in page(findings=[finding])


def test_a_port_that_is_taken_is_told_in_the_control_planes_sentence() -> None:
    sentence = "127.0.0.1:30005 is taken by nginx (pid 812), so nothing is served there."
    assert sentence in page(ports=[{"message": sentence}])


def test_what_a_finding_tells_is_told_once_for_all_its_objects() -> None:
    why, cure = "127.0.0.1:30005 is taken by nginx (pid 812).", "Free it."
    finding = {"code": "PYL0201", "level": "error", "message": why, "cure": cure}
    found = [
        {**finding, "about": "Service istio-system/istio-ingressgateway", "path": "spec.ports[1]"},
        {**finding, "about": "Gateway shop/front", "path": "spec.servers[0].port"},
    ]
    shown = page(ports=[{"message": f"{why} {cure}"}], findings=found)
    assert shown.count(why) == shown.count(cure) == 1
    where = "Service istio-system/istio-ingressgateway: spec.ports[1], Gateway shop/front: spec.servers[0].port"
    assert f"PYL0201  {where}: {why}" in shown


def test_what_was_refused_of_a_file_is_told_with_its_line() -> None:
    refusal = {"where": "shop/broken.yaml:9", "message": 'Gateway shop/front: duplicate name "https"'}
    shown = page(files=[{"path": "shop", "applied": 4, "refused": [refusal]}])
    assert 'shop/broken.yaml:9  refused  Gateway shop/front: duplicate name "https"' in shown


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"sites": []}, "Nothing is served yet"),
        ({"envoy": {"version": "1.40.0", "pid": None, "memory": None, "uptime": 0.0}}, "Envoy 1.40.0 does not run"),
        ({"accepted": {"everything": False, "refused": ["LDS 0.0.0.0_8443"]}}, "Envoy refused LDS 0.0.0.0_8443"),
        ({"accepted": {"everything": False, "refused": []}}, "a change is on its way to Envoy"),
    ],
)
def test_what_is_not_as_it_should_be_is_told(facts: dict[str, Any], words: str) -> None:
    assert words in page(**facts)


def test_hosts_on_demand_are_one_line_however_many_there_are() -> None:
    counted = {"hosts": 100_000, "inUse": 37, "examined": True}
    assert page(onDemand=counted).split("\n\n")[1] == "100,000 hosts on demand, 37 in use"
    assert page(sites=[], onDemand=counted).startswith("100,000 hosts on demand, 37 in use")


def test_hosts_on_demand_that_were_not_looked_into_yet_are_told_apart() -> None:
    counted = {"hosts": 2, "inUse": 0, "examined": False}
    assert "2 hosts on demand, 0 in use; they are still being looked into" in page(onDemand=counted)


def test_a_gateway_without_hosts_on_demand_says_nothing_of_them() -> None:
    assert "on demand" not in page(onDemand={"hosts": 0, "inUse": 0, "examined": True})


KIND = {"name": "istio-ingressgateway.istio-system", "namespace": "istio-system", "envoys": 1, "ready": True}
EDGE = {"name": "edge.shop", "namespace": "shop", "envoys": 2, "ready": False}


def test_each_kind_of_gateway_has_a_table_of_its_own_where_there_are_several() -> None:
    listed = [site("a.example", gateway=KIND["name"]), site("b.example", gateway=EDGE["name"])]
    lines = page(sites=listed, gateways=[KIND, EDGE]).splitlines()
    assert lines[0] == "istio-ingressgateway.istio-system: 1 Envoy"
    assert lines[2].startswith("a.example")
    assert lines[4] == "edge.shop: 2 Envoys, what it is to serve is still being put together"
    assert lines[6].startswith("b.example")
    assert "control plane pid 4708, 96 MB · 3 Envoys connected" in lines[-1]


def test_one_kind_of_gateway_is_no_matter_for_words() -> None:
    assert page(gateways=[KIND]) == page()


def test_a_control_plane_without_an_envoy_of_its_own_says_who_has_joined() -> None:
    facts = told(sites=[], gateways=[])
    del facts["envoy"]
    lines = unstyle(render(facts, NOW)).splitlines()
    assert lines[0] == "Nothing is served yet: no gateway has joined."
    assert lines[-1].startswith("control plane pid 4708, 96 MB · 0 Envoys connected")
