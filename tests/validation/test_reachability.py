"""Rules that an earlier one leaves nothing to (Istio: IST0130, IST0131)."""

import pytest

from pylae.api.scheme import VIRTUAL_SERVICE


def _rule(*matches: str) -> str:
    return f"{{match: [{', '.join(matches)}], route: [{{destination: {{host: a}}}}]}}"


PREFIX = "{uri: {prefix: /api/v1/product}}"
LONGER = "{uri: {prefix: /api/v1/products}, method: {exact: GET}}"

CASES = {
    "X18 a longer prefix after a shorter one": (
        [_rule(PREFIX), _rule(LONGER)],
        ("spec.http[1].match[0]: match is never used: rule 0 takes its prefix",),
    ),
    "X18 a longer prefix before a shorter one": ([_rule(LONGER), _rule(PREFIX)], ()),
    "X19 an exact path after the root": (
        [_rule("{uri: {prefix: /}}"), _rule("{uri: {exact: /}, method: {exact: GET}}")],
        (),
    ),
    "a prefix after one with a header": (
        [_rule("{uri: {prefix: /a}, headers: {x: {exact: y}}}"), _rule("{uri: {prefix: /a/b}}")],
        (),
    ),
    "a prefix after one with the same header": (
        [
            _rule("{uri: {prefix: /a}, headers: {x: {exact: y}}}"),
            _rule("{uri: {prefix: /a/b}, headers: {x: {exact: y}}}"),
        ],
        ("rule 0 takes its prefix",),
    ),
    "a prefix after one for another port": (
        [_rule("{uri: {prefix: /a}, port: 80}"), _rule("{uri: {prefix: /a/b}, port: 443}")],
        (),
    ),
    "a prefix after one for another gateway": (
        [_rule("{uri: {prefix: /a}, gateways: [one]}"), _rule("{uri: {prefix: /a/b}}")],
        (),
    ),
    "a prefix in capitals after one that does not mind": (
        [_rule("{uri: {prefix: /a}, ignoreUriCase: true}"), _rule("{uri: {prefix: /A/b}}")],
        ("rule 0 takes its prefix",),
    ),
    "RV34 a rule after one without matches": (
        [_rule(), _rule("{uri: {prefix: /a}}", "{port: 80}")],
        ("spec.http[1].match[0]: route without matches defined before", "spec.http[1].match[1]: route without matches"),
    ),
    "RV34 two rules without matches": ([_rule(), _rule()], ("spec.http[1]: only the last rule can have no matches",)),
    "RV34 the last without matches": ([_rule("{uri: {prefix: /a}}"), _rule()], ()),
    "RV34 a rule of matches that were all used": (
        [_rule("{name: one, uri: {exact: /a}}"), _rule("{name: two, uri: {exact: /a}}")],
        ("spec.http[1]: all matches used by prior rules",),
    ),
    "RV34 a rule of which one match was used": (
        [_rule("{uri: {exact: /a}}"), _rule("{uri: {exact: /a}}", "{uri: {exact: /b}}")],
        ("spec.http[1].match[0]: match is never used: rule 0 has the same",),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_rule_that_is_never_reached_is_a_warning_on_the_later_one(judge, case: str) -> None:
    rules, warnings = CASES[case]
    verdict = judge(VIRTUAL_SERVICE, f"{{hosts: [a.b], gateways: [gw], http: [{', '.join(rules)}]}}")
    verdict.must_be((), warnings)
    assert all(finding.code.number == "IST0130" for finding in verdict.findings)


def test_tls_rules_are_looked_at_too(judge) -> None:
    rule = "{match: [{sniHosts: [a.b]}], route: [{destination: {host: a}}]}"
    judge(VIRTUAL_SERVICE, f"{{hosts: [a.b], gateways: [gw], tls: [{rule}, {rule}]}}").must_be(
        (), ("spec.tls[1]: all matches used by prior rules",)
    )
