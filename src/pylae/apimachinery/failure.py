"""How the API server says no: `Failure` is an exception that knows its Kubernetes Status document.

Clients act on `reason` and `details` and people read `message`, so the words are Kubernetes' own: kubectl prints them
unchanged, and scripts match them. A `Cause` is one problem at one field; many of them make one `Invalid` failure.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pylae.apimachinery.resource import Resource

LONGEST_SHOWN = 200
"""Characters of an offending value that a message repeats."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One problem at one field.

    `field` is a path such as `spec.servers[0].port.number`; `reason` one of Kubernetes' field error types
    (`FieldValueInvalid`, `FieldValueRequired`, ...); `message` the words after the path.
    """

    field: str
    reason: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message

    def document(self) -> dict[str, str]:
        return {"reason": self.reason, "message": self.message, "field": self.field}


def missing(field: str, detail: str = "") -> Cause:
    """A required field that is not there."""
    return Cause(field, "FieldValueRequired", f"Required value: {detail}" if detail else "Required value")


def invalid_value(field: str, value: object, detail: str) -> Cause:
    """A value that breaks a rule. Never hand in a secret's bytes: the value is printed."""
    return Cause(field, "FieldValueInvalid", f"Invalid value: {shown(value)}: {detail}")


def unsupported(field: str, value: object, supported: Iterable[str]) -> Cause:
    """A value outside an enumeration."""
    choices = ", ".join(json.dumps(choice, ensure_ascii=False) for choice in supported)
    return Cause(field, "FieldValueNotSupported", f"Unsupported value: {shown(value)}: supported values: {choices}")


def duplicate(field: str, value: object) -> Cause:
    """A value that must be unique and is not."""
    return Cause(field, "FieldValueDuplicate", f"Duplicate value: {shown(value)}")


def not_allowed(field: str, detail: str) -> Cause:
    """A field that may not be set (or changed) here."""
    return Cause(field, "FieldValueForbidden", f"Forbidden: {detail}")


def too_long(field: str, detail: str) -> Cause:
    """More bytes or characters than fit. The value itself is not shown: it is big, and may be secret."""
    return Cause(field, "FieldValueTooLong", f"Too long: {detail}")


def too_many(field: str, count: int, limit: int) -> Cause:
    """A list with more items than are allowed."""
    return Cause(field, "FieldValueTooMany", f"Too many: {count}: must have at most {limit} items")


def type_invalid(field: str, value: object, detail: str) -> Cause:
    """A value of the wrong JSON type."""
    return Cause(field, "FieldValueTypeInvalid", f"Invalid value: {shown(value)}: {detail}")


