"""Who is let in, and what one may find out about that."""

import pytest

REVIEWS = "/apis/authorization.k8s.io/v1"


@pytest.mark.parametrize("path", ["/api/v1/namespaces", "/apis/networking.istio.io/v1/gateways", "/api/v1/secrets"])
async def test_nobody_sees_nothing(nobody, path, expected):
    reply = await nobody("GET", path)
    assert (reply.status, reply.reason) == expected("nobody-in-particular")


async def test_a_wrong_token_is_nobody(nobody):
    reply = await nobody("GET", "/api/v1/namespaces", Authorization="Bearer wrong")
    assert (reply.status, reply.reason, reply.message) == (401, "Unauthorized", "Unauthorized")


async def test_one_may_ask_what_one_may(api):
    spec = {"resourceAttributes": {"verb": "create", "group": "networking.istio.io", "resource": "gateways"}}
    reply = await api("POST", f"{REVIEWS}/selfsubjectaccessreviews", {"spec": spec})
    assert (reply.status, reply.json["kind"], reply.json["status"]["allowed"]) == (201, "SelfSubjectAccessReview", True)


async def test_one_may_ask_for_all_that_one_may(api):
    reply = await api("POST", f"{REVIEWS}/selfsubjectrulesreviews", {"spec": {"namespace": api.namespace}})
    assert reply.status == 201
    rules = reply.json["status"]["resourceRules"]
    assert any(rule["verbs"] == ["*"] and rule["resources"] == ["*"] for rule in rules)


async def test_one_may_ask_what_another_may(api):
    attributes = {"verb": "delete", "resource": "secrets", "namespace": api.namespace}
    spec = {"user": "somebody", "resourceAttributes": attributes}
    reply = await api("POST", f"{REVIEWS}/subjectaccessreviews", {"spec": spec})
    assert (reply.status, reply.json["status"]["allowed"]) == (201, False)


async def test_one_may_ask_who_one_is(api):
    reply = await api("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {})
    user = reply.json["status"]["userInfo"]
    assert reply.status == 201
    assert {"system:masters", "system:authenticated"} <= set(user["groups"])
    assert user["username"]


async def test_a_strange_token_is_reviewed(api, expected):
    reply = await api("POST", "/apis/authentication.k8s.io/v1/tokenreviews", {"spec": {"token": "wrong"}})
    assert reply.status == expected("tokens-are-reviewed")
    assert reply.status == 404 or not reply.json["status"].get("authenticated")


async def test_a_review_without_a_question_is_refused(api):
    reply = await api("POST", f"{REVIEWS}/selfsubjectaccessreviews", {"spec": {}})
    assert (reply.status, reply.reason) == (422, "Invalid")


async def test_a_token_of_a_service_account_is_made_and_reviewed(api, expected):
    await api.create("robot", "serviceaccounts")
    spec = {"audiences": ["pylae"], "expirationSeconds": 600}
    path = api.path("serviceaccounts", "robot") + "/token"
    made = await api("POST", path, {"spec": spec})
    assert made.status == expected("tokens-are-reviewed"), made.body
    if made.status == 404:
        return
    question = {"spec": {"token": made.json["status"]["token"], "audiences": ["pylae"]}}
    review = await api("POST", "/apis/authentication.k8s.io/v1/tokenreviews", question)
    status = review.json["status"]
    assert (status["authenticated"], status["audiences"]) == (True, ["pylae"])
    assert status["user"]["username"] == f"system:serviceaccount:{api.namespace}:robot"
