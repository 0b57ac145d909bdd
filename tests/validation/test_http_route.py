"""HTTP routes, by the rows of Istio's own tables (pkg/config/validation, TestValidateHTTPRoute and friends)."""

import pytest

from pylae.api.scheme import VIRTUAL_SERVICE

TO = "route: [{destination: {host: foo.baz}}]"
OTHER = "{host: bar.baz}"

ACCEPTED = {
    "X31 a simple route": f"{{{TO}}}",
    "X31 weights that add up to anything": "{route: [{destination: {host: a}, weight: 30}, "
    "{destination: {host: b}, weight: 9}]}",
    "X32 a redirect": "{redirect: {uri: /new, authority: foo.baz}}",
    "X33 a prefix redirected, after a prefix": "{match: [{uri: {prefix: /a}}], redirect: {prefixRewrite: /b}}",
    "X33 a prefix redirected, without a path": "{match: [{method: {exact: GET}}], redirect: {prefixRewrite: /b}}",
    "X36 headers changed both ways": f"{{{TO}, headers: {{request: {{set: {{a: b}}, add: {{c: d}}, remove: [e]}}, "
    "response: {set: {a: b}, add: {c: d}, remove: [e]}}}",
    "X42 a match of nothing in particular": f"{{match: [{{}}], {TO}}}",
    "X44 a fraction of a percent mirrored": f"{{{TO}, mirror: {OTHER}, mirrorPercentage: {{value: 0.5}}}}",
    "X16 the host set for the route": f"{{{TO}, headers: {{request: {{set: {{':authority': x.com}}}}}}}}",
    "X16 the host set for a destination": "{route: [{destination: {host: a}, "
    "headers: {request: {set: {Host: x.com}}}}]}",
    "a root that leaves the rest to a delegate": "{match: [{uri: {prefix: /a}}], "
    "delegate: {name: other, namespace: ns}}",
    "X86 a retry policy": f"{{{TO}, retries: {{attempts: 10, perTryTimeout: 2s, retryOn: '5xx,503,connect-failure'}}}}",
    "X86 retries turned off": f"{{{TO}, retries: {{attempts: 0}}}}",
    "X87 a path rewritten by an expression, and the host": f"{{{TO}, rewrite: {{authority: x, "
    "uriRegexRewrite: {match: '^/(a)', rewrite: '/\\1'}}}",
    "X90 a direct response": "{directResponse: {status: 200, body: {string: hello}}}",
    "X82 a CORS policy": f"{{{TO}, corsPolicy: {{allowOrigins: [{{exact: a}}, {{prefix: b}}, {{regex: '.*'}}], "
    "allowMethods: [GET, '*'], allowHeaders: [x-a], exposeHeaders: [x-b], maxAge: 2s}}",
    "X84 faults": f"{{{TO}, fault: {{abort: {{httpStatus: 503, percentage: {{value: 0.001}}}}, "
    f"delay: {{fixedDelay: 3s}}}}}}",
    "X84 a fault of gRPC": f"{{{TO}, fault: {{abort: {{grpcStatus: DEADLINE_EXCEEDED}}}}}}",
    "RV23 a timeout in Go's spelling": f"{{{TO}, timeout: 1m30s}}",
    "X91 a subset and a port": "{route: [{destination: {host: a, subset: v1, port: {number: 80}}}]}",
    "X92 partial wildcards as destinations": "{route: [{destination: {host: '*-foo.baz'}, weight: 1}, "
    "{destination: {host: '*foo.baz'}, weight: 1}]}",
    "X92 one destination of weight 0": "{route: [{destination: {host: a}, weight: 0}]}",
    "X92 weights 100 and 0": "{route: [{destination: {host: a}, weight: 100}, {destination: {host: b}}]}",
}

