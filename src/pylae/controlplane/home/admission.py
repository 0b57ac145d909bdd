"""What the embedded API server asks before it stores an object: Istio's rules, and which fields have no effect
here yet."""

from collections.abc import Callable
from datetime import datetime

from pylae.api.decode import Malformed, convert
from pylae.api.honour import not_honoured
from pylae.api.scheme import POD, Kind, kind_of
from pylae.apimachinery.built_in.kept import RUNS_NOTHING
from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import Cause, invalid_value
from pylae.apimachinery.resource import Resource
from pylae.apiserver.backend import Admission, Admit
from pylae.model.finding import Finding, Level
from pylae.validation.validate import validate


def admission(clock: Callable[[], datetime]) -> Admit:
    """Errors refuse an object, with every reason at once; warnings reach the user as `Warning:` lines of kubectl."""
    return lambda resource, obj: _judge(resource, obj, clock())


def _judge(resource: Resource, obj: Json, now: datetime) -> Admission:
    if resource.kind == POD.kind:
        return Admission(warnings=(f"Pod is stored, but {RUNS_NOTHING}",))
    kind = kind_of(obj.get("apiVersion", ""), resource.kind)
    if kind is None:
        return Admission()
    try:
        findings = validate(convert(kind, obj), now=now)
    except Malformed as error:
        return Admission(errors=(invalid_value(error.path, "", error.message),))
    return Admission(_errors(findings), (*_warnings(findings), *_without_effect(kind, obj)))


def _errors(findings: tuple[Finding, ...]) -> tuple[Cause, ...]:
    return tuple(
        Cause(finding.path, "FieldValueInvalid", finding.sentence())
        for finding in findings
        if finding.level is Level.ERROR
    )


def _warnings(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    warnings = (finding for finding in findings if finding.level is not Level.ERROR)
    return tuple(
        f"{finding.path}: {finding.sentence()}" if finding.path else finding.sentence() for finding in warnings
    )


def _without_effect(kind: Kind, obj: Json) -> tuple[str, ...]:
    return tuple(f"{path} is not honoured yet: it has no effect here" for path in not_honoured(kind.type, obj))
