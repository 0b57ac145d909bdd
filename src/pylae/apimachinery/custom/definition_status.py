"""What comes of a CustomResourceDefinition: the names it is granted, and the conditions that say so.

Upstream's controllers write them a moment after the definition; here they are written with it. Names are granted to who
was first: a definition whose names are taken waits until they are free.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pylae.apimachinery.columns.column import dig
from pylae.apimachinery.custom.resource import storage_version
from pylae.apimachinery.document import Json

CONDITION_TRUE: Final = "True"
CONDITION_FALSE: Final = "False"
CLEANUP: Final = "customresourcecleanup.apiextensions.k8s.io"
"""The finalizer that holds a definition until its objects are gone."""

RESOURCE_NAMES: Final = {"plural": "PluralConflict", "singular": "SingularConflict"}
KIND_NAMES: Final = {"kind": "KindConflict", "listKind": "ListKindConflict"}


def established(definition: Json, others: Iterable[Json], now: str) -> Json:
    """The definition with its status. `others` are all other definitions; `now` is the moment, in RFC 3339."""
    status = dict(definition.get("status") or {})
    names, conflicts = _granted(definition, list(others))
    stored = storage_version(definition)
    before = status.get("storedVersions") or []
    status |= {"acceptedNames": names, "storedVersions": before if stored in before else [*before, stored]}
    status["conditions"] = _conditions(definition, conflicts, now)
    return {**definition, "status": status}


def terminating(definition: Json, now: str) -> Json:
    """A definition that is marked for deletion, and held until its objects are gone."""
    metadata = definition["metadata"]
    finalizers = metadata.get("finalizers", [])
    held = finalizers if CLEANUP in finalizers else [*finalizers, CLEANUP]
    message = "CustomResource deletion is in progress"
    conditions = _with(
        definition, _condition("Terminating", CONDITION_TRUE, "InstanceDeletionInProgress", message), now
    )
    status = {**(definition.get("status") or {}), "conditions": conditions}
    return {**definition, "metadata": {**metadata, "finalizers": held}, "status": status}


def is_established(definition: Json) -> bool:
    """Is its kind served? Once it is, it stays so, whatever other names it asks for later."""
    return bool(condition(definition, "Established").get("status") == CONDITION_TRUE)


def waits_for_names(definition: Json) -> bool:
    return bool(condition(definition, "NamesAccepted").get("status") == CONDITION_FALSE)


def condition(definition: Json, kind: str) -> Json:
    """The condition of a type; empty if it has none."""
    found = (each for each in dig(definition, "status", "conditions") or () if each.get("type") == kind)
    return next(found, {})


def _granted(definition: Json, others: list[Json]) -> tuple[Json, list[tuple[str, str]]]:
    """The names that a definition has from now on, and the conflicts over those it does not get."""
    wanted, had = definition["spec"]["names"], dig(definition, "status", "acceptedNames") or {}
    taken = [
        dig(other, "status", "acceptedNames") or {}
        for other in others
        if other["spec"]["group"] == definition["spec"]["group"]
    ]
    resources = {
        name for names in taken for name in (names.get("plural"), names.get("singular"), *names.get("shortNames", ()))
    }
    kinds = {name for names in taken for name in (names.get("kind"), names.get("listKind"))}
    granted, conflicts = dict(had), []
    for field, reason in {**RESOURCE_NAMES, **KIND_NAMES}.items():
        if wanted[field] != had.get(field) and wanted[field] in (kinds if field in KIND_NAMES else resources):
            conflicts.append((reason, f'"{wanted[field]}" is already in use'))
        else:
            granted[field] = wanted[field]
    short = [
        name for name in wanted.get("shortNames", ()) if name in resources and name not in had.get("shortNames", ())
    ]
    if short:
        conflicts.append(("ShortNamesConflict", ", ".join(f'"{name}" is already in use' for name in short)))
    fields = ("categories",) if short else ("categories", "shortNames")
    for field in fields:
        granted.pop(field, None)
        granted |= {field: wanted[field]} if wanted.get(field) else {}
    return granted, conflicts


def _conditions(definition: Json, conflicts: list[tuple[str, str]], now: str) -> list[Json]:
    judged = {**definition, "status": {"conditions": [*(dig(definition, "status", "conditions") or ())]}}
    for each in _judgements(definition, conflicts):
        judged["status"]["conditions"] = _with(judged, each, now)
    return list(judged["status"]["conditions"])


def _judgements(definition: Json, conflicts: list[tuple[str, str]]) -> Iterator[Json]:
    if approval := dig(definition, "metadata", "annotations", "api-approved.kubernetes.io"):
        reason = "UnapprovedAnnotation" if approval.startswith("unapproved") else "ApprovedAnnotation"
        status = CONDITION_FALSE if reason.startswith("Un") else CONDITION_TRUE
        message = f"approved in {approval}" if status == CONDITION_TRUE else f'not approved: "{approval}"'
        yield _condition("KubernetesAPIApprovalPolicyConformant", status, reason, message)
    if conflicts:
        yield _condition("NamesAccepted", CONDITION_FALSE, *conflicts[-1])
    else:
        yield _condition("NamesAccepted", CONDITION_TRUE, "NoConflicts", "no conflicts found")
    if not is_established(definition):
        if conflicts:
            yield _condition("Established", CONDITION_FALSE, "NotAccepted", "not all names are accepted")
        else:
            reason, message = "InitialNamesAccepted", "the initial names have been accepted"
            yield _condition("Established", CONDITION_TRUE, reason, message)


def _condition(kind: str, status: str, reason: str, message: str) -> Json:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def _with(definition: Mapping[str, Any], new: Json, now: str) -> list[Json]:
    """The conditions with a new one in the place of its like; its time is when its status last changed."""
    before = condition(dict(definition), new["type"])
    changed = before.get("status") != new["status"]
    dated = {**new, "lastTransitionTime": now if changed else before.get("lastTransitionTime", now)}
    conditions = list(dig(definition, "status", "conditions") or ())
    if not before:
        return [*conditions, dated]
    return [dated if each["type"] == new["type"] else each for each in conditions]
