"""A request's query parameters, read as Kubernetes reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pylae.apimachinery.failure import Failure, bad_request
from pylae.apimachinery.reading import FieldValidation, field_validation

TRUE: Final = frozenset({"1", "t", "T", "true", "TRUE", "True"})
FALSE: Final = frozenset({"", "0", "f", "F", "false", "FALSE", "False"})
"""What Go's ParseBool takes: clients in Python send `watch=True`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """The parameters of ListOptions, CreateOptions and their kin. `limit` 0 is no limit; `timeout` is in seconds,
    None if absent."""

    watch: bool
    resource_version: str
    resource_version_match: str
    limit: int
    continue_token: str
    labels: str
    fields: str
    timeout: int | None
    bookmarks: bool
    initial_events: bool
    dry_run: bool
    validation: FieldValidation
    include_object: str

    @property
    def revision(self) -> int:
        """The resourceVersion as a number; absent is 0, which means "any"."""
        return read_number("resourceVersion", self.resource_version)


def read_query(parameters: Mapping[str, str]) -> Query:
    """Raises a `Failure` that names the parameter for a value that cannot be read."""
    query = Query(
        watch=read_flag(parameters, "watch"),
        resource_version=parameters.get("resourceVersion", ""),
        resource_version_match=parameters.get("resourceVersionMatch", ""),
        limit=read_number("limit", parameters.get("limit", "")),
        continue_token=parameters.get("continue", ""),
        labels=parameters.get("labelSelector", ""),
        fields=parameters.get("fieldSelector", ""),
        timeout=read_number("timeoutSeconds", parameters["timeoutSeconds"])
        if parameters.get("timeoutSeconds")
        else None,
        bookmarks=read_flag(parameters, "allowWatchBookmarks"),
        initial_events=read_flag(parameters, "sendInitialEvents"),
        dry_run=read_dry_run(parameters.get("dryRun", "")),
        validation=field_validation(parameters.get("fieldValidation", "")),
        include_object=parameters.get("includeObject", "") or "Metadata",
    )
    _check_versions(query)
    return query


def read_dry_run(value: str) -> bool:
    """Is it a dry run? `All` is the one stage there is; anything else may not be taken for "store it"."""
    if value not in ("", "All"):
        raise _refused("dryRun", value, "must be All or absent")
    return value == "All"


def _check_versions(query: Query) -> None:
    match query.resource_version_match:
        case "" if query.initial_events:
            raise _refused("resourceVersionMatch", "", "sendInitialEvents needs resourceVersionMatch=NotOlderThan")
        case "" | "NotOlderThan":
            pass
        case "Exact" if query.resource_version not in ("", "0") and not query.watch:
            pass
        case other:
            raise _refused(
                "resourceVersionMatch", other, "must be NotOlderThan, or Exact with the resourceVersion of a list"
            )
    if query.include_object not in ("None", "Metadata", "Object"):
        raise _refused("includeObject", query.include_object, "must be None, Metadata or Object")


def read_flag(parameters: Mapping[str, str], name: str) -> bool:
    value = parameters.get(name, "")
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise _refused(name, value, "must be true or false")


def read_number(name: str, value: str) -> int:
    if not value:
        return 0
    if not (value.isascii() and value.isdigit()) or len(value) > 19:
        raise _refused(name, value, "must be a number that is not negative")
    return int(value)


def _refused(name: str, value: str, why: str) -> Failure:
    return bad_request(f"query parameter {name}: invalid value {value!r}: {why}")
