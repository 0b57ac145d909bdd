"""The status of a VirtualService: accepted, and programmed as it is written."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pylae.api.virtual_service import VirtualService
from pylae.model.finding import Finding
from pylae.status.conditions import ACCEPTED, PROGRAMMED, REFUSING, conditions_of, merge, verdict

Json = dict[str, Any]


def virtual_service_status(
    virtual_service: VirtualService,
    findings: Iterable[Finding],
    now: datetime,
    previous: Mapping[str, Any] | None = None,
) -> Json:
    """The status of a VirtualService as the API stores it.

    `findings` may be those on all objects; `previous` is the status so far, by default the one in the object.
    """
    own = [finding for finding in findings if finding.about == virtual_service.ref]
    told = [verdict(ACCEPTED, [finding for finding in own if finding.code in REFUSING]), verdict(PROGRAMMED, own)]
    before = conditions_of(virtual_service.status if previous is None else previous)
    generation = virtual_service.metadata.generation
    return {"conditions": merge(before, told, generation=generation, now=now), "observedGeneration": generation}
