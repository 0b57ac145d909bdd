"""`limit` and `continue`: a long list in pages.

A token says where the next page begins and which revision the first page showed. All pages show that revision (see
`past`), for as long as it is known. After that the client is told so, with a token that leads on through the present.
"""

import base64
import binascii
from typing import Final

import msgspec

from pylae.apimachinery.failure import Failure, bad_request, expired

PRESENT: Final = -1
"""Instead of a revision: whatever is there."""


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended: the last object shown, and the revision of the first page."""

    revision: int
    namespace: str
    name: str

    @property
    def after(self) -> tuple[str, str]:
        return self.namespace, self.name


def encode_place(place: Place) -> str:
    """The `continue` token: opaque, safe in a URL."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def too_old(place: Place) -> Failure:
    """410 for a page whose revision is forgotten. The client may begin anew, or take the token that comes with it."""
    failure = expired(
        "The provided continue parameter is too old to display a consistent list result. You can start a new list "
        "without the continue parameter, or use the continue token in this response to retrieve the remainder of the "
        "results. Continuing with the provided token results in an inconsistent list - objects that were created, "
        "modified, or deleted between the time the first chunk was returned and now may show up in the list."
    )
    failure.metadata["continue"] = encode_place(Place(PRESENT, place.namespace, place.name))
    return failure


def decode_place(token: str) -> Place:
    """Raises a 400 `Failure` for a token that we did not make."""
    try:
        padded = token + "=" * (-len(token) % 4)
        return msgspec.json.decode(base64.urlsafe_b64decode(padded), type=Place)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        raise bad_request(
            "query parameter continue: this is not a token of this server: list again without it"
        ) from None
