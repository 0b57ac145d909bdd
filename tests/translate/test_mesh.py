"""The mesh configuration: what is read from it, and that nothing written in it does harm."""

from datetime import timedelta

import pytest

from pylae.api.core import ConfigMap
from pylae.api.meta import ObjectMeta
from pylae.model.edge import Edge, EscapedSlashes, Underscores
from pylae.model.finding import Finding
from pylae.model.snapshot import Snapshot
from pylae.model.workload import AccessLog, GatewayWorkload
from pylae.translate.edge import FIELDS
from pylae.translate.mesh import Mesh, mesh


def read(text: str) -> tuple[Mesh, list[Finding]]:
    config_map = ConfigMap(metadata=ObjectMeta(name="istio", namespace="istio-system"), data={"mesh": text})
    findings: list[Finding] = []
    snapshot = Snapshot(config_maps={("istio-system", "istio"): config_map})
    return mesh(snapshot, GatewayWorkload(), findings), findings


def test_without_one_all_is_as_by_default_and_the_workload_says_what_is_logged() -> None:
    log = AccessLog("JSON")
    assert mesh(Snapshot(), GatewayWorkload(access_log=log), []) == Mesh(log, False, timedelta(hours=1), Edge())


def test_hosts_are_served_on_demand_where_it_says_so_and_let_go_after_a_while() -> None:
    made, findings = read("{pylae.dev/serve: on-demand, pylae.dev/idleAfter: 1h30m}")
    assert (made.serve_on_demand, made.idle_after, findings) == (True, timedelta(minutes=90), [])
    assert not read("pylae.dev/serve: ahead")[0].serve_on_demand
    assert read("pylae.dev/idleAfter: 0s")[0].idle_after == timedelta(0)


def test_every_limit_of_the_edge_has_a_name_of_its_own() -> None:
    made, findings = read(
        """
        pylae.dev/edge:
          perConnectionBufferLimitBytes: 1048576
          maxConcurrentStreams: 1000
          initialStreamWindowSize: 131072
          initialConnectionWindowSize: 2097152
          upstreamPerConnectionBufferLimitBytes: 65536
          upstreamInitialStreamWindowSize: 524288
          idleTimeout: 15m
          requestHeadersTimeout: 10s
          streamIdleTimeout: 0s
          requestTimeout: 300s
          maxRequestHeadersKb: 96
          headersWithUnderscoresAction: ALLOW
          normalizePath: false
          mergeSlashes: false
          pathWithEscapedSlashesAction: KEEP_UNCHANGED
        """
    )
    assert findings == []
    assert made.edge == Edge(
        per_connection_buffer_limit_bytes=1_048_576,
        max_concurrent_streams=1000,
        initial_stream_window_size=131_072,
        initial_connection_window_size=2_097_152,
        upstream_per_connection_buffer_limit_bytes=65_536,
        upstream_initial_stream_window_size=524_288,
        idle_timeout=timedelta(minutes=15),
        request_headers_timeout=timedelta(seconds=10),
        stream_idle_timeout=timedelta(0),
        request_timeout=timedelta(minutes=5),
        max_request_headers_kb=96,
        headers_with_underscores_action=Underscores.ALLOW,
        normalize_path=False,
        merge_slashes=False,
        path_with_escaped_slashes_action=EscapedSlashes.KEEP_UNCHANGED,
    )
    assert len(FIELDS) == 15


