"""What Envoy would refuse in a route although the API accepts it.

Routes of many users share one route configuration, and Envoy takes it as a whole or not at all: one value that it
cannot use would keep everybody's changes on that port from being served. Such a route never leaves this room.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta
from functools import cache
from typing import Any

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


BREAKS = frozenset("\r\n\0")


def unsound(made: Route | tuple[WeightedCluster, ...]) -> str:
    """What Envoy would refuse in it, in a few words; "" if nothing."""
    return _first_problem(made)


def _first_problem(value: Any) -> str:
    """The first problem of a value itself or of its parts."""
    kind: Any = type(value)
    if (check := CHECKS.get(kind)) and (problem := check(value)):
        return problem
    for part in value if kind is tuple else [getattr(value, name) for name in _field_names(kind)]:
        if problem := _first_problem(part):
            return problem
    return ""


@cache
def _field_names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) and kind is not Origin else ()


def _text(value: str) -> str:
    return f"{value!r} contains a line break" if not BREAKS.isdisjoint(value) else ""


def _duration(value: timedelta) -> str:
    return "" if timedelta(0) <= value <= MAXIMUM_DURATION else f"a duration of {value} is out of range"


def _retry(value: Retry) -> str:
    return "a back-off of 0 seconds is none" if value.back_off == timedelta(0) else ""


def _expression(value: Regex | RegexRewrite) -> str:
    expression = value.value if isinstance(value, Regex) else value.pattern
    return expression_problem(expression) if expression else "an expression is empty"


def _condition(value: HeaderMatch | QueryMatch) -> str:
    if not value.name:
        return "the name of a header or parameter is empty"
    return f"the prefix looked for in {value.name!r} is empty" if value.match == Prefix("") else ""


def _answer(value: DirectResponse) -> str:
    if not 200 <= value.status <= 599:
        return f"{value.status} is not a status from 200 to 599"
    return "the body is larger than 1 MiB" if len(value.body) > MAXIMUM_BODY else ""


def _redirect(value: Redirect) -> str:
    return f"{value.port} is no port" if value.port > 65535 else ""


def _headers(value: HeaderChanges) -> str:
    pairs = (*value.set, *value.add)
    if "" in (*(name for name, _ in pairs), *value.remove):
        return "the name of a header is empty"
    unknown = next((rest for _, text in pairs if (rest := unknown_substitution(text))), "")
    return f"{unknown!r} is no variable that Envoy knows; a percent sign is written %%" if unknown else ""


def _weights(value: tuple[Any, ...]) -> str:
    weight = sum(part.weight for part in value if isinstance(part, WeightedCluster))
    return f"the weights add up to {weight}, more than {MAXIMUM_WEIGHT}" if weight > MAXIMUM_WEIGHT else ""


CHECKS: Mapping[type, Callable[[Any], str]] = {
    str: _text,
    timedelta: _duration,
    Retry: _retry,
    Regex: _expression,
    RegexRewrite: _expression,
    HeaderMatch: _condition,
    QueryMatch: _condition,
    DirectResponse: _answer,
    Redirect: _redirect,
    HeaderChanges: _headers,
    tuple: _weights,
}
"""By the type of a value, what is to be looked at in it besides its parts."""
