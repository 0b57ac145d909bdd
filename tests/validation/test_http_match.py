"""Conditions and header changes of HTTP routes, by the rows of Istio's own tables (pkg/config/validation)."""

import pytest

from pylae.api.scheme import VIRTUAL_SERVICE

MATCHES = {
    "X50 a header's exact value": ("{headers: {a: {exact: x}}}", ()),
    "X50 a header's prefix": ("{headers: {a: {prefix: x}}}", ()),
    "X50 a header's expression": ("{headers: {a: {regex: 'x.*'}}}", ()),
    "X50 a header that is there": ("{headers: {a: {}}}", ()),
    "X41 an empty prefix of a header": (
        "{headers: {a: {prefix: ''}}}",
        ("headers[a].prefix: prefix match should not be",),
    ),
    "X50 an empty expression of a header": ("{headers: {a: {regex: ''}}}", ("regex match should not be empty",)),
    "RV17 `*` as the expression of a header": ("{headers: {a: {regex: '*'}}}", ("regex is not RE2",)),
    "X60 a header that must not be": ("{withoutHeaders: {a: {exact: x}}}", ()),
    "X60 a header that must not match": ("{withoutHeaders: {a: {regex: 'x.*'}}}", ()),
    "X60 a header that must not be there at all": ("{withoutHeaders: {a: {regex: '*'}}}", ()),
    "X60 `?` is no expression": ("{withoutHeaders: {a: {regex: '?'}}}", ("withoutHeaders[a].regex: regex is not RE2",)),
    "X65 an empty prefix of a path takes all": ("{uri: {prefix: ''}}", ()),
    "X65 an empty expression of a path": ("{uri: {regex: ''}}", ("uri.regex: regex match should not be empty",)),
    "X65 a path by expression": ("{uri: {regex: '/a/[0-9]+'}}", ()),
    "X70 an empty prefix of a method": ("{method: {prefix: ''}}", ("method.prefix: prefix match should not be empty",)),
    "X70 an empty expression of a scheme": (
        "{scheme: {regex: ''}}",
        ("scheme.regex: regex match should not be empty",),
    ),
    "X75 an empty expression of a parameter": ("{queryParams: {q: {regex: ''}}}", ("queryParams[q].regex: ",)),
    "X75 a parameter that is there": ("{queryParams: {q: {}}}", ()),
    "RV17 an expression that is too long": (f"{{uri: {{regex: '{'a' * 1025}'}}}}", ("regex is too large",)),
    "RV17 an expression that grows too large": (
        "{uri: {regex: '((a{100}){100}){50}'}}",
        ("regex is not RE2: invalid repetition size",),
    ),
    "RV18 a port out of range": ("{port: 70000}", ("match[0].port: port number 70000",)),
    "RV18 a bad label": ("{sourceLabels: {'-a': b}}", ("sourceLabels[-a]: invalid label key",)),
    "RV18 a bad namespace": ("{sourceNamespace: a.b}", ("sourceNamespace: invalid namespace",)),
    "RV18 a bad gateway": ("{gateways: [a/b/c]}", ("match[0].gateways[0]: invalid value for",)),
    "two patterns for one thing": ("{uri: {exact: /a, prefix: /b}}", ("only one of exact, prefix, regex",)),
    "X80 a header with a capital": ("{headers: {X-Requested-With: {exact: x}}}", ()),
    "X80 the host": ("{headers: {':authority': {exact: x}}}", ()),
    "X80 a header of odd signs": ("{headers: {'funky!$#_': {exact: x}}}", ()),
    "X80 a header without name": ("{headers: {'': {exact: x}}}", ("'' is not a valid header name",)),
    "X80 a header of colons": ("{headers: {'::': {exact: x}}}", ("'::' is not a valid header name",)),
    "X80 a header with a quote": ("{headers: {'illegal\"char': {exact: x}}}", ("is not a valid header name",)),
}

VALUES = {
    "X81 plain": ("foo", True),
    "X81 an operator": ("%HOSTNAME%", True),
    "X38 a percent sign": ("100%%", True),
    "X81 an operator within text": ("prefix %HOSTNAME% suffix", True),
    "X81 an operator with a format": ("%DOWNSTREAM_PEER_CERT_V_END(%b %d %H:%M:%S %Y %Z)%", True),
    "X81 an operator with an argument": ("%DYNAMIC_METADATA(com.test.my_filter)%", True),
    "X81 a percent sign too many": ("%START_TIME%%", False),
    "X39 a percent sign by itself": ("abc%123", False),
    "an operator that Envoy does not know": ("%FOO%", False),
    "our own environment": ("%ENVIRONMENT(PATH)%", False),
    "a line break": ("a\\nb", False),
    "a tab, which is allowed": ("a\\tb", True),
}

CHANGES = {
    "X37 an empty name to add": ("{request: {add: {'': x}}}", ("request.add[]: header name cannot be empty",)),
    "X37 an empty name to set": ("{response: {set: {'': x}}}", ("response.set[]: header name cannot be empty",)),
    "X37 an empty name to remove": ("{request: {remove: ['']}}", ("request.remove[0]: header name cannot be empty",)),
    "RV19 the path": ("{request: {set: {':path': x}}}", ("header ':path' cannot be changed here",)),
    "RV19 the host of an answer": ("{response: {set: {Host: x}}}", ("header 'Host' cannot be changed here",)),
    "RV19 the host removed": ("{request: {remove: [host]}}", ("header 'host' cannot be changed here",)),
    "RV19 the host of a request": ("{request: {set: {host: x}}}", ()),
    "RV20 the host twice": (
        "{request: {set: {host: x}, add: {':authority': y}}}",
        ("authority header cannot be set multiple times",),
    ),
    "a name with a blank": ("{request: {set: {'a b': x}}}", ("'a b' is not a valid header name",)),
}


def _spec(inside: str) -> str:
    return f"{{hosts: [foo.bar], gateways: [gw], http: [{{route: [{{destination: {{host: a}}}}], {inside}}}]}}"


@pytest.mark.parametrize("case", MATCHES)
def test_a_condition_is_judged(judge, case: str) -> None:
    match, errors = MATCHES[case]
    judge(VIRTUAL_SERVICE, _spec(f"match: [{match}]")).must_be(errors)


@pytest.mark.parametrize("case", VALUES)
@pytest.mark.parametrize("operation", ["set", "add"])
def test_a_header_value_is_judged(judge, case: str, operation: str) -> None:
    value, is_sound = VALUES[case]
    verdict = judge(VIRTUAL_SERVICE, _spec(f'headers: {{response: {{{operation}: {{x-a: "{value}"}}}}}}'))
    assert len(verdict.errors) == (0 if is_sound else 1)


@pytest.mark.parametrize("case", CHANGES)
def test_a_change_of_headers_is_judged(judge, case: str) -> None:
    changes, errors = CHANGES[case]
    judge(VIRTUAL_SERVICE, _spec(f"headers: {changes}")).must_be(errors)


def test_the_changes_of_a_destination_are_judged_too(judge) -> None:
    route = "{destination: {host: a}, headers: {request: {remove: ['']}}}"
    spec = f"{{hosts: [a.b], gateways: [gw], http: [{{route: [{route}]}}]}}"
    judge(VIRTUAL_SERVICE, spec).must_be(("spec.http[0].route[0].headers.request.remove[0]: header name",))
