"""The status of a VirtualService."""

from datetime import UTC, datetime
from typing import Any

import pytest

from pylae.api.meta import ObjectMeta, ObjectRef
from pylae.api.virtual_service import VirtualService
from pylae.model import codes
from pylae.model.finding import Code, Finding
from pylae.status.virtual_service import virtual_service_status

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ABOUT = ObjectRef("VirtualService", "shop", "catalog")
CATALOG = VirtualService(metadata=ObjectMeta(name="catalog", namespace="shop", generation=4))

VERDICTS = [
    ("nothing wrong", None, "True", "True"),
    ("an invalid rule", codes.INVALID, "False", "False"),
    ("a destination that is unknown", codes.DESTINATION_UNKNOWN, "True", "False"),
    ("a Gateway that is missing", codes.REFERENCE_NOT_FOUND, "True", "False"),
    ("a host that the Gateway lacks", codes.HOST_NOT_IN_GATEWAY, "True", "True"),
    ("refused by Envoy", codes.REFUSED_BY_ENVOY, "True", "False"),
]


def status_of(*findings: Finding) -> dict[str, Any]:
    return virtual_service_status(CATALOG, findings, NOON)


@pytest.mark.parametrize(
    ("code", "accepted", "programmed"), [row[1:] for row in VERDICTS], ids=[row[0] for row in VERDICTS]
)
def test_both_conditions_follow_from_the_findings(code: Code | None, accepted: str, programmed: str) -> None:
    status = status_of(*([Finding(code, ABOUT, "spec.http[0]", "It is wrong.")] if code else []))
    assert {c["type"]: c["status"] for c in status["conditions"]} == {"Accepted": accepted, "Programmed": programmed}
    assert status["observedGeneration"] == 4


def test_the_message_says_what_to_do() -> None:
    finding = Finding(codes.DESTINATION_UNKNOWN, ABOUT, "spec.http[0]", "No Service shop/web.", "Create it.")
    assert status_of(finding)["conditions"][1]["message"] == "No Service shop/web. Create it."


def test_findings_on_other_objects_do_not_count() -> None:
    assert status_of(Finding(codes.INVALID, ObjectRef("VirtualService", "shop", "web"), "", "x")) == status_of()


def test_the_status_in_the_object_is_what_was_before() -> None:
    before = VirtualService(metadata=CATALOG.metadata, status=status_of())
    assert virtual_service_status(before, (), NOON.replace(hour=15)) == status_of()