REFUSED = {
    "X30 an empty route": ("{}", ("HTTP route, redirect or direct_response is required",)),
    "X34 a prefix redirected, after an exact path": (
        "{match: [{uri: {exact: /a}}], redirect: {prefixRewrite: /b}}",
        ("redirect.prefixRewrite: prefixRewrite needs",),
    ),
    "X34 a prefix redirected, after an expression": (
        "{match: [{uri: {regex: /a}}], redirect: {prefixRewrite: /b}}",
        ("prefixRewrite needs",),
    ),
    "X35 a redirect and a route": (f"{{{TO}, redirect: {{uri: /a}}}}", ("cannot contain both route and redirect",)),
    "RV11 a redirect and an answer": (
        "{redirect: {uri: /a}, directResponse: {status: 200}}",
        ("cannot contain both direct_response and redirect",),
    ),
    "RV11 an answer and a rewrite": (
        "{directResponse: {status: 200}, rewrite: {uri: /}}",
        ("cannot contain both rewrite and direct_response",),
    ),
    "RV12 a root with a route": (f"{{delegate: {{name: a}}, {TO}}}", ("must not specify route beside delegate",)),
    "RV12 a root with a redirect": ("{delegate: {name: a}, redirect: {uri: /}}", ("must not specify redirect",)),
    "X43 mirrored more than all": (
        f"{{{TO}, mirror: {OTHER}, mirrorPercentage: {{value: 101}}}}",
        ("mirrorPercentage.value: mirror percentage 101",),
    ),
    "X45 a mirror without destination": (f"{{{TO}, mirrors: [{{}}]}}", ("mirror destination is required",)),
    "X45 mirrored less than nothing": (
        f"{{{TO}, mirrors: [{{destination: {OTHER}, percentage: {{value: -1}}}}]}}",
        ("mirrors[0].percentage.value: mirror percentage -1",),
    ),
    "X46 mirror and mirrors": (
        f"{{{TO}, mirror: {OTHER}, mirrors: [{{destination: {OTHER}}}]}}",
        ("cannot contain both mirror and mirrors",),
    ),
    "X17 the host set and rewritten": (
        f"{{{TO}, rewrite: {{authority: a}}, headers: {{request: {{set: {{':authority': b}}}}}}}}",
        ("authority header cannot be set multiple times",),
    ),
    "RV23 a timeout of nothing": (f"{{{TO}, timeout: 0s}}", ("http[0].timeout: duration must be greater than 1ms",)),
    "RV23 a timeout that is no duration": (f"{{{TO}, timeout: '5'}}", ("'5' is not a duration",)),
    "X86 retries less than none": (f"{{{TO}, retries: {{attempts: -1}}}}", ("attempts cannot be negative",)),
    "X86 retries off, with a policy": (f"{{{TO}, retries: {{attempts: 0, retryOn: 5xx}}}}", ("attempts are set to 0",)),
    "X86 retries off, with other places": (
        f"{{{TO}, retries: {{retryRemoteLocalities: true}}}}",
        ("attempts are set to 0",),
    ),
    "X86 a time finer than Envoy's": (
        f"{{{TO}, retries: {{attempts: 1, perTryTimeout: 2.000000001s}}}}",
        ("only durations to ms precision",),
    ),
    "X86 a time shorter than Envoy's": (
        f"{{{TO}, retries: {{attempts: 1, perTryTimeout: 999ns, backoff: 999ns}}}}",
        ("perTryTimeout: duration must be greater than 1ms", "backoff: duration must be greater than 1ms"),
    ),
    "X86 a condition with a blank": (
        f"{{{TO}, retries: {{attempts: 1, retryOn: '5xx,invalid policy'}}}}",
        ("'invalid policy' is not a valid retryOn policy",),
    ),
    "X86 a status that is none": (
        f"{{{TO}, retries: {{attempts: 1, retryOn: '600,connect-failure'}}}}",
        ("'600' is not a valid retryOn policy",),
    ),
    "X87 a rewrite of nothing": (f"{{{TO}, rewrite: {{}}}}", ("rewrite must specify",)),
    "X87 a rewrite twice": (
        f"{{{TO}, rewrite: {{uri: /a, uriRegexRewrite: {{match: a, rewrite: b}}}}}}",
        ("rewrite may contain one of uri and uriRegexRewrite",),
    ),
    "X88 a rewrite without match": (
        f"{{{TO}, rewrite: {{uriRegexRewrite: {{rewrite: b}}}}}}",
        ("uriRegexRewrite must specify match",),
    ),
    "X88 a rewrite without replacement": (
        f"{{{TO}, rewrite: {{uriRegexRewrite: {{match: b}}}}}}",
        ("uriRegexRewrite must specify rewrite",),
    ),
    "X88 a rewrite by what is no expression": (
        f"{{{TO}, rewrite: {{uriRegexRewrite: {{match: '[', rewrite: b}}}}}}",
        ("uriRegexRewrite.match: regex is not RE2: missing ]",),
    ),
    "X89 a redirect to nowhere": ("{redirect: {}}", ("redirect must specify",)),
    "X89 a redirect by 299": ("{redirect: {uri: /, redirectCode: 299}}", ("redirect code 299 is not one of",)),
    "X89 a redirect by 400": ("{redirect: {uri: /, redirectCode: 400}}", ("redirect code 400",)),
    "D14 a redirect by 304, which Envoy has no action for": (
        "{redirect: {uri: /, redirectCode: 304}}",
        ("redirect code 304",),
    ),
    "X89 a redirect to a path and a prefix": (
        "{redirect: {uri: /a, prefixRewrite: /b}}",
        ("cannot contain both uri and prefixRewrite",),
    ),
    "RV29 a redirect to another scheme": ("{redirect: {scheme: ftp}}", ("invalid redirect scheme 'ftp'",)),
    "RV29 a redirect to port 0": ("{redirect: {port: 0}}", ("redirect.port: port number 0",)),
    "X90 an answer by 199": ("{directResponse: {status: 199}}", ("HTTP status 199",)),
    "X90 an answer by 601": ("{directResponse: {status: 601}}", ("HTTP status 601",)),
    "X83 an answer by 600, which Istio lets pass and Envoy refuses": (
        "{directResponse: {status: 600}}",
        ("HTTP status 600",),
    ),
    "X82 a method that is none": (
        f"{{{TO}, corsPolicy: {{allowMethods: [PUTT]}}}}",
        ("'PUTT' is not a supported HTTP",),
    ),
    "X82 an empty header": (f"{{{TO}, corsPolicy: {{exposeHeaders: ['']}}}}", ("exposeHeaders[0]: '' is not a valid",)),
    "X82 an age finer than seconds": (f"{{{TO}, corsPolicy: {{maxAge: 2.000000042s}}}}", ("to seconds precision",)),
    "X82 an empty origin": (f"{{{TO}, corsPolicy: {{allowOrigins: [{{exact: ''}}]}}}}", ("allowOrigins[0]: ",)),
    "RV26 a fault of no kind": (f"{{{TO}, fault: {{}}}}", ("must have an abort and/or a delay",)),
    "X84 a fault by 9000": (f"{{{TO}, fault: {{abort: {{httpStatus: 9000}}}}}}", ("HTTP status 9000",)),
    "X84 a fault less than never": (
        f"{{{TO}, fault: {{abort: {{httpStatus: 500, percentage: {{value: -10}}}}}}}}",
        ("percentage -10",),
    ),
    "X84 a gRPC status that is none": (
        f"{{{TO}, fault: {{abort: {{grpcStatus: BAD_STATUS}}}}}}",
        ("gRPC status 'BAD_STATUS' is not known",),
    ),
    "X85 a delay more than always": (
        f"{{{TO}, fault: {{delay: {{fixedDelay: 3s, percentage: {{value: 101}}}}}}}}",
        ("percentage 101",),
    ),
    "X85 an exponential delay": (
        f"{{{TO}, fault: {{delay: {{exponentialDelay: 3s}}}}}}",
        ("exponentialDelay is not supported",),
    ),
    "X91 a port without number": ("{route: [{destination: {host: a, port: {}}}]}", ("port.number: port number 0",)),
    "RV21 a subset that is none": (
        "{route: [{destination: {host: a, subset: V_1}}]}",
        ("subset name 'V_1' is invalid",),
    ),
    "X92 everything as destination": ("{route: [{destination: {host: '*'}}]}", ("invalid destination host *",)),
    "X92 a wildcard at the end": ("{route: [{destination: {host: 'foo.*'}}]}", ("domain name 'foo.*' invalid",)),
    "X92 a destination with a slash": ("{route: [{destination: {host: default/baz}}]}", ("domain name",)),
    "X92 a weight below 0": ("{route: [{destination: {host: a}, weight: -1}]}", ("route[0].weight: weight -1 < 0",)),
    "X92 weights that are all 0": (
        "{route: [{destination: {host: a}}, {destination: {host: b}}]}",
        ("total destination weight = 0",),
    ),
}


