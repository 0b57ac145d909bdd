import pytest

from pylae.apimachinery.cel.validations import BUDGET, check_rules, rule_tree

TEXT = {"type": "string"}


def judged(schema, value, old=None):
    tree = rule_tree(schema)
    assert tree is not None
    return [str(cause) for cause in check_rules(tree, value, old)]


def an_object(rule, **fields):
    return {"type": "object", "properties": fields, "x-kubernetes-validations": [rule]}


def test_a_rule_that_is_broken_says_so_where_it_stands():
    schema = {"type": "object", "properties": {"spec": an_object({"rule": "self.a != self.b"}, a=TEXT, b=TEXT)}}
    assert judged(schema, {"spec": {"a": "x", "b": "x"}}) == ["spec: Invalid value: failed rule: self.a != self.b"]
    assert judged(schema, {"spec": {"a": "x", "b": "y"}}) == []


def test_a_rule_of_a_scalar_repeats_its_value():
    rule = {"rule": "self.startsWith('/')", "message": "must be a path"}
    schema = {"type": "object", "properties": {"path": {"type": "string", "x-kubernetes-validations": [rule]}}}
    assert judged(schema, {"path": "x"}) == ['path: Invalid value: "x": must be a path']


def test_reason_field_path_and_message_expression_make_the_complaint():
    rule = {
        "rule": "has(self.a)",
        "message": "not this",
        "messageExpression": "'a is needed beside ' + self.b",
        "reason": "FieldValueRequired",
        "fieldPath": ".a",
    }
    assert judged(an_object(rule, a=TEXT, b=TEXT), {"b": "x"}) == ["a: Required value: a is needed beside x"]


def test_a_message_expression_that_fails_leaves_the_message():
    rule = {"rule": "false", "message": "no", "messageExpression": "'x' + self.missing"}
    assert judged(an_object(rule, missing=TEXT), {}) == ["Invalid value: no"]


def test_a_rule_that_comes_to_no_value_is_broken():
    assert "evaluating rule" in judged(an_object({"rule": "self.a == 'x'"}, a=TEXT), {})[0]


def test_a_transition_rule_is_asked_where_there_is_something_to_compare_with():
    schema = an_object({"rule": "self.a == oldSelf.a", "message": "a is immutable"}, a=TEXT)
    assert judged(schema, {"a": "y"}) == []
    assert judged(schema, {"a": "y"}, {"a": "x"}) == ["Invalid value: a is immutable"]


def test_an_optional_old_self_is_asked_from_the_beginning():
    rule = {"rule": "oldSelf.hasValue() || self.a == 'new'", "message": "begin as new", "optionalOldSelf": True}
    assert judged(an_object(rule, a=TEXT), {"a": "old"}) == ["Invalid value: begin as new"]
    assert judged(an_object(rule, a=TEXT), {"a": "old"}, {"a": "new"}) == []


def test_items_with_keys_are_compared_with_what_has_the_same_keys():
    item = an_object({"rule": "self.n >= oldSelf.n", "message": "only up"}, name=TEXT, n={"type": "integer"})
    schema = {"type": "array", "items": item, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
    old, new = [{"name": "a", "n": 1}, {"name": "b", "n": 5}], [{"name": "b", "n": 4}, {"name": "a", "n": 2}]
    assert judged(schema, new, old) == ["[0]: Invalid value: only up"]


def test_what_was_wrong_before_and_is_not_touched_is_let_pass():
    schema = {"type": "object", "properties": {"a": {**TEXT, "x-kubernetes-validations": [{"rule": "self == 'x'"}]}}}
    assert judged(schema, {"a": "y", "b": 1}, {"a": "y"}) == []
    assert judged(schema, {"a": "z"}, {"a": "y"}) != []


@pytest.mark.parametrize(
    ("schema", "value", "rule"),
    [
        ({"type": "number"}, 3, "self / 2.0 == 1.5"),
        ({"type": "string", "format": "date-time"}, "2026-01-01T00:00:00Z", "self.getFullYear() == 2026"),
        ({"type": "string", "format": "duration"}, "90s", "self > duration('1m')"),
        ({"type": "string", "format": "byte"}, "YQ==", "self == b'a'"),
        ({"x-kubernetes-int-or-string": True}, "80", "type(self) == string"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, {"a-b": 1}, "self['a-b'] == 1"),
        ({"type": "object", "properties": {"a-b": {"type": "integer"}}}, {"a-b": 1}, "self.a__dash__b == 1"),
        ({"type": "object", "properties": {"namespace": TEXT}}, {"namespace": "x"}, "self.__namespace__ == 'x'"),
    ],
)
def test_rules_see_values_as_their_schema_types_them(schema, value, rule):
    assert judged({**schema, "x-kubernetes-validations": [{"rule": rule}]}, value) == []


def test_rules_stop_when_they_have_taken_too_long():
    wide = int(BUDGET**0.5) + 1
    rule = {"rule": "self.all(x, self.exists(y, x == y))"}
    schema = {"type": "array", "items": {"type": "integer"}, "x-kubernetes-validations": [rule]}
    assert "out of cost budget" in judged(schema, list(range(wide)))[0]


def test_a_rule_with_something_unknown_is_left_out():
    assert rule_tree(an_object({"rule": "self.a.frobnicate()"}, a=TEXT)) is None
