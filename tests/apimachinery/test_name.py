"""Names, labels and annotations."""

import pytest

from pylae.apimachinery import name
from pylae.apimachinery.name import ANNOTATIONS_LIMIT, check_metadata


@pytest.mark.parametrize(
    ("rule", "right", "wrong"),
    [
        (
            name.dns_label,
            ["a", "istio-system", "9", "a" * 63],
            ["", "A", "a.b", "-a", "a-", "a_b", "a" * 64, "ü", "a\n"],
        ),
        (name.dns_subdomain, ["a", "a.b-c.d", "a" * 253], ["", "a..b", ".a", "a.", "A", "a" * 254, "a/b", "a\n"]),
        (name.path_segment, ["system:node", "A b"], [".", "..", "a/b", "a%b"]),
        (
            name.qualified_name,
            ["app", "App_1.x", "example.com/app", "a" * 63],
            ["", "/app", "example.com/", "-a", "a b", "Example.com/app", "a" * 64, "a/b/c"],
        ),
        (name.label_value, ["", "a", "A.b_c-d", "a" * 63], ["-a", "a-", "a b", "a" * 64, "ü"]),
        (
            name.config_key,
            ["tls.crt", ".dockerconfigjson", "A_b-c", "a" * 253],
            ["", ".", "..", "a b", "a/b", "a" * 254],
        ),
    ],
)
def test_a_rule_takes_the_right_and_says_why_not_the_wrong(rule, right, wrong):
    assert [text for text in right if rule(text)] == []
    assert [text for text in wrong if not rule(text)] == []


@pytest.mark.parametrize("rule", [name.dns_label, name.dns_subdomain, name.qualified_name, name.label_value])
def test_a_rule_does_not_ponder_over_megabytes(rule):
    assert rule("a-" * 1_000_000)


@pytest.mark.parametrize(
    ("resource", "metadata", "fields"),
    [
        pytest.param("secrets", {"name": "a.b"}, [], id="a dotted Secret"),
        pytest.param("namespaces", {"name": "a.b"}, ["metadata.name"], id="a dotted namespace"),
        pytest.param("services", {"name": "a.b"}, ["metadata.name"], id="a dotted Service"),
        pytest.param("clusterroles.rbac.authorization.k8s.io", {"name": "system:x"}, [], id="a role with a colon"),
        pytest.param("secrets", {"name": "A"}, ["metadata.name"], id="a capital letter"),
        pytest.param("secrets", {}, ["metadata.name"], id="no name"),
        pytest.param("secrets", {"name": "a", "labels": {"a b": "c"}}, ["metadata.labels"], id="a label's key"),
        pytest.param("secrets", {"name": "a", "labels": {"a": "b c"}}, ["metadata.labels"], id="a label's value"),
        pytest.param("secrets", {"name": "a", "annotations": {"A/B": "any text"}}, [], id="capitals in an annotation"),
        pytest.param(
            "secrets", {"name": "a", "annotations": {"a b": ""}}, ["metadata.annotations"], id="an annotation's key"
        ),
        pytest.param(
            "secrets", {"name": "a", "finalizers": ["a/b", "x y"]}, ["metadata.finalizers[1]"], id="a finalizer"
        ),
    ],
)
def test_what_is_wrong_with_metadata_is_said_at_its_field(resource, metadata, fields):
    assert [cause.field for cause in check_metadata(resource, metadata)] == fields


def test_a_missing_name_is_required_as_kubernetes_says_it():
    (cause,) = check_metadata("secrets", {})
    assert str(cause) == "metadata.name: Required value: name or generateName is required"


def test_annotations_are_bounded_together():
    fits = {"a": "x" * (ANNOTATIONS_LIMIT - 2), "b": ""}
    assert list(check_metadata("secrets", {"name": "a", "annotations": fits})) == []
    (cause,) = check_metadata("secrets", {"name": "a", "annotations": {**fits, "c": ""}})
    assert str(cause) == "metadata.annotations: Too long: may not be more than 262144 bytes"