class Failure(Exception):
    """A request refused. `code` is the HTTP status; `reason` Kubernetes' word for machines; `message` is for people."""

    def __init__(self, code: int, reason: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details: dict[str, Any] = dict(details or {})
        self.metadata: dict[str, Any] = {}
        """A Status is also a list's: a `continue` that leads on from here."""

    def document(self) -> dict[str, Any]:
        """The body to answer with: `kind: Status`, `apiVersion: v1`."""
        status: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": self.metadata, "status": "Failure"}
        status["message"] = self.message
        if self.reason:
            status["reason"] = self.reason
        if self.details:
            status["details"] = self.details
        status["code"] = self.code
        return status


def bad_request(message: str) -> Failure:
    return Failure(400, "BadRequest", message)


def unauthorized(message: str = "Unauthorized") -> Failure:
    return Failure(401, "Unauthorized", message)


def forbidden(resource: "Resource", name: str, why: str) -> Failure:
    """403, e.g. `namespaces "default" is forbidden: this namespace may not be deleted`."""
    return Failure(403, "Forbidden", f"{_named(resource, name)} is forbidden: {why}", _details(resource, name))


def not_found(resource: "Resource", name: str) -> Failure:
    return Failure(404, "NotFound", f"{_named(resource, name)} not found", _details(resource, name))


def no_such_path() -> Failure:
    """404 for a path that is nothing of ours."""
    return Failure(404, "NotFound", "the server could not find the requested resource")


def method_not_allowed(message: str = "the server does not allow this method on the requested resource") -> Failure:
    return Failure(405, "MethodNotAllowed", message)


def not_acceptable(message: str) -> Failure:
    return Failure(406, "NotAcceptable", message)


def already_exists(resource: "Resource", name: str) -> Failure:
    return Failure(409, "AlreadyExists", f"{_named(resource, name)} already exists", _details(resource, name))


MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def conflict(resource: "Resource", name: str, message: str = MODIFIED) -> Failure:
    """409: the writer looked at an older version, or at another object of the same name."""
    text = f"Operation cannot be fulfilled on {_named(resource, name)}: {message}"
    return Failure(409, "Conflict", text, _details(resource, name))


def expired(message: str) -> Failure:
    """410: that resourceVersion (or continue token) is no longer there, or never was; list again."""
    return Failure(410, "Expired", message)


def too_new(wanted: int, newest: int) -> Failure:
    """504: a resourceVersion that is not reached yet. Clients know it by its cause and ask again without a version."""
    message = f"Timeout: Too large resource version: {wanted}, current: {newest}"
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    return Failure(504, "Timeout", message, {"retryAfterSeconds": 1, "causes": [cause]})


def too_large(message: str) -> Failure:
    return Failure(413, "RequestEntityTooLarge", message)


def unsupported_media_type(message: str) -> Failure:
    return Failure(415, "UnsupportedMediaType", message)


def invalid(resource: "Resource", name: str, causes: Sequence[Cause]) -> Failure:
    """422 with every cause, worded as kubectl shows it: one plainly, several as `[a, b]`."""
    return _invalid(resource.group, resource.kind, name, causes)


def invalid_list_options(causes: Sequence[Cause]) -> Failure:
    """422 for query parameters of a list or a watch that do not go together."""
    return _invalid("meta.k8s.io", "ListOptions", "", causes)


def invalid_options(kind: str, causes: Sequence[Cause]) -> Failure:
    """422 for query parameters of a write; `kind` is such as `PatchOptions`."""
    return _invalid("meta.k8s.io", kind, "", causes)


def apply_conflict(message: str, causes: Sequence[Cause]) -> Failure:
    """409: others own fields that somebody applies otherwise. kubectl tells by the causes what to advise."""
    return Failure(409, "Conflict", message, {"causes": [cause.document() for cause in causes]})


def _invalid(group: str, kind: str, name: str, causes: Sequence[Cause]) -> Failure:
    seen = list(dict.fromkeys(str(cause) for cause in causes))
    listed = seen[0] if len(seen) == 1 else f"[{', '.join(seen)}]"
    subject = f"{kind}.{group}" if group else kind
    details = {"name": name, "group": group, "kind": kind}
    details = {key: value for key, value in details.items() if value}
    body: dict[str, Any] = {**details, "causes": [cause.document() for cause in causes]}
    return Failure(422, "Invalid", f"{subject} {_quoted(name)} is invalid: {listed}", body)


def too_many_requests(message: str, retry_after: int = 1) -> Failure:
    """429; `retry_after` in seconds, which the HTTP header of that name repeats."""
    return Failure(429, "TooManyRequests", message, {"retryAfterSeconds": retry_after})


def internal_error(message: str) -> Failure:
    details = {"causes": [{"message": message}]}
    return Failure(500, "InternalError", f"Internal error occurred: {message}", details)


def insufficient_storage(message: str) -> Failure:
    """507: nothing was stored. The message says what to do about the disk."""
    return Failure(507, "InsufficientStorage", message)


def _details(resource: "Resource", name: str) -> dict[str, str]:
    details = {"name": name, "group": resource.group, "kind": resource.plural}
    return {key: value for key, value in details.items() if value}


def _named(resource: "Resource", name: str) -> str:
    return f"{resource.qualified_name} {_quoted(name)}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def shown(value: object) -> str:
    """A value as messages repeat it: JSON, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str, separators=(",", ":"))
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
