"""Destinations of routes and their weights: rules RV21 and RV22 of Istio's webhook."""

from collections.abc import Sequence

from pylae.api.destination import Destination, RouteDestination
from pylae.api.http_route import HttpRouteDestination
from pylae.validation.references import check_service_host, check_subset_name
from pylae.validation.report import Path, Report
from pylae.validation.scalars import check_port


def check_destination(destination: Destination, path: Path, report: Report) -> None:
    """A service, its port and its subset."""
    check_service_host(report, path / "host", destination.host)
    if destination.subset:
        check_subset_name(report, path / "subset", destination.subset)
    if destination.port is not None:
        check_port(report, path / "port" / "number", destination.port.number)


def check_destinations(route: Sequence[HttpRouteDestination | RouteDestination], path: Path, report: Report) -> None:
    """All destinations of a route, with their weights."""
    for index, weighted in enumerate(route):
        if weighted.destination is None:
            report.error(
                path / index / "destination", "destination is required.", "Name the service that traffic goes to."
            )
        else:
            check_destination(weighted.destination, path / index / "destination", report)
        if weighted.weight < 0:
            report.error(path / index / "weight", f"weight {weighted.weight} < 0.", "Weights are 0 or more.")
    if len(route) > 1 and not any(weighted.weight for weighted in route):
        report.error(path, "total destination weight = 0: no destination gets anything.", "Give each a weight.")
