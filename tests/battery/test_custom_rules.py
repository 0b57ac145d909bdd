"""Rules of a definition's own, in CEL (`x-kubernetes-validations`)."""

import pytest
from custom import version

PROPERTIES = {
    "low": {"type": "integer"},
    "high": {"type": "integer"},
    "name": {"type": "string", "maxLength": 40},
    "names": {"type": "array", "maxItems": 9, "items": {"type": "string", "maxLength": 40}},
}
GOOD = {"low": 1, "high": 2, "name": "2s", "names": ["a"]}

RULES = {
    "its-message": ({"rule": "self.low <= self.high", "message": "low above high"}, {"low": 3}, "low above high"),
    "or-itself": ({"rule": "self.low <= self.high"}, {"low": 3}, "failed rule: self.low <= self.high"),
    "an-expression-as-message": (
        {"rule": "self.low < 9", "messageExpression": "self.low > 8 ? 'too high' : 'odd'"},
        {"low": 9},
        "too high",
    ),
    "has": ({"rule": "!has(self.names) || self.low < 2"}, {"low": 2}, "failed rule"),
    "matches": ({"rule": "self.name.matches('^[0-9][a-z]$')"}, {"name": "X"}, "failed rule"),
    "all": ({"rule": "self.names.all(n, size(n) < 4)"}, {"names": ["long-name"]}, "failed rule"),
    "exists": ({"rule": "self.names.exists(n, n == 'a')"}, {"names": ["b"]}, "failed rule"),
    "exists-one": ({"rule": "self.names.exists_one(n, n == 'a')"}, {"names": ["a", "a"]}, "failed rule"),
    "filter-and-map": (
        {"rule": "self.names.filter(n, n != 'b').map(n, size(n)) == [1]"},
        {"names": ["b"]},
        "failed rule",
    ),
    "in": ({"rule": "!('b' in self.names)"}, {"names": ["b"]}, "failed rule"),
    "is-url": ({"rule": "!isURL(self.name)"}, {"name": "https://a.example"}, "failed rule"),
    "duration": ({"rule": "duration(self.name) > duration('1s')"}, {"name": "1ms"}, "failed rule"),
    "what-cannot-be-evaluated": ({"rule": "duration(self.name) > duration('1s')"}, {"name": "soon"}, ""),
}


def _spec(**fields):
    return {"type": "object", "properties": PROPERTIES, **fields}


@pytest.mark.parametrize("case", RULES)
async def test_a_rule_refuses(define, case):
    rule, wrong, text = RULES[case]
    kind = await define(version(spec=_spec(**{"x-kubernetes-validations": [rule]})))
    assert (await kind.create("good", spec=GOOD)).status == 201
    reply = await kind.create(spec=GOOD | wrong)
    assert (reply.status, reply.causes) == (422, [("FieldValueInvalid", "spec")]), reply.body
    assert text in reply.cause_messages["spec"]


async def test_a_rule_may_name_its_field_and_its_reason(define):
    rule = {"rule": "self.low < 9", "fieldPath": ".low", "reason": "FieldValueForbidden"}
    kind = await define(version(spec=_spec(**{"x-kubernetes-validations": [rule]})))
    reply = await kind.create(spec=GOOD | {"low": 9})
    assert (reply.status, reply.causes) == (422, [("FieldValueForbidden", "spec.low")]), reply.body


async def test_every_rule_that_is_broken_is_named(define):
    rules = [{"rule": "self.low < 9", "message": "low"}, {"rule": "self.high < 9", "message": "high"}]
    kind = await define(version(spec=_spec(**{"x-kubernetes-validations": rules})))
    reply = await kind.create(spec=GOOD | {"low": 9, "high": 9})
    assert len(reply.causes) == 2
    assert "low" in reply.message
    assert "high" in reply.message


async def test_a_rule_over_time(define, api):
    rule = {"rule": "self == oldSelf", "message": "name is immutable"}
    fixed = {"type": "string", "x-kubernetes-validations": [rule]}
    kind = await define(version(spec={"type": "object", "properties": {"name": fixed, "n": {"type": "integer"}}}))
    await kind.create(spec={"name": "a"})
    assert (await api.patch(kind.path("a"), {"spec": {"n": 1}})).status == 200
    reply = await api.patch(kind.path("a"), {"spec": {"name": "b"}})
    assert (reply.status, reply.cause_messages["spec.name"].endswith("name is immutable")) == (422, True)
