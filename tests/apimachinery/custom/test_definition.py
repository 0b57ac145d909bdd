import copy

import pytest

from pylae.apimachinery.custom.definition import check_definition, complete_definition
from pylae.apimachinery.custom.definition_status import condition, established, is_established, terminating
from pylae.apimachinery.custom.definition_version import warnings

NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
SCHEMA = {
    "type": "object",
    "properties": {"spec": {"type": "object", "properties": {"color": {"type": "string"}, "size": {"type": "number"}}}},
}


def a_definition(group="stable.example.com", kind="CronTab", **version):
    plural = f"{kind.lower()}s"
    first = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": SCHEMA}, **version}
    spec = {"group": group, "scope": "Namespaced", "names": {"plural": plural, "kind": kind}, "versions": [first]}
    return complete_definition({"metadata": {"name": f"{plural}.{group}"}, "spec": spec})


def wrong(definition, old=None):
    return [str(cause) for cause in check_definition(definition, old)]


def changed(definition, *path, value):
    copied = copy.deepcopy(definition)
    place = copied
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return copied


def test_the_server_fills_in_the_names_and_the_conversion():
    spec = a_definition()["spec"]
    assert (spec["names"]["singular"], spec["names"]["listKind"]) == ("crontab", "CronTabList")
    assert spec["conversion"] == {"strategy": "None"}
    assert wrong(a_definition()) == []


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("metadata", "name"), "x", 'metadata.name: Invalid value: "x": must be spec.names.plural+"."+spec.group'),
        (("spec", "group"), "example", "spec.group: Invalid value"),
        (("spec", "names", "kind"), "Cron_Tab", "spec.names.kind: Invalid value"),
        (("spec", "names", "listKind"), "CronTab", "spec.names.listKind: Invalid value"),
        (("spec", "names", "shortNames"), ["CT"], "spec.names.shortNames[0]: Invalid value"),
        (("spec", "versions", 0, "storage"), False, "spec.versions: Invalid value"),
        (("spec", "versions", 0, "name"), "1", "spec.versions[0].name: Invalid value"),
        (("spec", "versions", 0, "schema"), {}, "spec.versions[0].schema.openAPIV3Schema: Required value"),
        (("spec", "preserveUnknownFields"), True, "spec.preserveUnknownFields: Invalid value"),
        (
            ("spec", "versions", 0, "schema", "openAPIV3Schema", "properties", "spec"),
            {},
            "spec.versions[0].schema.openAPIV3Schema.properties[spec].type: Required value",
        ),
    ],
)
def test_what_is_wrong_is_told_by_its_path(path, value, words):
    found = wrong(changed(a_definition(), *path, value=value))
    assert any(complaint.startswith(words) for complaint in found), found


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (
            {"additionalPrinterColumns": [{"name": "A", "type": "text", "jsonPath": ".a"}]},
            "additionalPrinterColumns[0].type",
        ),
        (
            {"additionalPrinterColumns": [{"name": "A", "type": "date", "jsonPath": "a["}]},
            "additionalPrinterColumns[0].JSON",
        ),
        ({"selectableFields": [{"jsonPath": ".spec.size"}]}, "selectableFields[0].jsonPath: Invalid value"),
        ({"selectableFields": [{"jsonPath": ".spec.none"}]}, "selectableFields[0].jsonPath: Invalid value"),
        ({"deprecationWarning": "old"}, "deprecationWarning: Invalid value"),
        (
            {"subresources": {"scale": {"specReplicasPath": ".x", "statusReplicasPath": ".status.n"}}},
            "subresources.scale.spec",
        ),
    ],
)
def test_what_is_wrong_with_a_version_too(version, words):
    assert wrong(a_definition(**version))[0].startswith(f"spec.versions[0].{words}")


def test_a_rule_that_is_no_cel_refuses_the_definition_and_one_with_something_unknown_only_warns():
    def with_rule(rule):
        rules = {**SCHEMA, "x-kubernetes-validations": [{"rule": rule}]}
        return a_definition(schema={"openAPIV3Schema": rules})

    assert "x-kubernetes-validations[0].rule" in wrong(with_rule("self.a +"))[0]
    assert wrong(with_rule("self.spec.color.frobnicate()")) == []
    assert "frobnicate is not known here" in next(warnings(with_rule("self.spec.color.frobnicate()")))
    assert list(warnings(a_definition())) == []


def test_a_group_of_kubernetes_needs_an_approval():
    definition = a_definition(group="x.k8s.io")
    assert wrong(definition)[0].startswith("metadata.annotations[api-approved.kubernetes.io]: Required value")
    definition["metadata"]["annotations"] = {"api-approved.kubernetes.io": "https://example.com/1"}
    assert wrong(definition) == []
    granted = established(definition, [], NOW)
    assert condition(granted, "KubernetesAPIApprovalPolicyConformant")["reason"] == "ApprovedAnnotation"


def test_what_is_established_keeps_its_scope_and_its_stored_versions():
    old = established(a_definition(), [], NOW)
    cluster = changed(old, "spec", "scope", value="Cluster")
    assert wrong(cluster, old) == ['spec.scope: Invalid value: "Cluster": field is immutable']
    other = changed(old, "spec", "versions", 0, "name", value="v2")
    assert wrong(other, old)[0].startswith('status.storedVersions[0]: Invalid value: "v1": missing from spec.versions')


def test_names_are_granted_to_who_was_first():
    first = established(a_definition(), [], NOW)
    assert is_established(first)
    assert first["status"]["acceptedNames"] == first["spec"]["names"]
    assert first["status"]["storedVersions"] == ["v1"]
    late = a_definition(kind="Other")
    late["spec"]["names"] |= {"kind": "CronTab", "listKind": "CronTabList"}
    second = established(late, [first], NOW)
    assert condition(second, "NamesAccepted")["reason"] == "ListKindConflict"
    assert condition(second, "Established")["status"] == "False"
    assert is_established(established(second, [], LATER))


def test_a_time_is_when_the_status_last_changed():
    first = established(a_definition(), [], NOW)
    assert established(first, [], LATER) == first


def test_one_that_goes_holds_on_until_its_objects_are_gone():
    going = terminating(established(a_definition(), [], NOW), LATER)
    assert going["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    assert condition(going, "Terminating")["status"] == "True"