def _spec(route: str) -> str:
    return f"{{hosts: [foo.bar], gateways: [gw], http: [{route}]}}"


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_sound_route_draws_no_word(judge, case: str) -> None:
    judge(VIRTUAL_SERVICE, _spec(ACCEPTED[case])).must_be(())


@pytest.mark.parametrize("case", REFUSED)
def test_a_route_that_breaks_a_rule_is_refused_with_the_place(judge, case: str) -> None:
    route, errors = REFUSED[case]
    verdict = judge(VIRTUAL_SERVICE, _spec(route))
    verdict.must_be(errors)
    assert all(finding.path.startswith("spec.http[0]") for finding in verdict.findings)


@pytest.mark.parametrize("spelling", ["mirrorPercent", "mirror_percent"])
def test_x15_the_old_percentage_of_a_mirror_is_accepted_with_a_warning(judge, spelling: str) -> None:
    route = f"{{{TO}, mirror: {OTHER}, {spelling}: 50}}"
    judge(VIRTUAL_SERVICE, _spec(route)).must_be((), ('using deprecated setting "mirrorPercent"',))


def test_x43_the_old_percentage_of_a_mirror_may_not_exceed_100(judge) -> None:
    route = f"{{{TO}, mirror: {OTHER}, mirrorPercent: 101}}"
    judge(VIRTUAL_SERVICE, _spec(route)).must_be(("mirror percentage 101",), ("deprecated",))


