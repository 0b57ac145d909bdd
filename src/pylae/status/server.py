"""The state of one server of a Gateway: whether it serves, and if not, which finding is the reason."""

from collections.abc import Iterable
from dataclasses import dataclass

from pylae.model import codes
from pylae.model.finding import Finding, Level
from pylae.model.translation import ServerPlan

SERVING = "serving"
WAITS = "waits for its certificate"
NOT_SERVED = "not served"
NOT_BOUND = "port not bound"

WAITING = frozenset({codes.CERTIFICATE_MISSING, codes.SECRET_ELSEWHERE, codes.CERTIFICATE_INVALID})
"""Findings that a Secret cures, without a change of the Gateway."""


@dataclass(frozen=True, slots=True)
class ServerState:
    """`reason` is the finding that keeps the server from serving; None while it serves."""

    state: str
    reason: Finding | None = None


def server_state(plan: ServerPlan, findings: Iterable[Finding]) -> ServerState:
    """What became of a server. Warnings do not count: what they are about serves.

    Where several things are wrong, the one is named that has to be put right first.
    """
    if plan.rejected:
        return ServerState(NOT_SERVED, plan.rejected)
    errors = [finding for finding in about_server(plan, findings) if finding.code.level is Level.ERROR]
    for state, codes_of_state in ((NOT_BOUND, {codes.PORT_NOT_BOUND}), (WAITS, WAITING)):
        for finding in errors:
            if finding.code in codes_of_state:
                return ServerState(state, finding)
    if errors or not plan.listener:
        return ServerState(NOT_SERVED, errors[0] if errors else None)
    return ServerState(SERVING)


def about_server(plan: ServerPlan, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings on a server: those on its Gateway whose path is the server's or leads into it."""
    return tuple(
        finding for finding in findings if finding.about == plan.gateway and _is_within(finding.path, plan.origin.path)
    )


def _is_within(path: str, server: str) -> bool:
    return path == server or path.startswith((f"{server}.", f"{server}["))
