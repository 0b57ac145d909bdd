"""What Envoy would refuse in a route although the API accepts it.

Routes of many users share one route configuration, and Envoy takes it as a whole or not at all: one value that it
cannot use would keep everybody's changes on that port from being served. Such a route never leaves this room.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import timedelta

from pylae.model.ir.origin import Origin
from pylae.model.ir.route import (
    DirectResponse,
    HeaderChanges,
    HeaderMatch,
    Prefix,
    QueryMatch,
    Redirect,
    Regex,
    RegexRewrite,
    Retry,
    Route,
    WeightedCluster,
)
from pylae.rules.expressions import expression_problem
from pylae.rules.substitution import unknown_substitution

MAXIMUM_WEIGHT = 2**32 - 1
"""Of all clusters of a route together (Envoy, WeightedCluster)."""

MAXIMUM_DURATION = timedelta(days=365 * 290)
"""Go's longest duration is 292 years, and Envoy's milliseconds end soon after."""

MAXIMUM_BODY = 1024 * 1024
"""What Istio raises `max_direct_response_body_size_bytes` to."""


def unsound(made: Route | tuple[WeightedCluster, ...]) -> str:
    """What Envoy would refuse in it, in a few words; "" if nothing."""
    return next(_problems(made), "")


def _problems(value: object) -> Iterator[str]:
    if problem := _problem(value):
        yield problem
    if isinstance(value, tuple):
        for item in value:
            yield from _problems(item)
    elif is_dataclass(value) and not isinstance(value, Origin):
        for field in fields(value):
            yield from _problems(getattr(value, field.name))


def _problem(value: object) -> str:
    """What is wrong with a value itself, whatever its parts are."""
    match value:
        case str() if any(character in value for character in "\r\n\0"):
            return f"{value!r} contains a line break"
        case timedelta() if not timedelta(0) <= value <= MAXIMUM_DURATION:
            return f"a duration of {value} is out of range"
        case Retry(back_off=pause) if pause == timedelta(0):
            return "a back-off of 0 seconds is none"
        case Regex(expression) | RegexRewrite(pattern=expression):
            return expression_problem(expression) if expression else "an expression is empty"
        case HeaderMatch(name=name, match=Prefix("")) | QueryMatch(name=name, match=Prefix("")):
            return f"the prefix looked for in {name!r} is empty"
        case HeaderMatch(name="") | QueryMatch(name=""):
            return "the name of a header or parameter is empty"
        case DirectResponse(status=status) if not 200 <= status <= 599:
            return f"{status} is not a status from 200 to 599"
        case DirectResponse(body=body) if len(body) > MAXIMUM_BODY:
            return "the body is larger than 1 MiB"
        case Redirect(port=port) if port > 65535:
            return f"{port} is no port"
        case HeaderChanges():
            return _header_problem(value)
        case (WeightedCluster(), *_) if isinstance(value, tuple):
            weight = sum(cluster.weight for cluster in value)
            return f"the weights add up to {weight}, more than {MAXIMUM_WEIGHT}" if weight > MAXIMUM_WEIGHT else ""
        case _:
            return ""


def _header_problem(changes: HeaderChanges) -> str:
    if "" in (*(name for name, _ in (*changes.set, *changes.add)), *changes.remove):
        return "the name of a header is empty"
    unknown = next(filter(None, (unknown_substitution(text) for _, text in (*changes.set, *changes.add))), "")
    return f"{unknown!r} is no variable that Envoy knows; a percent sign is written %%" if unknown else ""
