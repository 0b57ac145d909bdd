"""DestinationRules: the rules of Istio's webhook (pkg/config/validation, ValidateDestinationRule)."""

from pylae.api.destination_rule import DestinationRule, DestinationRuleSpec
from pylae.validation.references import check_export_to, check_service_host, check_subset_name
from pylae.validation.report import SPEC, Report
from pylae.validation.scalars import check_labels
from pylae.validation.traffic_policy import check_traffic_policy


def check_destination_rule(rule: DestinationRule, report: Report) -> None:
    """All rules for a DestinationRule. Its host may be `*`: a rule for all services."""
    spec = rule.spec
    if spec.host != "*":
        check_service_host(report, SPEC / "host", spec.host)
    check_traffic_policy(spec.traffic_policy, SPEC / "trafficPolicy", report)
    _check_subsets(spec, report)
    check_export_to(report, SPEC / "exportTo", spec.export_to)
    _check_selector(spec, report)


def _check_subsets(spec: DestinationRuleSpec, report: Report) -> None:
    names: set[str] = set()
    for index, subset in enumerate(spec.subsets):
        path = SPEC / "subsets" / index
        check_subset_name(report, path / "name", subset.name)
        if subset.name in names:
            report.error(path / "name", f"duplicate subset name {subset.name!r}.", "Give each a name of its own.")
        names.add(subset.name)
        check_labels(report, path / "labels", subset.labels)
        check_traffic_policy(subset.traffic_policy, path / "trafficPolicy", report)


def _check_selector(spec: DestinationRuleSpec, report: Report) -> None:
    if spec.workload_selector is None:
        return
    path = SPEC / "workloadSelector" / "matchLabels"
    if not spec.workload_selector.match_labels:
        report.warning(path, "empty selector labels: the rule is for every workload.", "Remove the selector.")
    check_labels(report, path, spec.workload_selector.match_labels)
    if any(entry not in (".", report.about.namespace) for entry in spec.export_to):
        report.error(SPEC / "exportTo", "a rule with a workloadSelector cannot be exported to other namespaces.")
