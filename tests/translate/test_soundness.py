"""What Envoy would refuse in a route is found before Envoy sees it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pylae.api.meta import ObjectRef
from pylae.model.ir.origin import Origin
from pylae.model.ir.route import (
    DirectResponse,
    Forward,
    HeaderChanges,
    HeaderMatch,
    Prefix,
    QueryMatch,
    Redirect,
    Regex,
    RegexRewrite,
    Retry,
    Route,
    RouteMatch,
    WeightedCluster,
)
from pylae.translate.soundness import unsound

GOOD = Route("", RouteMatch(), Forward((WeightedCluster("c"),)), Origin(ObjectRef("VirtualService", "shop", "v")))


def forwarding(**changes: object) -> Route:
    return replace(GOOD, action=Forward(**{"clusters": (WeightedCluster("c"),), **changes}))  # type: ignore[arg-type]


def test_an_ordinary_route_is_sound() -> None:
    assert unsound(GOOD) == ""


@pytest.mark.parametrize(
    ("route", "problem"),
    [
        (forwarding(prefix_rewrite="/a\n"), "contains a line break"),
        (forwarding(host_rewrite="a\0"), "contains a line break"),
        (forwarding(timeout=timedelta(days=365 * 400)), "out of range"),
        (forwarding(timeout=timedelta(seconds=-1)), "out of range"),
        (forwarding(retry=Retry(back_off=timedelta(0))), "back-off of 0 seconds"),
        (forwarding(regex_rewrite=RegexRewrite("(", "")), "regex is not RE2: missing )"),
        (forwarding(clusters=(WeightedCluster("a", 2**31), WeightedCluster("b", 2**31))), "add up to 4294967296"),
        (replace(GOOD, action=Redirect(port=70000)), "70000 is no port"),
        (replace(GOOD, action=DirectResponse(100)), "100 is not a status"),
        (replace(GOOD, action=DirectResponse(200, b"x" * 1048577)), "larger than 1 MiB"),
        (replace(GOOD, match=RouteMatch(Regex(""))), "an expression is empty"),
        (replace(GOOD, match=RouteMatch(Regex("(?=a)"))), "regex is not RE2"),
        (replace(GOOD, match=RouteMatch(Regex("[a-z]{1,1000}" * 20))), "regex is too large"),
        (replace(GOOD, match=RouteMatch(headers=(HeaderMatch("h", Prefix("")),))), "prefix looked for in 'h' is empty"),
        (replace(GOOD, match=RouteMatch(query=(QueryMatch("", Prefix("a")),))), "parameter is empty"),
        (replace(GOOD, request_headers=HeaderChanges(set=(("", "v"),))), "name of a header is empty"),
        (replace(GOOD, response_headers=HeaderChanges(add=(("a", "%FOO%"),))), "'%FOO%' is no variable"),
    ],
)
def test_what_envoy_would_refuse(route: Route, problem: str) -> None:
    assert problem in unsound(route)


def test_line_breaks_in_a_body_are_fine() -> None:
    assert unsound(replace(GOOD, action=DirectResponse(200, b"a\nb"))) == ""
