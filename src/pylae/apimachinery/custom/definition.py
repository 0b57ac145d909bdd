"""What a CustomResourceDefinition must be: filled in by the server, and checked.

The rules and their words are upstream's (apiextensions.k8s.io/v1). A definition that passes can be made a `Resource`
(`custom`).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pylae.apimachinery.columns.column import dig
from pylae.apimachinery.custom.definition_status import is_established
from pylae.apimachinery.custom.definition_version import check_version
from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import Cause, invalid_value, missing
from pylae.apimachinery.name import dns_1035_label, dns_subdomain

APPROVAL: Final = "api-approved.kubernetes.io"
WHY_APPROVED: Final = "https://github.com/kubernetes/enhancements/pull/1111"
PROTECTED: Final = ("k8s.io", "kubernetes.io")
"""Groups under these need an approval of Kubernetes' own."""


STILL_STORED: Final = (
    "missing from spec.versions; {0} was previously a storage version, and must remain in spec.versions until a "
    "storage migration ensures no data remains persisted in {0} and removes {0} from status.storedVersions"
)


def complete_definition(definition: Json) -> Json:
    """The definition with the names and the conversion that it leaves to the server."""
    spec = dict(definition.get("spec") or {})
    names = dict(spec.get("names") or {})
    kind = names.get("kind", "")
    names["singular"] = names.get("singular") or kind.lower()
    names["listKind"] = names.get("listKind") or f"{kind}List"
    spec["conversion"] = {"strategy": "None"} | (spec.get("conversion") or {})
    return {**definition, "spec": {**spec, "names": names}}


def check_definition(definition: Json, old: Json | None) -> Iterator[Cause]:
    """What is wrong with a definition whose structure is right; `old` is what it replaces, if anything."""
    spec = definition["spec"]
    if definition["metadata"]["name"] != f"{spec['names'].get('plural', '')}.{spec['group']}":
        detail = 'must be spec.names.plural+"."+spec.group'
        yield invalid_value("metadata.name", definition["metadata"]["name"], detail)
    yield from _check_group(definition)
    yield from _check_names(spec["names"])
    yield from _check_versions(spec["versions"])
    if spec.get("preserveUnknownFields"):
        detail = (
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        )
        yield invalid_value("spec.preserveUnknownFields", True, detail)
    if old is not None:
        yield from _check_change(definition, old)


def _check_group(definition: Json) -> Iterator[Cause]:
    group = definition["spec"]["group"]
    if not group:
        yield missing("spec.group")
    elif problem := dns_subdomain(group):
        yield invalid_value("spec.group", group, problem)
    elif "." not in group:
        yield invalid_value("spec.group", group, "should be a domain with at least one dot")
    if is_protected(group) and not dig(definition, "metadata", "annotations", APPROVAL):
        detail = f'protected groups must have approval annotation "{APPROVAL}", see {WHY_APPROVED}'
        yield missing(f"metadata.annotations[{APPROVAL}]", detail)


def is_protected(group: str) -> bool:
    """Is it one of Kubernetes' own groups?"""
    return any(group == domain or group.endswith(f".{domain}") for domain in PROTECTED)


def _check_names(names: Mapping[str, Any]) -> Iterator[Cause]:
    for field in ("plural", "singular", "kind", "listKind"):
        name = names.get(field)
        if not name:
            yield missing(f"spec.names.{field}")
        elif problem := dns_1035_label(name.lower() if "ind" in field else name):
            prefix = "may have mixed case, but should otherwise match: " if "ind" in field else ""
            yield invalid_value(f"spec.names.{field}", name, prefix + problem)
    if names.get("kind") and names["kind"] == names.get("listKind"):
        yield invalid_value("spec.names.listKind", names["listKind"], "kind and listKind may not be the same")
    for field in ("shortNames", "categories"):
        for index, name in enumerate(names.get(field, ())):
            if problem := dns_1035_label(name):
                yield invalid_value(f"spec.names.{field}[{index}]", name, problem)


def _check_versions(versions: list[Json]) -> Iterator[Cause]:
    names = [version["name"] for version in versions]
    if len(set(names)) != len(names):
        yield invalid_value("spec.versions", names, "must contain unique version names")
    if sum(version["storage"] for version in versions) != 1:
        yield invalid_value("spec.versions", names, "must have exactly one version marked as storage version")
    for index, version in enumerate(versions):
        path = f"spec.versions[{index}]"
        if problem := dns_1035_label(version["name"]):
            yield invalid_value(f"{path}.name", version["name"], problem)
        yield from check_version(version, path)


def _check_change(definition: Json, old: Json) -> Iterator[Cause]:
    spec, before = definition["spec"], old["spec"]
    fixed: list[tuple[str, ...]] = [("group",), ("names", "plural")]
    if is_established(old):
        fixed += [("scope",), ("names", "kind")]
    for place in fixed:
        if dig(spec, *place) != dig(before, *place):
            yield invalid_value(".".join(("spec", *place)), dig(spec, *place), "field is immutable")
    names = [version["name"] for version in spec["versions"]]
    for index, version in enumerate(dig(old, "status", "storedVersions") or ()):
        if version not in names:
            yield invalid_value(f"status.storedVersions[{index}]", version, STILL_STORED.format(version))
