"""Conditions of an HTTP route, spelled for Envoy (Istio, HTTPMatchRequest)."""

from collections.abc import Iterator, Mapping

from pylae.api.http_match import HttpMatchRequest
from pylae.api.http_match import StringMatch as WrittenMatch
from pylae.model.ir.route import (
    Exact,
    HeaderMatch,
    PathMatch,
    Prefix,
    Present,
    QueryMatch,
    Regex,
    RouteMatch,
    StringMatch,
)

CLAIMS = "@request.auth.claims"
"""Header keys that begin so ask for claims of a JWT."""


def route_match(match: HttpMatchRequest) -> RouteMatch:
    """Headers come sorted by name, then those left out, then method, authority and scheme; query parameters sorted."""
    path = _path(match.uri)
    return RouteMatch(
        path=path,
        case_sensitive=not match.ignore_uri_case or isinstance(path, Regex),
        headers=(*_headers(match.headers), *_headers(match.without_headers, invert=True), *_pseudo_headers(match)),
        query=tuple(QueryMatch(name, _value(value)) for name, value in sorted(match.query_params.items())),
    )


def asks_for_claims(match: HttpMatchRequest) -> bool:
    """Whether the match can never hold, since no request carries claims before JWTs are honoured."""
    return any(_is_claim(name) for name in match.headers)


def _is_claim(name: str) -> bool:
    return name.startswith(CLAIMS)


def _path(written: WrittenMatch | None) -> PathMatch:
    value = _value(written)
    return Prefix("/") if isinstance(value, Present) else value


def _value(written: WrittenMatch | None) -> StringMatch | Present:
    """No form at all, or the expression `*`, asks only for presence."""
    if written is None or written.regex == "*":
        return Present()
    if written.exact is not None:
        return Exact(written.exact)
    if written.prefix is not None:
        return Prefix(written.prefix)
    return Regex(written.regex) if written.regex is not None else Present()


def _headers(written: Mapping[str, WrittenMatch], *, invert: bool = False) -> Iterator[HeaderMatch]:
    """A claim that must be absent is absent: no request carries claims."""
    for name, value in sorted(written.items()):
        if not _is_claim(name):
            yield HeaderMatch(name, _value(value), invert)


def _pseudo_headers(match: HttpMatchRequest) -> Iterator[HeaderMatch]:
    asked = ((":method", match.method), (":authority", match.authority), (":scheme", match.scheme))
    yield from (HeaderMatch(name, _value(value)) for name, value in asked if value is not None)