def test_rv26_an_abort_without_status_is_accepted_with_a_warning(judge) -> None:
    judge(VIRTUAL_SERVICE, _spec(f"{{{TO}, fault: {{abort: {{}}}}}}")).must_be((), ("error type not set",))


@pytest.mark.parametrize(("size", "errors", "warnings"), [(99, 0, 0), (101, 0, 1), (2048, 1, 0)])
@pytest.mark.parametrize("spelling", ["string", "bytes"])
def test_x90_a_body_is_best_short(judge, size: int, errors: int, warnings: int, spelling: str) -> None:
    body = "a" * size * 1024 if spelling == "string" else "YWFh" * (size * 1024 // 3 + 1)
    verdict = judge(VIRTUAL_SERVICE, _spec(f"{{directResponse: {{status: 200, body: {{{spelling}: {body}}}}}}}"))
    assert (len(verdict.errors), len(verdict.warnings)) == (errors, warnings)


def test_a_delegate_may_not_delegate_in_turn(judge) -> None:
    judge(VIRTUAL_SERVICE, "{http: [{delegate: {name: other}}]}").must_be(("must not specify a delegate of its own",))


def test_a_delegate_needs_something_to_do(judge) -> None:
    judge(VIRTUAL_SERVICE, "{http: [{match: [{uri: {prefix: /}}]}]}").must_be(("is required",))


def test_a_delegate_may_look_at_the_namespace_of_the_source(judge) -> None:
    judge(VIRTUAL_SERVICE, f"{{http: [{{match: [{{sourceNamespace: ns}}], {TO}}}]}}").must_be(())
