"""Changes to headers on the way there and back (Istio, Headers), the host among them.

`host` and `:authority` are no ordinary headers: a value for either rewrites the host. Precedence is Istio's: the
route's rewrite, then the route's headers, then those of its only destination; with several destinations each has its
own, unless the route says.
"""

from collections.abc import Mapping

from pylae.api.http_action import HeaderOperations, Headers
from pylae.model.ir.route import HeaderChanges

AUTHORITY = frozenset({"host", ":authority"})


def header_changes(written: HeaderOperations | None) -> HeaderChanges:
    """The changes to ordinary headers; pseudo-headers and `host` are skipped."""
    if written is None:
        return HeaderChanges()
    remove = tuple(dict.fromkeys(name for name in written.remove if _is_ordinary(name)))
    return HeaderChanges(_pairs(written.set), _pairs(written.add), remove)


def _pairs(written: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in sorted(written.items()) if _is_ordinary(name))


def _is_ordinary(name: str) -> bool:
    return not name.startswith(":") and name.lower() not in AUTHORITY


def followed_by(first: HeaderChanges, then: HeaderChanges) -> HeaderChanges:
    """Both changes as one. What the second sets replaces what the first set or added under that name."""
    replaced = {name.lower() for name, _ in then.set}
    return HeaderChanges(
        set=tuple(sorted((*_but(replaced, first.set), *then.set))),
        add=tuple(sorted((*_but(replaced, first.add), *then.add), key=lambda pair: pair[0])),
        remove=tuple(dict.fromkeys((*first.remove, *then.remove))),
    )


def _but(names: set[str], pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in pairs if pair[0].lower() not in names)


def authority(headers: Headers | None) -> str:
    """The host that the request headers ask for; "" if they do not."""
    if headers is None or headers.request is None:
        return ""
    asked = (*sorted(headers.request.set.items()), *sorted(headers.request.add.items()))
    return next((value for name, value in asked if name.lower() in AUTHORITY), "")
