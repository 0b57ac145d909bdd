"""The one condition that a Service gets of us: whether its ports could be bound on this machine."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from pylae.api.service import Service
from pylae.model import codes
from pylae.model.finding import Finding
from pylae.status.conditions import Verdict, conditions_of, merge

Json = dict[str, Any]

PORTS_BOUND = "pylae.dev/PortsBound"
"""Conditions of built-in kinds carry the domain of whoever sets them (Kubernetes, "Typical status properties")."""


def service_status(
    service: Service, findings: Iterable[Finding], now: datetime, previous: Mapping[str, Any] | None = None
) -> Json:
    """The conditions of the gateway's Service as the API stores them; those of others are kept.

    `previous` is the status so far, by default the one in the object.
    """
    unbound = [finding for finding in findings if finding.about == service.ref and finding.code == codes.PORT_NOT_BOUND]
    message = " ".join(dict.fromkeys(finding.sentence() for finding in unbound))
    reason = codes.PORT_NOT_BOUND.reason if unbound else "Bound"
    told = Verdict(PORTS_BOUND, is_true=not unbound, reason=reason, message=message)
    before = conditions_of(msgspec.to_builtins(service.status) if previous is None else previous)
    return {"conditions": merge(before, [told], generation=service.metadata.generation, now=now)}
