"""What a version of a kind has because a user defined it: it goes along with its `Resource`."""

from dataclasses import dataclass

from pylae.apimachinery.cel.validations import RuleNode


@dataclass(frozen=True, slots=True)
class ScalePaths:
    """Where an object keeps what its `scale` subresource shows: paths of plain members, such as `.spec.replicas`."""

    spec_replicas: str = ".spec.replicas"
    status_replicas: str = ".status.replicas"
    label_selector: str = ""


@dataclass(frozen=True, slots=True)
class Custom:
    """- `rules`: its validation rules in CEL; None if there are none
    - `selectable_fields`: what field selectors may look at
    - `deprecation`: what whoever uses this version is to be told; "" for nothing
    - `terminating`: the definition is being deleted, so that nothing new is taken
    """

    rules: RuleNode | None = None
    selectable_fields: frozenset[str] = frozenset({"metadata.name", "metadata.namespace"})
    deprecation: str = ""
    terminating: bool = False
