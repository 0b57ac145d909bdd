"""The one question of this room: what is wrong with this object?"""

from datetime import datetime

from pylae.api.core import Secret, Service
from pylae.api.destination_rule import DestinationRule
from pylae.api.gateway import Gateway
from pylae.api.meta import Object
from pylae.api.service_entry import ServiceEntry
from pylae.api.virtual_service import VirtualService
from pylae.api.workload_entry import WorkloadEntry
from pylae.model.finding import Finding
from pylae.validation.destination_rule import check_destination_rule
from pylae.validation.gateway import check_gateway
from pylae.validation.metadata import check_annotations
from pylae.validation.report import Report
from pylae.validation.secret import check_secret
from pylae.validation.service import check_service
from pylae.validation.service_entry import check_service_entry
from pylae.validation.virtual_service import check_virtual_service
from pylae.validation.workload_entry import check_workload_entry

IstioObject = Gateway | VirtualService | DestinationRule | ServiceEntry | WorkloadEntry


def validate(
    object_: Object, allowed_paths: frozenset[str] = frozenset(), *, now: datetime | None = None
) -> tuple[Finding, ...]:
    """All that is wrong or doubtful with one object by itself; nothing for kinds without rules.

    A finding of level error means that the object is not used; the rest are for the user to read. `allowed_paths` are
    files and sockets of this machine that objects may name (`/run/shop.sock`, `@shop`); without, every such name is an
    error. With `now` (aware), the dates of certificates in Secrets are looked at too.
    """
    report = Report(object_.ref, allowed_paths)
    match object_:
        case Gateway() | VirtualService() | DestinationRule() | ServiceEntry() | WorkloadEntry():
            check_annotations(object_.metadata, report)
            if not report.findings:
                _check_istio(object_, report)
        case Service():
            check_service(object_, report)
        case Secret():
            check_secret(object_, report, now)
        case _:
            pass
    return report.findings


def _check_istio(object_: IstioObject, report: Report) -> None:
    match object_:
        case Gateway():
            check_gateway(object_, report)
        case VirtualService():
            check_virtual_service(object_, report)
        case DestinationRule():
            check_destination_rule(object_, report)
        case ServiceEntry():
            check_service_entry(object_, report)
        case WorkloadEntry():
            check_workload_entry(object_, report)