@pytest.mark.parametrize(
    ("written", "path", "says"),
    [
        ("pylae.dev/serve: lazily", "[pylae.dev/serve]", "lazily is no way to serve hosts: there are ahead and on-d"),
        ("pylae.dev/serve: [ahead]", "[pylae.dev/serve]", "a list is no way"),
        ("pylae.dev/idleAfter: 60", "[pylae.dev/idleAfter]", "60 is no duration"),
        ("pylae.dev/idleAfter: -1s", "[pylae.dev/idleAfter]", "-1s is no duration from 0s to 8760h"),
        ("pylae.dev/idleAfter: soon", "[pylae.dev/idleAfter]", "'soon' is not a duration"),
        ("pylae.dev/edges: {}", "[pylae.dev/edges]", "There is no setting pylae.dev/edges"),
        ("pylae.dev/edge: hard", "[pylae.dev/edge]", "hard is no mapping"),
        ("pylae.dev/edge: {maxStreams: 1}", "[pylae.dev/edge].maxStreams", "There is no limit maxStreams"),
        ("pylae.dev/edge: {7: 1}", "[pylae.dev/edge].7", "There is no limit 7"),
        ("pylae.dev/edge: {maxConcurrentStreams: 0}", "[pylae.dev/edge].maxConcurrentStreams", "0 is no whole number"),
        ("pylae.dev/edge: {maxConcurrentStreams: true}", "[pylae.dev/edge].maxConcurrentStreams", "True is no whole"),
        (
            "pylae.dev/edge: {initialStreamWindowSize: 1000}",
            "[pylae.dev/edge].initialStreamWindowSize",
            "from 65535 to",
        ),
        ("pylae.dev/edge: {mergeSlashes: 'no'}", "[pylae.dev/edge].mergeSlashes", "no is neither true nor false"),
        ("pylae.dev/edge: {idleTimeout: 9000h}", "[pylae.dev/edge].idleTimeout", "9000h is no duration"),
        (
            "pylae.dev/edge: {headersWithUnderscoresAction: allow}",
            "[pylae.dev/edge].headersWithUnderscoresAction",
            "allow is none of ALLOW, REJECT_REQUEST, DROP_HEADER",
        ),
        ("pathNormalization: {normalization: ALL}", ".pathNormalization.normalization", "ALL is none of DEFAULT, NONE"),
    ],
)
def test_what_cannot_be_used_is_told_at_its_place_and_the_default_holds(written: str, path: str, says: str) -> None:
    made, [finding] = read(f"{{{written}}}")
    assert made == Mesh()
    assert (str(finding.about), finding.code.reason) == ("ConfigMap istio-system/istio", "SchemaWarning")
    assert finding.path == f"data.mesh{path}"
    assert says in finding.message


def test_a_bad_limit_leaves_the_others() -> None:
    made, findings = read("pylae.dev/edge: {maxConcurrentStreams: many, mergeSlashes: false, idleTimeout: x}")
    assert made.edge == Edge(merge_slashes=False)
    assert len(findings) == 2


def test_istios_path_normalization_holds_unless_ours_says_otherwise() -> None:
    base = read("pathNormalization: {normalization: BASE}")[0].edge
    assert (base.normalize_path, base.merge_slashes) == (True, False)
    assert base.path_with_escaped_slashes_action is EscapedSlashes.KEEP_UNCHANGED
    decoded = read("pathNormalization: {normalization: DECODE_AND_MERGE_SLASHES}")[0].edge
    assert decoded.path_with_escaped_slashes_action is EscapedSlashes.UNESCAPE_AND_FORWARD
    both = "{pathNormalization: {normalization: BASE}, pylae.dev/edge: {mergeSlashes: true}}"
    assert read(both)[0].edge.merge_slashes
    assert read("{pathNormalization: {normalization: DEFAULT}}")[0].edge == Edge()


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize("field", ["accessLogFile", "pylae.dev/serve", "pylae.dev/idleAfter", "pylae.dev/edge"])
def test_aliases_that_stand_for_gigabytes_are_not_written_out(field: str) -> None:
    _, [finding] = read(f"{BOMB}{field}: *i\n")
    assert "a list" in finding.message
    assert len(finding.message) < 200


@pytest.mark.parametrize("text", ["[" * 5000, "{a: {b: [}", "- a list", "&a [*a]", "? {a: b}\n: c", "2026-01-01", "\0"])
def test_nothing_that_is_written_raises(text: str) -> None:
    made, findings = read(text)
    assert made == Mesh()
    assert len(findings) == 1


def test_an_endless_number_is_no_number() -> None:
    made, findings = read(f"pylae.dev/edge: {{maxConcurrentStreams: {'9' * 4000}}}")
    assert made == Mesh()
    assert len(findings[0].message) < 200
