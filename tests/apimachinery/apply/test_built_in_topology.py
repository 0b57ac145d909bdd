"""How the built-in kinds are put together: Kubernetes' own marks, where clients meet them."""

import pytest

from pylae.apimachinery.apply.built_in_topology import built_in
from pylae.apimachinery.apply.field_set import text
from pylae.apimachinery.apply.typed import compare, fields_of


def at(resource, path):
    here = built_in(resource)
    for name in path.split("."):
        here = (here.items if name == "[]" else here.below(name)) or here
    return here


@pytest.mark.parametrize(
    ("resource", "path", "keys"),
    [
        ("services", "spec.ports", ["port", "protocol"]),
        ("services", "status.conditions", ["type"]),
        ("services", "metadata.ownerReferences", ["uid"]),
        ("services", "metadata.finalizers", []),
        ("deployments.apps", "spec.template.spec.containers", ["name"]),
        ("deployments.apps", "spec.template.spec.containers.[].ports", ["containerPort", "protocol"]),
        ("deployments.apps", "spec.template.spec.initContainers.[].env", ["name"]),
        ("cronjobs.batch", "spec.jobTemplate.spec.template.spec.volumes", ["name"]),
        ("pods", "spec.topologySpreadConstraints", ["topologyKey", "whenUnsatisfiable"]),
        ("serviceaccounts", "secrets", ["name"]),
    ],
)
def test_lists_that_are_merged(resource, path, keys):
    topology = at(resource, path)
    assert topology.items is not None
    assert list(topology.keys) == keys


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        ("endpointslices.discovery.k8s.io", "endpoints"),
        ("endpointslices.discovery.k8s.io", "ports"),
        ("endpoints", "subsets"),
        ("services", "spec.externalIPs"),
        ("serviceaccounts", "imagePullSecrets"),
        ("ingresses.networking.k8s.io", "spec.rules"),
        ("jobs.batch", "status.conditions"),
    ],
)
def test_lists_that_are_one_piece(resource, path):
    assert at(resource, path).items is None


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        ("services", "spec.selector"),
        ("deployments.apps", "spec.selector"),
        ("pods", "spec.nodeSelector"),
        ("events", "involvedObject"),
        ("services", "metadata.ownerReferences.[]"),
        ("rolebindings.rbac.authorization.k8s.io", "roleRef"),
    ],
)
def test_structures_that_are_one_piece(resource, path):
    assert at(resource, path).is_atomic


def test_members_of_maps_are_owned_one_by_one():
    said = {"data": {"tls.crt": "", "tls.key": ""}, "metadata": {"labels": {"a": "b"}}}
    assert sorted(map(text, fields_of(built_in("secrets"), said))) == [
        ".data.tls.crt",
        ".data.tls.key",
        ".metadata.labels.a",
    ]


def test_a_new_object_has_its_structures_already():
    deployment = {"spec": {"template": {"spec": {"containers": [{"name": "web", "env": [{"name": "A"}]}]}}}}
    container = '.spec.template.spec.containers[name="web"]'
    assert sorted(map(text, compare(built_in("deployments.apps"), {}, deployment).added)) == [
        container,
        f"{container}.env",
        f'{container}.env[name="A"]',
        f'{container}.env[name="A"].name',
        f"{container}.name",
    ]


def test_a_field_of_a_structure_that_goes_is_removed():
    changes = compare(built_in("leases.coordination.k8s.io"), {"spec": {"holderIdentity": "a"}}, {"spec": {}})
    assert list(map(text, changes.removed)) == [".spec.holderIdentity"]
