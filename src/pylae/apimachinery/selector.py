"""Label and field selectors: the text of a query parameter becomes a question that can be put to each object."""

import re
from collections.abc import Callable, Iterator, Mapping, Set
from typing import Any, Final, TypeAlias

from pylae.apimachinery.columns.column import dig
from pylae.apimachinery.failure import Failure, bad_request
from pylae.apimachinery.name import label_value, qualified_name

Labels: TypeAlias = Mapping[str, str]

FIELDS: Final = frozenset(
    {
        "metadata.name",
        "metadata.namespace",
        "type",
        "reason",
        "reportingComponent",
        "source",
        "involvedObject.apiVersion",
        "involvedObject.fieldPath",
        "involvedObject.kind",
        "involvedObject.name",
        "involvedObject.namespace",
        "involvedObject.resourceVersion",
        "involvedObject.uid",
        "spec.clusterIP",
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.serviceAccountName",
        "spec.type",
        "spec.unschedulable",
        "status.phase",
        "status.podIP",
    }
)
"""The fields that selectors may look at."""

_REQUIREMENT: Final = re.compile(
    r"""\s*(?:
      (?P<absent>!)\s*(?P<absent_key>[^\s,!=<>()]+)
    | (?P<set_key>[^\s,!=<>()]+)\s+(?P<membership>in|notin)\s*\((?P<members>[^()]*)\)
    | (?P<key>[^\s,!=<>()]+)\s*(?:(?P<operator>==|=|!=|>|<)\s*(?P<value>[^\s,!=<>()]*))?
    )\s*(?:,|$)""",
    re.VERBOSE,
)
_FIELD: Final = re.compile(r"(?P<field>[\w.]+)(?P<operator>==|=|!=)(?P<value>(?:\\.|[^\\,=])*)(?:,|$)")


def labels(text: str) -> Callable[[Labels], bool]:
    """The question a label selector asks, such as `app=web,tier in (a, b),!old`. "" takes all.

    Raises 400 where it cannot be read.
    """
    requirements = tuple(_label_requirements(text))
    return lambda found: all(requirement(found) for requirement in requirements)


def fields(text: str, supported: Set[str] = FIELDS) -> Callable[[Mapping[str, Any]], bool]:
    """The question a field selector asks of an object, such as `metadata.name=x,type!=Opaque`. "" takes all.

    Raises 400 for a selector that cannot be read and for a field that is not supported.
    """
    requirements = tuple(_field_requirements(text, supported))
    return lambda obj: all((field_text(obj, field) == value) is equal for field, equal, value in requirements)


def exact_name(text: str) -> str | None:
    """The one name that a field selector asks for, if it does: then no list need be walked."""
    names = [value for field, equal, value in _field_requirements(text, None) if field == "metadata.name" and equal]
    return names[0] if names else None


def field_text(obj: Mapping[str, Any], field: str) -> str:
    """A field as selectors see it: text, and "" where it is not set."""
    found = dig(obj, "source", "component") if field == "source" else dig(obj, *field.split("."))
    if isinstance(found, bool):
        return str(found).lower()
    return "" if found is None else str(found)


def _label_requirements(text: str) -> Iterator[Callable[[Labels], bool]]:
    position = 0
    while position < len(text.rstrip()):
        found = _REQUIREMENT.match(text, position)
        if not found:
            raise bad_request(
                f"unable to parse requirement: {text[position:]!r}; write key=value, key in (a, b), key or !key"
            )
        position = found.end()
        yield _label_requirement(found)


def _label_requirement(found: re.Match[str]) -> Callable[[Labels], bool]:
    if key := found["absent_key"]:
        _check_key(key)
        return lambda labels: key not in labels
    if key := found["set_key"]:
        _check_key(key)
        members = frozenset(_checked_value(member.strip()) for member in found["members"].split(","))
        wanted = found["membership"] == "in"
        return lambda labels: (key in labels and labels[key] in members) is wanted
    return _comparison(found["key"], found["operator"], found["value"])


def _comparison(key: str, operator: str | None, value: str | None) -> Callable[[Labels], bool]:
    _check_key(key)
    wanted = _checked_value(value or "")
    match operator:
        case None:
            return lambda labels: key in labels
        case "=" | "==":
            return lambda labels: labels.get(key) == wanted
        case "!=":
            return lambda labels: labels.get(key) != wanted
        case _:
            return _ordered(key, operator, wanted)


def _ordered(key: str, operator: str, value: str) -> Callable[[Labels], bool]:
    limit = _integer(value)
    if limit is None:
        raise bad_request(
            f"unable to parse requirement: {key}{operator}{value}: for > and < the value must be an integer"
        )

    def holds(labels: Labels) -> bool:
        number = _integer(labels.get(key, ""))
        return number is not None and (number > limit if operator == ">" else number < limit)

    return holds


def _field_requirements(text: str, supported: Set[str] | None) -> Iterator[tuple[str, bool, str]]:
    position = 0
    while position < len(text):
        found = _FIELD.match(text, position)
        if not found:
            raise bad_request(f"invalid field selector: {text[position:]!r}; write field=value or field!=value")
        if supported is not None and found["field"] not in supported:
            raise _unsupported(found["field"], supported)
        position = found.end()
        yield found["field"], found["operator"] != "!=", re.sub(r"\\(.)", r"\1", found["value"])


def _unsupported(field: str, supported: Set[str]) -> Failure:
    return bad_request(f'field label not supported: "{field}"; supported are {", ".join(sorted(supported))}')


def _check_key(key: str) -> None:
    if problem := qualified_name(key):
        raise bad_request(f"unable to parse requirement: key {key!r}: {problem}")


def _checked_value(value: str) -> str:
    if problem := label_value(value):
        raise bad_request(f"unable to parse requirement: value {value!r}: {problem}")
    return value


def _integer(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,19}", text) else None
