"""Which requests a route is for: paths, headers, query parameters."""

from typing import Any, assert_never

from envoy.config.route.v3 import route_components_pb2
from envoy.type.matcher.v3 import regex_pb2, string_pb2
from google.protobuf.wrappers_pb2 import BoolValue

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


def route_match(match: RouteMatch) -> Any:
    """`RouteMatch`."""
    message = route_components_pb2.RouteMatch(
        case_sensitive=BoolValue(value=match.case_sensitive),
        headers=[header_matcher(header) for header in match.headers],
        query_parameters=[_query_parameter(parameter) for parameter in match.query],
    )
    _set_path(message, match.path)
    return message


def header_matcher(header: HeaderMatch) -> Any:
    """`HeaderMatcher`. In an inverted match a missing header counts as an empty one, so it does not have the value."""
    message = route_components_pb2.HeaderMatcher(name=header.name, invert_match=header.invert)
    if isinstance(header.match, Present):
        message.present_match = True
    else:
        message.string_match.CopyFrom(string_matcher(header.match))
        message.treat_missing_header_as_empty = header.invert
    return message


def regex(pattern: str) -> Any:
    """`RegexMatcher`, of RE2, which is Envoy's only engine."""
    return regex_pb2.RegexMatcher(regex=pattern)


def string_matcher(match: StringMatch) -> Any:
    """`StringMatcher`."""
    match match:
        case Exact(value):
            return string_pb2.StringMatcher(exact=value)
        case Prefix(value):
            return string_pb2.StringMatcher(prefix=value)
        case Regex(value):
            return string_pb2.StringMatcher(safe_regex=regex(value))
        case _:
            assert_never(match)


def _query_parameter(parameter: QueryMatch) -> Any:
    if isinstance(parameter.match, Present):
        return route_components_pb2.QueryParameterMatcher(name=parameter.name, present_match=True)
    return route_components_pb2.QueryParameterMatcher(name=parameter.name, string_match=string_matcher(parameter.match))


def _set_path(message: Any, path: PathMatch) -> None:
    match path:
        case Exact(value):
            message.path = value
        case Prefix(value):
            message.prefix = value
        case Regex(value):
            message.safe_regex.CopyFrom(regex(value))
        case _:
            assert_never(path)
