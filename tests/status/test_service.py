"""The condition on the gateway's Service."""

from datetime import UTC, datetime

from pylae.api.meta import Condition, ObjectMeta, ObjectRef
from pylae.api.service import Service, ServiceStatus
from pylae.model import codes
from pylae.model.finding import Finding
from pylae.status.service import PORTS_BOUND, service_status

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ABOUT = ObjectRef("Service", "istio-system", "istio-ingressgateway")


def service(*conditions: Condition) -> Service:
    metadata = ObjectMeta(name=ABOUT.name, namespace=ABOUT.namespace)
    return Service(metadata=metadata, status=ServiceStatus(conditions=conditions))


def test_ports_that_are_bound_are_said_to_be() -> None:
    (condition,) = service_status(service(), (), NOON)["conditions"]
    assert (condition["type"], condition["status"], condition["reason"]) == (PORTS_BOUND, "True", "Bound")


def test_a_port_that_is_taken_is_told_with_its_holder_and_the_cure() -> None:
    message = "127.0.0.1:30005 is taken by nginx (pid 812). HTTPS is not served."
    finding = Finding(codes.PORT_NOT_BOUND, ABOUT, "spec.ports[1].nodePort", message, "Choose another: -p 30443:443")
    (condition,) = service_status(service(), (finding,), NOON)["conditions"]
    assert (condition["status"], condition["reason"]) == ("False", "PortNotBound")
    assert condition["message"] == f"{message} Choose another: -p 30443:443"


def test_other_findings_are_no_matter_of_the_ports() -> None:
    finding = Finding(codes.INVALID, ABOUT, "", "x")
    elsewhere = Finding(codes.PORT_NOT_BOUND, ObjectRef("Gateway", "shop", "front"), "", "x")
    assert service_status(service(), (finding, elsewhere), NOON)["conditions"][0]["status"] == "True"


def test_conditions_of_others_and_the_time_of_ours_are_kept() -> None:
    theirs = Condition(
        type="LoadBalancerReady", status="True", reason="Ready", last_transition_time="2026-01-01T00:00:00Z"
    )
    ours = Condition(type=PORTS_BOUND, status="True", last_transition_time="2026-01-02T00:00:00Z")
    first, second = service_status(service(theirs, ours), (), NOON)["conditions"]
    assert (first["type"], first["lastTransitionTime"]) == ("LoadBalancerReady", "2026-01-01T00:00:00Z")
    assert (second["type"], second["lastTransitionTime"]) == (PORTS_BOUND, "2026-01-02T00:00:00Z")


def test_a_status_that_was_read_elsewhere_takes_the_place_of_the_one_in_the_object() -> None:
    theirs = {"type": "LoadBalancerReady", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    status = service_status(service(), (), NOON, {"conditions": [theirs]})
    assert [condition["type"] for condition in status["conditions"]] == ["LoadBalancerReady", PORTS_BOUND]
