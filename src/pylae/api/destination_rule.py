"""DestinationRule: what holds once a route has chosen a service: subsets and policies (Istio, networking.istio.io)."""

from typing import Annotated

from msgspec import Meta, field

from pylae.api.honour import NOT_YET
from pylae.api.meta import ApiVersion, KindName, Object, Part
from pylae.api.scalars import Open, at_most
from pylae.api.traffic_policy import TrafficPolicy


class Subset(Part, frozen=True, kw_only=True):
    """Some of a service's endpoints, chosen by labels, such as one version of it."""

    name: Annotated[str, Meta(description="Name that routes use for the subset. Required.")] = ""
    labels: Annotated[dict[str, str], Meta(description="Labels that its endpoints carry.")] = field(
        default_factory=dict
    )
    traffic_policy: Annotated[
        TrafficPolicy | None, Meta(description="Policy of the subset; what it leaves out is as for the service.")
    ] = None


class RuleWorkloadSelector(Part, frozen=True, kw_only=True):
    """Chooses the workloads that a rule is for."""

    match_labels: Annotated[
        dict[str, Annotated[str, at_most(length=63)]],
        at_most(entries=4096),
        Meta(description="Labels that a workload must carry, all of them."),
    ] = field(default_factory=dict)


class DestinationRuleSpec(Part, frozen=True, kw_only=True):
    """A service, its subsets and policies."""

    host: Annotated[
        str, Meta(description="Service the rule is for; a short name is taken in the rule's namespace. Required.")
    ] = ""
    traffic_policy: Annotated[TrafficPolicy | None, Meta(description="Policy of the service.", extra=NOT_YET)] = None
    subsets: Annotated[
        tuple[Subset, ...], Meta(description="Named parts of the service, which routes can choose.", extra=NOT_YET)
    ] = ()
    export_to: Annotated[
        tuple[str, ...], Meta(description="Namespaces that see the rule: names, `.` (its own) or `*` (all).")
    ] = ()
    workload_selector: Annotated[
        RuleWorkloadSelector | None, Meta(description="Workloads the rule is for; all if left out.", extra=NOT_YET)
    ] = None


class DestinationRule(Object, frozen=True, kw_only=True):
    """Says how a service is spoken to, and what its subsets are."""

    api_version: ApiVersion = "networking.istio.io/v1"
    kind: KindName = "DestinationRule"
    spec: Annotated[DestinationRuleSpec, Meta(description="The rule that is wanted.")] = field(
        default_factory=DestinationRuleSpec
    )
    status: Annotated[Open, Meta(description="What became of it, as conditions.")] = field(default_factory=dict)
