import pytest
from hypothesis import given
from hypothesis import strategies as st

from pylae.api.core import ConfigMap
from pylae.api.decode import Malformed, convert
from pylae.api.meta import ObjectMeta
from pylae.api.scheme import (
    DESTINATION_RULE,
    GATEWAY,
    SECRET,
    SERVICE,
    SERVICE_ENTRY,
    VIRTUAL_SERVICE,
    WORKLOAD_ENTRY,
    Kind,
)
from pylae.validation.report import SPEC, Path
from pylae.validation.validate import validate

JUDGED = (DESTINATION_RULE, GATEWAY, SECRET, SERVICE, SERVICE_ENTRY, VIRTUAL_SERVICE, WORKLOAD_ENTRY)


def test_a_path_is_written_as_users_write_it() -> None:
    assert SPEC / "servers" / 1 / "port" / "name" == "spec.servers[1].port.name"
    assert (SPEC / "headers").key("x-id") / "exact" == "spec.headers[x-id].exact"
    assert Path() / "data" == "data"


def test_kinds_without_rules_are_left_alone() -> None:
    assert validate(ConfigMap(metadata=ObjectMeta(name="a", namespace="b"))) == ()


@pytest.mark.parametrize("kind", JUDGED, ids=str)
def test_an_empty_object_is_judged_and_breaks_nothing(kind: Kind) -> None:
    validate(convert(kind, {"kind": kind.kind, "metadata": {"name": "a"}}))


_WORDS = """
    hosts servers port number protocol name tls mode http tcp match route destination host weight uri prefix regex
    headers request set add remove gateways ports endpoints address subsets trafficPolicy exportTo MUTUAL HTTPS
    credentialName retries attempts timeout redirect rewrite fault
"""
WORDS = st.sampled_from(_WORDS.split())
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 70000) | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)


@given(st.sampled_from(JUDGED), st.dictionaries(WORDS, VALUES, max_size=5))
def test_whatever_can_be_decoded_can_be_judged(kind: Kind, spec: dict[str, object]) -> None:
    document = {"kind": kind.kind, "metadata": {"name": "a", "namespace": "b"}, "spec": spec}
    try:
        decoded = convert(kind, document)
    except Malformed:
        return
    for finding in validate(decoded):
        assert finding.message
        assert finding.about.kind == kind.kind


def test_a_service_is_doubted_where_istio_reads_more_than_kubernetes(judge) -> None:
    annotations = {"networking.istio.io/exportTo": "a, b.c"}
    judge(SERVICE, "{type: ExternalName, externalName: 'a b'}", annotations=annotations).must_be(
        (), ("metadata.annotations[networking.istio.io/exportTo]: exportTo 'b.c'", "spec.externalName: 'a b'")
    )
    judge(SERVICE, "{ports: [{port: 80}]}", annotations={"networking.istio.io/exportTo": "., shop"}).must_be(())
