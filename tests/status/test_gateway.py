"""The status of a Gateway, to the word: users read it in kubectl."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from pylae.api.gateway import Gateway
from pylae.model import codes
from pylae.model.finding import Finding
from pylae.model.translation import ServerPlan
from pylae.status.gateway import gateway_status

Plan = Callable[..., ServerPlan]
Report = Callable[..., Finding]

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

MISSING = "Secret istio-system/catalog-credential does not exist; found istioinaction/catalog-credential."
CURE = "Move it to istio-system."
CREDENTIAL = "spec.servers[1].tls.credentialName"


def told(status: dict[str, Any], type_: str) -> tuple[str, str, str]:
    (condition,) = [condition for condition in status["conditions"] if condition["type"] == type_]
    return condition["status"], condition["reason"], condition["message"]


def states(status: dict[str, Any]) -> list[str]:
    return [server["state"] for server in status["servers"]]


def test_a_gateway_that_serves_is_accepted_and_programmed(gateway: Gateway, plan: Plan) -> None:
    status = gateway_status(gateway, (plan(0), plan(1)), (), NOON)
    assert told(status, "Accepted") == ("True", "Accepted", "")
    assert told(status, "Programmed") == ("True", "Programmed", "")
    assert status["observedGeneration"] == 2
    assert status["servers"][1] == {
        "name": "https-catalog",
        "port": 443,
        "hosts": ["catalog.istioinaction.io"],
        "state": "serving",
    }


def test_a_missing_certificate_says_where_it_was_found_and_where_it_must_be(
    gateway: Gateway, plan: Plan, finding: Report
) -> None:
    missing = finding(codes.CERTIFICATE_MISSING, CREDENTIAL, MISSING, CURE)
    status = gateway_status(gateway, (plan(0), plan(1)), [missing], NOON)
    assert told(status, "Accepted")[0] == "True"
    assert told(status, "Programmed") == (
        "False",
        "CertificateMissing",
        f"servers[1] (catalog.istioinaction.io): {MISSING} Move it to istio-system.",
    )
    assert states(status) == ["serving", "waits for its certificate"]
    assert status["servers"][1]["reason"] == "CertificateMissing"
    assert status["servers"][1]["message"] == f"{MISSING} {CURE}"


def test_a_finding_that_names_its_server_is_not_given_its_name_again(
    gateway: Gateway, plan: Plan, finding: Report
) -> None:
    message = f"servers[1] (catalog.istioinaction.io): {MISSING}"
    status = gateway_status(gateway, (plan(0), plan(1)), [finding(codes.SECRET_ELSEWHERE, CREDENTIAL, message)], NOON)
    assert told(status, "Programmed")[2] == message
    assert status["servers"][1]["message"] == MISSING


def test_of_a_server_the_first_trouble_is_told(gateway: Gateway, plan: Plan, finding: Report) -> None:
    both = [finding(codes.CERTIFICATE_MISSING, CREDENTIAL, message) for message in ("No pair.", "No authorities.")]
    status = gateway_status(gateway, (plan(0), plan(1)), both, NOON)
    assert told(status, "Programmed")[2] == "servers[1] (catalog.istioinaction.io): No pair."


def test_several_servers_that_do_not_serve_are_told_in_their_order(
    gateway: Gateway, plan: Plan, finding: Report
) -> None:
    findings = [
        finding(codes.CERTIFICATE_MISSING, CREDENTIAL, "Two."),
        finding(codes.PORT_NOT_BOUND, "spec.servers[0]", "One."),
    ]
    status = gateway_status(gateway, (plan(0), plan(1)), findings, NOON)
    assert told(status, "Programmed") == (
        "False",
        "PortNotBound",
        "servers[0] (webapp.istioinaction.io): One. servers[1] (catalog.istioinaction.io): Two.",
    )


def test_a_server_that_lost_its_host_is_not_served(gateway: Gateway, plan: Plan, finding: Report) -> None:
    claimed = finding(codes.HOST_CLAIMED, "spec.servers[1].hosts", "Gateway default/older owns it.")
    status = gateway_status(gateway, (plan(0), plan(1, rejected=claimed, listener="")), [claimed], NOON)
    assert told(status, "Programmed")[1:] == (
        "HostClaimed",
        "servers[1] (catalog.istioinaction.io): Gateway default/older owns it.",
    )
    assert states(status) == ["serving", "not served"]


def test_an_invalid_gateway_is_not_accepted_and_none_of_its_servers_is_served(
    gateway: Gateway, finding: Report
) -> None:
    invalid = finding(codes.INVALID, "spec.servers[1].port.name", 'duplicate name "https"', "Rename it.")
    status = gateway_status(gateway, (), [invalid], NOON)
    for type_ in ("Accepted", "Programmed"):
        assert told(status, type_) == ("False", "SchemaValidationError", 'duplicate name "https" Rename it.')
    assert states(status) == ["not served", "not served"]
    assert status["servers"][1]["hosts"] == ["Catalog.istioinaction.io"]


def test_a_gateway_for_no_gateway_of_ours_says_so(gateway: Gateway) -> None:
    status = gateway_status(gateway, (), (), NOON)
    assert told(status, "Accepted")[:2] == ("False", "NoGatewaySelected")
    assert "istio=ingressgateway" in told(status, "Programmed")[2]


def test_a_failure_of_ours_is_told_on_the_gateway(gateway: Gateway, plan: Plan, finding: Report) -> None:
    failed = finding(codes.INTERNAL, "", "Pylae failed on this object.", "Report it.")
    status = gateway_status(gateway, (plan(0), plan(1)), [failed], NOON)
    assert told(status, "Programmed") == ("False", "InternalError", "Pylae failed on this object. Report it.")
    assert told(status, "Accepted")[0] == "True"


def test_warnings_are_no_part_of_a_condition(gateway: Gateway, plan: Plan, finding: Report) -> None:
    warning = finding(codes.NO_ROUTES, "spec.servers[1].hosts")
    status = gateway_status(gateway, (plan(0), plan(1)), [warning], NOON)
    assert told(status, "Programmed")[0] == "True"


@pytest.mark.parametrize("times", [1, 2])
def test_a_status_that_is_computed_again_is_the_same(gateway: Gateway, plan: Plan, times: int) -> None:
    first = gateway_status(gateway, (plan(0), plan(1)), (), NOON)
    again = gateway_status(gateway, (plan(0), plan(1)), (), NOON.replace(hour=12 + times), first)
    assert again == first


def test_servers_and_findings_of_other_gateways_do_not_count(gateway: Gateway, plan: Plan) -> None:
    other = type(plan(0).gateway)("Gateway", "default", "coolstore-gateway")
    findings = [Finding(codes.CERTIFICATE_MISSING, other, CREDENTIAL, MISSING)]
    status = gateway_status(gateway, (plan(0), plan(1), plan(1, gateway=other, listener="")), findings, NOON)
    assert told(status, "Programmed")[0] == "True"


def test_a_gateway_served_on_demand_says_when_its_parts_go_to_envoy(gateway: Gateway, plan: Plan) -> None:
    status = gateway_status(gateway, (plan(0, on_demand=True), plan(1, on_demand=True)), (), NOON)
    assert told(status, "Accepted") == ("True", "Accepted", "")
    assert told(status, "Programmed") == (
        "True",
        "Programmed",
        "Served on demand: certificates and routes go to Envoy when a client first asks for a host.",
    )
    assert states(status) == ["serving", "serving"]


def test_servers_on_demand_among_others_are_named(gateway: Gateway, plan: Plan) -> None:
    status = gateway_status(gateway, (plan(0), plan(1, on_demand=True)), (), NOON)
    assert told(status, "Programmed")[2].startswith("servers[1]: served on demand: ")


def test_a_redirect_has_no_parts_that_could_go_to_envoy(gateway: Gateway, plan: Plan) -> None:
    redirect = plan(0, redirect=True, on_demand=True)
    status = gateway_status(gateway, (redirect, plan(1, on_demand=True)), (), NOON)
    assert told(status, "Programmed")[2].startswith("Served on demand: ")
    assert told(gateway_status(gateway, (redirect, plan(1)), (), NOON), "Programmed")[2] == ""


def test_what_is_found_on_a_server_on_demand_is_told_as_of_any_other(
    gateway: Gateway, plan: Plan, finding: Report
) -> None:
    missing = finding(codes.CERTIFICATE_MISSING, CREDENTIAL, MISSING, CURE)
    status = gateway_status(gateway, (plan(0, on_demand=True), plan(1, on_demand=True)), [missing], NOON)
    assert told(status, "Programmed") == (
        "False",
        "CertificateMissing",
        f"servers[1] (catalog.istioinaction.io): {MISSING} {CURE}",
    )
    assert states(status) == ["serving", "waits for its certificate"]
