"""What can go wrong on the way to an API server: nobody answers, or the answer is no.

The words of an `ApiError` are the server's own, so that a user reads the same sentence here as in kubectl.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

LONGEST_EXCERPT = 200
"""Characters shown of an answer that is no Kubernetes Status, such as a proxy's HTML page."""


class KubeError(Exception):
    """Anything that this room raises on purpose."""


class Unreachable(KubeError):
    """No answer, or none that can be trusted. `server` is the address that was tried."""

    def __init__(self, server: str, why: str) -> None:
        super().__init__(f"the Kubernetes API at {server} cannot be reached: {why}")
        self.server = server
        self.why = why


class ApiError(KubeError):
    """The server answered no. `code` is the HTTP status; `reason` and `details` are those of the Kubernetes Status.

    `retry_after` are the seconds after which the server would be asked again, None if it did not say.
    """

    retry_after: float | None = None

    def __init__(self, code: int, reason: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = dict(details or {})

    @property
    def causes(self) -> tuple[tuple[str, str], ...]:
        """The field and the message of each problem in the object that was sent."""
        return tuple((cause.get("field", ""), cause.get("message", "")) for cause in self.details.get("causes") or ())

    @property
    def is_passing(self) -> bool:
        """Whether the same request may well succeed later: the server is busy, full, or out of order."""
        return self.code == 429 or self.code >= 500


class BadRequest(ApiError):
    """400: the request, or a field in its body, cannot be understood."""


class Unauthorized(ApiError):
    """401: the credentials are none that the server knows."""


class Forbidden(ApiError):
    """403: the credentials do not allow this."""


class NotFound(ApiError):
    """404: no such object, or no such kind."""


class Conflict(ApiError):
    """409: the object changed since it was read."""


class AlreadyExists(ApiError):
    """409: an object of that name is there."""


class Gone(ApiError):
    """410: the version asked for is no longer (or not yet) known; list again."""


class TooLarge(ApiError):
    """413: the object is larger than the server takes."""


class UnsupportedMediaType(ApiError):
    """415: the server does not take this kind of patch for this kind of object."""


class Invalid(ApiError):
    """422: the object breaks rules of its kind; `causes` has them all."""


class TooManyRequests(ApiError):
    """429: slow down."""


_BY_CODE: Mapping[int, type[ApiError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    413: TooLarge,
    415: UnsupportedMediaType,
    422: Invalid,
    429: TooManyRequests,
}


class _Status(msgspec.Struct):
    """The fields of a Kubernetes Status that say why (meta/v1)."""

    message: str = ""
    reason: str = ""
    code: int = 0
    details: dict[str, Any] | None = None


def api_error(code: int, body: bytes, retry_after: str = "") -> ApiError:
    """The error that an answer means: the Status in `body`, or a sentence about an answer that holds none.

    `retry_after` is the header of that name, in seconds (RFC 9110, 10.2.3). A Status in a watch stream comes without
    an HTTP status: pass 0, and the Status' own code counts.
    """
    try:
        status = msgspec.json.decode(body, type=_Status)
    except (msgspec.DecodeError, UnicodeDecodeError):
        excerpt = body[:LONGEST_EXCERPT].decode("utf-8", "replace").strip()
        status = _Status(message=f"the server answered {code} without a reason: {excerpt or 'nothing'}")
    code = code or status.code
    kind = AlreadyExists if status.reason == "AlreadyExists" else _BY_CODE.get(code, ApiError)
    error = kind(code, status.reason, status.message or f"the server answered {code}", status.details)
    error.retry_after = float(retry_after) if retry_after.isdecimal() else None
    return error
