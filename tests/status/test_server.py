"""The state of one server as a table."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from pylae.api.meta import ObjectRef
from pylae.model import codes
from pylae.model.finding import Code, Finding
from pylae.model.translation import ServerPlan
from pylae.status.server import about_server, server_state

Plan = Callable[..., ServerPlan]
Report = Callable[..., Finding]

SERVER = "spec.servers[1]"

STATES = [
    ("nothing wrong", [], "serving", None),
    ("a warning", [(codes.NO_ROUTES, f"{SERVER}.hosts")], "serving", None),
    ("no certificate", [(codes.CERTIFICATE_MISSING, f"{SERVER}.tls.credentialName")], "waits for its certificate", 0),
    ("a certificate elsewhere", [(codes.SECRET_ELSEWHERE, SERVER)], "waits for its certificate", 0),
    ("a broken certificate", [(codes.CERTIFICATE_INVALID, SERVER)], "waits for its certificate", 0),
    ("a port that is taken", [(codes.PORT_NOT_BOUND, SERVER)], "port not bound", 0),
    ("refused by Envoy", [(codes.REFUSED_BY_ENVOY, SERVER)], "not served", 0),
    (
        "no certificate, on a port that is taken",
        [(codes.CERTIFICATE_MISSING, SERVER), (codes.PORT_NOT_BOUND, SERVER)],
        "port not bound",
        1,
    ),
    ("an expired certificate", [(codes.CERTIFICATE_EXPIRED, SERVER)], "serving", None),
    ("trouble of another server", [(codes.CERTIFICATE_MISSING, "spec.servers[11].tls")], "serving", None),
    ("trouble of the whole Gateway", [(codes.INVALID, "spec.selector")], "serving", None),
]


@pytest.mark.parametrize(("troubles", "state", "reason"), [row[1:] for row in STATES], ids=[row[0] for row in STATES])
def test_the_state_follows_from_the_findings(
    plan: Plan, finding: Report, troubles: list[tuple[Code, str]], state: str, reason: int | None
) -> None:
    findings: list[Finding] = [finding(code, path) for code, path in troubles]
    told = server_state(plan(1), findings)
    assert told.state == state
    assert told.reason is (None if reason is None else findings[reason])


def test_a_rejected_server_is_not_served_whatever_else_is_wrong(plan: Plan, finding: Report) -> None:
    claimed = finding(codes.HOST_CLAIMED, f"{SERVER}.hosts")
    told = server_state(plan(1, rejected=claimed, listener=""), [finding(codes.CERTIFICATE_MISSING, SERVER)])
    assert (told.state, told.reason) == ("not served", claimed)


def test_a_server_without_a_listener_is_not_served(plan: Plan) -> None:
    told = server_state(plan(1, listener=""), [])
    assert (told.state, told.reason) == ("not served", None)


@pytest.mark.parametrize("code", [codes.CERTIFICATE_MISSING, codes.NO_ROUTES])
def test_findings_on_a_server_are_those_within_it(plan: Plan, finding: Report, code: Code) -> None:
    within = finding(code, f"{SERVER}.tls")
    of_another = replace(within, about=ObjectRef("Gateway", "default", "coolstore-gateway"))
    assert about_server(plan(1), [within, of_another, finding(code, "spec.servers[10]")]) == (within,)
