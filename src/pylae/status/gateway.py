"""The status of a Gateway: accepted, programmed, and the state of each server.

`kubectl get gateways` counts the servers that are `serving`; the message of `Programmed` says of each other one what
to do.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pylae.api.gateway import Gateway, Server
from pylae.model.finding import Finding, Level
from pylae.model.translation import ServerPlan
from pylae.status.conditions import ACCEPTED, PROGRAMMED, REFUSING, Verdict, conditions_of, merge, verdict
from pylae.status.server import NOT_SERVED, SERVING, ServerState, about_server, server_state

Json = dict[str, Any]

ON_DEMAND = "certificates and routes go to Envoy when a client first asks for a host."

NOT_SELECTED = Verdict(
    ACCEPTED,
    is_true=False,
    reason="NoGatewaySelected",
    message="spec.selector matches no gateway here; Istio's ingress gateway has the label istio=ingressgateway.",
)


def gateway_status(
    gateway: Gateway,
    servers: Sequence[ServerPlan],
    findings: Iterable[Finding],
    now: datetime,
    previous: Mapping[str, Any] | None = None,
) -> Json:
    """The status of a Gateway as the API stores it.

    `servers` may be those of all Gateways, `findings` those on all objects; `previous` is the status so far, by
    default the one in the object.
    """
    own = [finding for finding in findings if finding.about == gateway.ref]
    plans = {plan.index: plan for plan in servers if plan.gateway == gateway.ref}
    states = {index: server_state(plan, own) for index, plan in plans.items()}
    told = [_accepted(own, plans), _programmed(own, plans, states)]
    before = conditions_of(gateway.status if previous is None else previous)
    return {
        "conditions": merge(before, told, generation=gateway.metadata.generation, now=now),
        "servers": [
            _server(server, plans.get(index), states.get(index, ServerState(NOT_SERVED)))
            for index, server in enumerate(gateway.spec.servers)
        ],
        "observedGeneration": gateway.metadata.generation,
    }


def _accepted(findings: Sequence[Finding], plans: Mapping[int, ServerPlan]) -> Verdict:
    refusing = [finding for finding in findings if finding.code in REFUSING]
    return verdict(ACCEPTED, refusing) if plans or refusing else NOT_SELECTED


def _programmed(
    findings: Sequence[Finding], plans: Mapping[int, ServerPlan], states: Mapping[int, ServerState]
) -> Verdict:
    """False if any server does not serve, with a sentence for each: what has to be put right first."""
    down = {index: state.reason for index, state in states.items() if state.state != SERVING}
    reasons = [reason for reason in down.values() if reason]
    told = [finding for index in down for finding in about_server(plans[index], findings)]
    others = [finding for finding in findings if finding.code.level is Level.ERROR and finding not in (*told, *reasons)]
    sentences = [_sentence(plans[index], reason) for index, reason in sorted(down.items())]
    sentences += [finding.sentence() for finding in others]
    if not plans:
        reason = others[0].code.reason if others else NOT_SELECTED.reason
        return Verdict(PROGRAMMED, is_true=False, reason=reason, message=" ".join(sentences) or NOT_SELECTED.message)
    if not sentences:
        return Verdict(PROGRAMMED, is_true=True, reason=PROGRAMMED, message=_on_demand(plans.values()))
    first = next(iter([*reasons, *others]), None)
    return Verdict(
        PROGRAMMED, is_true=False, reason=first.code.reason if first else "NotServed", message=" ".join(sentences)
    )


def _on_demand(plans: Iterable[ServerPlan]) -> str:
    """What is true of servers whose parts Envoy has not been given yet. A redirect has none."""
    answering = [plan for plan in plans if not plan.redirect]
    waiting = [plan for plan in answering if plan.on_demand]
    if not waiting:
        return ""
    if len(waiting) == len(answering):
        return f"Served on demand: {ON_DEMAND}"
    return f"{', '.join(f'servers[{plan.index}]' for plan in waiting)}: served on demand: {ON_DEMAND}"


def _sentence(plan: ServerPlan, reason: Finding | None) -> str:
    """`servers[1] (catalog.istioinaction.io): Secret … does not exist. …`"""
    return _place(plan) + (_words(plan, reason) if reason else "it is not served.")


def _place(plan: ServerPlan) -> str:
    return f"servers[{plan.index}] ({', '.join(plan.hosts)}): "


def _words(plan: ServerPlan, reason: Finding) -> str:
    """A finding may name its server already, for those who read it elsewhere."""
    return reason.sentence().removeprefix(_place(plan))


def _server(server: Server, plan: ServerPlan | None, state: ServerState) -> Json:
    port = server.port
    told: Json = {
        "name": server.name or (port.name if port else ""),
        "port": port.number if port else 0,
        "hosts": list(plan.hosts if plan else server.hosts),
        "state": state.state,
    }
    if plan and state.reason:
        told |= {"reason": state.reason.code.reason, "message": _words(plan, state.reason)}
    return told
