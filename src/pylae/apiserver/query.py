"""A request's query parameters, read as Kubernetes reads them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pylae.apimachinery.failure import (
    Cause,
    Failure,
    bad_request,
    invalid_list_options,
    invalid_options,
    not_allowed,
    unsupported,
)
from pylae.apimachinery.reading import FieldValidation, field_validation

MATCH: Final = "resourceVersionMatch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """The parameters of ListOptions, CreateOptions and their kin. `revision` is the resourceVersion as a number, 0 if
    it is absent, which means "any". `limit` 0 is no limit; `timeout` is in seconds, None if absent."""

    watch: bool
    resource_version: str
    revision: int
    resource_version_match: str
    limit: int
    continue_token: str
    labels: str
    fields: str
    timeout: int | None
    bookmarks: bool
    initial_events: bool | None
    dry_run: bool
    validation: FieldValidation
    include_object: str
    field_manager: str = ""
    force: bool | None = None

    @property
    def from_present(self) -> bool:
        """Does a watch begin with the present? One that names neither a version nor its wish always did."""
        if self.initial_events is None:
            return not self.resource_version_match and self.revision == 0
        return self.initial_events

    @property
    def wants_exactly(self) -> bool:
        """Is a list to show the very moment of its resourceVersion, rather than one not older? A page of a list always
        was (https://kubernetes.io/docs/reference/using-api/api-concepts/#resourceversion-in-metadata)."""
        return self.resource_version_match == "Exact" or bool(self.limit and not self.resource_version_match)


def read_query(parameters: Mapping[str, str]) -> Query:
    """Raises a `Failure` that names the parameter for a value that cannot be read."""
    query = Query(
        watch=read_flag(parameters, "watch"),
        resource_version=parameters.get("resourceVersion", ""),
        revision=read_number("resourceVersion", parameters.get("resourceVersion", "")),
        resource_version_match=parameters.get("resourceVersionMatch", ""),
        limit=read_number("limit", parameters.get("limit", "")),
        continue_token=parameters.get("continue", ""),
        labels=parameters.get("labelSelector", ""),
        fields=parameters.get("fieldSelector", ""),
        timeout=read_number("timeoutSeconds", parameters["timeoutSeconds"])
        if parameters.get("timeoutSeconds")
        else None,
        bookmarks=read_flag(parameters, "allowWatchBookmarks"),
        initial_events=read_flag(parameters, "sendInitialEvents") if "sendInitialEvents" in parameters else None,
        dry_run=read_dry_run(parameters.get("dryRun", "")),
        validation=field_validation(parameters.get("fieldValidation", "")),
        include_object=parameters.get("includeObject", "") or "Metadata",
        field_manager=parameters.get("fieldManager", ""),
        force=read_flag(parameters, "force") if "force" in parameters else None,
    )
    if causes := [*(_wrong_in_watch(query) if query.watch else _wrong_in_list(query))]:
        raise invalid_list_options(causes)
    if query.include_object not in ("None", "Metadata", "Object"):
        raise _refused("includeObject", query.include_object, "must be None, Metadata or Object")
    return query


def read_dry_run(value: str) -> bool:
    """Is it a dry run? `All` is the one stage there is; anything else may not be taken for "store it". Raises 422."""
    if value not in ("", "All"):
        raise invalid_options("WriteOptions", [unsupported("dryRun", value, ("All",))])
    return value == "All"


def _wrong_in_list(query: Query) -> Iterator[Cause]:
    """What upstream's ValidateListOptions finds in the parameters of a list, in its words."""
    if match := query.resource_version_match:
        if not query.resource_version:
            yield not_allowed(MATCH, f"{MATCH} is forbidden unless resourceVersion is provided")
        if query.continue_token:
            yield not_allowed(MATCH, f"{MATCH} is forbidden when continue is provided")
        if match not in ("Exact", "NotOlderThan"):
            yield unsupported(MATCH, match, ("Exact", "NotOlderThan", ""))
        if match == "Exact" and query.resource_version == "0":
            yield not_allowed(MATCH, f'{MATCH} "exact" is forbidden for resourceVersion "0"')
    if query.initial_events is not None:
        yield not_allowed("sendInitialEvents", "sendInitialEvents is forbidden for list")


def _wrong_in_watch(query: Query) -> Iterator[Cause]:
    match = query.resource_version_match
    if query.initial_events is not None and match != "NotOlderThan":
        yield not_allowed(MATCH, f"sendInitialEvents requires setting {MATCH} to NotOlderThan")
    if match:
        if query.initial_events is None:
            yield not_allowed(MATCH, f"{MATCH} is forbidden for watch unless sendInitialEvents is provided")
        if match != "NotOlderThan":
            yield unsupported(MATCH, match, ("NotOlderThan",))
        if query.continue_token:
            yield not_allowed(MATCH, f"{MATCH} is forbidden when continue is provided")


def read_flag(parameters: Mapping[str, str], name: str) -> bool:
    """As upstream reads one: absent, `0` and `false` in any case are false, and everything else is true, even nothing
    (`?watch`)."""
    return parameters.get(name, "0").lower() not in ("0", "false")


def read_number(name: str, value: str) -> int:
    if not value:
        return 0
    if not (value.isascii() and value.isdigit()) or len(value) > 19:
        raise _refused(name, value, "must be a number that is not negative")
    return int(value)


def _refused(name: str, value: str, why: str) -> Failure:
    return bad_request(f"query parameter {name}: invalid value {value!r}: {why}")
