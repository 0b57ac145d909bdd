"""`limit` and `continue`: a long list in pages.

A token says where the next page begins and which revision the first page showed. Later pages show the present, under
the first page's revision: a watch from that revision then brings whatever changed between the pages, so nothing is
lost.
"""

import base64
import binascii

import msgspec

from pylae.apimachinery.failure import bad_request


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


def decode_place(token: str) -> Place:
    """Raises a 400 `Failure` for a token that we did not make."""
    try:
        padded = token + "=" * (-len(token) % 4)
        return msgspec.json.decode(base64.urlsafe_b64decode(padded), type=Place)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        raise bad_request(
            "query parameter continue: this is not a token of this server: list again without it"
        ) from None
