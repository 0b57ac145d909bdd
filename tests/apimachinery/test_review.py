"""Questions of `kubectl auth`."""

import pytest

from pylae.apimachinery.failure import Failure
from pylae.apimachinery.registry import REGISTRY
from pylae.apimachinery.review import User, may, review

ADMIN = User("admin", ("system:masters",), uid="u")
READER = User("reader", read_only=True)


def ask(plural, spec, user=ADMIN):
    resource = next(r for r in REGISTRY if r.plural == plural)
    return review(resource, {"spec": spec}, user=user, registry=REGISTRY)


@pytest.mark.parametrize(
    ("user", "spec", "allowed"),
    [
        (ADMIN, {"resourceAttributes": {"verb": "delete", "resource": "secrets"}}, True),
        (ADMIN, {"nonResourceAttributes": {"verb": "get", "path": "/readyz"}}, True),
        (READER, {"resourceAttributes": {"verb": "get", "group": "networking.istio.io", "resource": "gateways"}}, True),
        (
            READER,
            {"resourceAttributes": {"verb": "create", "group": "networking.istio.io", "resource": "gateways"}},
            False,
        ),
        (READER, {"resourceAttributes": {"verb": "get", "resource": "secrets"}}, False),
        (READER, {"resourceAttributes": {"verb": "get", "resource": "*", "group": "*"}}, False),
        (READER, {"resourceAttributes": {"verb": "*", "resource": "pods"}}, False),
        (READER, {"nonResourceAttributes": {"verb": "get", "path": "/readyz"}}, True),
        (READER, {"nonResourceAttributes": {"verb": "post", "path": "/readyz"}}, False),
    ],
)
def test_can_i(user, spec, allowed):
    answered = ask("selfsubjectaccessreviews", spec, user)
    assert answered["status"]["allowed"] is allowed
    assert answered["spec"] == spec
    assert (answered["apiVersion"], answered["kind"]) == ("authorization.k8s.io/v1", "SelfSubjectAccessReview")


@pytest.mark.parametrize("spec", [{}, {"resourceAttributes": {}, "nonResourceAttributes": {}}, None, "text"])
def test_a_review_that_asks_nothing_or_two_things_is_invalid(spec):
    with pytest.raises(Failure) as refused:
        ask("selfsubjectaccessreviews", spec)
    assert refused.value.code == 422


def test_the_rules_of_one_who_may_do_everything():
    status = ask("selfsubjectrulesreviews", {"namespace": "shop"})["status"]
    assert status["resourceRules"] == [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
    assert status["incomplete"] is False


def test_the_rules_of_a_reader_leave_secrets_out():
    rules = ask("selfsubjectrulesreviews", {}, READER)["status"]["resourceRules"]
    readable = [resource for rule in rules for resource in rule["resources"]]
    assert "gateways" in readable
    assert not {"secrets", "selfsubjectreviews"} & set(readable)
    assert all(rule["verbs"] == ["get", "list", "watch"] for rule in rules)


def test_who_am_i():
    answered = ask("selfsubjectreviews", None)
    assert answered["status"] == {"userInfo": {"username": "admin", "uid": "u", "groups": ["system:masters"]}}


def test_only_reviews_are_reviewed():
    with pytest.raises(Failure) as refused:
        ask("secrets", {})
    assert refused.value.code == 404


def test_a_reader_may_watch_but_not_write():
    assert may(READER, "watch", "", "services")
    assert not may(READER, "patch", "", "services")
    assert may(ADMIN, "patch", "", "secrets")
