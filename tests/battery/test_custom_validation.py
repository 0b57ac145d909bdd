"""What a definition's schema demands, fills in and takes away, and in which words it refuses."""

import pytest
from custom import version

FIELDS = {
    "count": {"type": "integer", "minimum": 1, "maximum": 5},
    "even": {"type": "integer", "multipleOf": 2},
    "below": {"type": "number", "maximum": 5, "exclusiveMaximum": True},
    "word": {"type": "string", "pattern": "^[a-z]+$", "minLength": 2, "maxLength": 4},
    "colour": {"type": "string", "enum": ["red", "blue"]},
    "when": {"type": "string", "format": "date-time"},
    "flag": {"type": "boolean"},
    "port": {"x-kubernetes-int-or-string": True},
    "list": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2},
    "set": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
    "rows": {
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        "items": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string"}, "n": {"type": "integer"}},
        },
    },
    "map": {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1, "maxProperties": 2},
    "maybe": {"type": "string", "nullable": True},
    "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    "one": {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
    },
}
SPEC = {"type": "object", "properties": FIELDS}

ACCEPTED = [
    {"count": 5},
    {"even": 4},
    {"below": 4.5},
    {"word": "abc"},
    {"colour": "red"},
    {"when": "2026-01-02T03:04:05Z"},
    {"flag": True},
    {"port": 80},
    {"port": "http"},
    {"list": ["a"]},
    {"set": ["a", "b"]},
    {"rows": [{"name": "a"}, {"name": "b", "n": 1}]},
    {"map": {"a": 1}},
    {"maybe": None},
    {"open": {"any": [1, {"thing": None}]}},
    {"one": {"a": "x"}},
]

REFUSED = [
    ({"count": 0}, "FieldValueInvalid", "spec.count", "spec.count in body should be greater than or equal to 1"),
    ({"count": 6}, "FieldValueInvalid", "spec.count", "spec.count in body should be less than or equal to 5"),
    ({"count": "x"}, "FieldValueTypeInvalid", "spec.count", 'spec.count in body must be of type integer: "string"'),
    ({"even": 3}, "FieldValueInvalid", "spec.even", "spec.even in body should be a multiple of 2"),
    ({"below": 5}, "FieldValueInvalid", "spec.below", "spec.below in body should be less than 5"),
    ({"word": "ABC"}, "FieldValueInvalid", "spec.word", "spec.word in body should match '^[a-z]+$'"),
    ({"word": "a"}, "FieldValueInvalid", "spec.word", "spec.word in body should be at least 2 chars long"),
    ({"word": "abcde"}, "FieldValueTooLong", "spec.word", "may not be more than 4 bytes"),
    ({"colour": "green"}, "FieldValueNotSupported", "spec.colour", 'supported values: "red", "blue"'),
    ({"when": "noon"}, "FieldValueTypeInvalid", "spec.when", 'spec.when in body must be of type date-time: "noon"'),
    ({"flag": "yes"}, "FieldValueTypeInvalid", "spec.flag", 'spec.flag in body must be of type boolean: "string"'),
    ({"port": 1.5}, "FieldValueTypeInvalid", "spec.port", "must be of type integer,string"),
    ({"list": []}, "FieldValueInvalid", "spec.list", "spec.list in body should have at least 1 items"),
    ({"list": ["a", "b", "c"]}, "FieldValueTooMany", "spec.list", "must have at most 2 items"),
    ({"set": ["a", "a"]}, "FieldValueDuplicate", "spec.set[1]", 'Duplicate value: "a"'),
    ({"rows": [{"name": "a"}, {"name": "a"}]}, "FieldValueDuplicate", "spec.rows[1]", "Duplicate value"),
    ({"rows": [{"n": 1}]}, "FieldValueRequired", "spec.rows[0].name", "Required value"),
    ({"map": {"a": "x"}}, "FieldValueTypeInvalid", "spec.map.a", 'must be of type integer: "string"'),
    ({"map": {}}, "FieldValueInvalid", "spec.map", "spec.map in body should have at least 1 properties"),
    ({"map": {"a": 1, "b": 2, "c": 3}}, "FieldValueTooMany", "spec.map", "must have at most 2 items"),
    (
        {"one": {"a": "x", "b": "y"}},
        "FieldValueInvalid",
        "<nil>",
        '"spec.one" must validate one and only one schema (oneOf)',
    ),
]


@pytest.fixture
async def kind(define):
    return await define(version(spec=SPEC))


async def test_what_fits_is_accepted(kind):
    for number, spec in enumerate(ACCEPTED):
        reply = await kind.create(f"a{number}", spec=spec)
        assert (reply.status, reply.json.get("spec")) == (201, spec), reply.body


async def test_what_does_not_fit_is_refused_in_words_that_tools_know(kind):
    wrong = []
    for spec, reason, field, text in REFUSED:
        reply = await kind.create(spec=spec)
        if reply.status != 422 or (reason, field) not in reply.causes or text not in reply.cause_messages[field]:
            wrong.append((spec, reply.status, reply.message))
    assert wrong == []


async def test_a_change_that_does_not_fit_is_refused(kind, api):
    await kind.create(spec={"count": 1})
    reply = await api.patch(kind.path("a"), {"spec": {"count": 9}})
    assert (reply.status, reply.causes) == (422, [("FieldValueInvalid", "spec.count")])


async def test_what_was_wrong_already_may_stay_while_the_rest_changes(define, api, eventually):
    """Ratcheting: a schema that has become stricter does not stand in the way of other changes."""
    kind = await define(
        version(spec={"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}})
    )
    await kind.create(spec={"a": 9})
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + kind.name
    bound = [
        {
            "op": "add",
            "path": "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/a/maximum",
            "value": 5,
        }
    ]
    assert (await api.patch(path, bound, "json")).status == 200

    async def is_stricter():
        return (await kind.create("probe", "?dryRun=All", spec={"a": 9})).status == 422

    await eventually(is_stricter)
    assert (await api.patch(kind.path("a"), {"spec": {"b": 1}})).status == 200
    assert (await api.patch(kind.path("a"), {"spec": {"a": 8}})).status == 422


async def test_defaults_are_filled_in_where_nothing_stands(define, api):
    inner = {
        "type": "object",
        "default": {},
        "properties": {"n": {"type": "integer", "default": 3}, "m": {"type": "string"}},
    }
    items = {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer", "default": 1}}}}
    kind = await define(version(spec={"type": "object", "properties": {"inner": inner, "list": items}}))
    made = await kind.create(spec={"list": [{}, {"n": 2}]})
    assert made.json["spec"] == {"inner": {"n": 3}, "list": [{"n": 1}, {"n": 2}]}
    again = await api.patch(kind.path("a"), {"spec": {"inner": {"n": None}}})
    assert again.json["spec"]["inner"] == {"n": 3}


async def test_what_is_not_in_the_schema_is_pruned(define):
    kind = await define(version(spec={"type": "object", "properties": {"a": {"type": "integer"}}}))
    made = await kind.create(spec={"a": 1, "b": 2}, other=1)
    assert (made.json["spec"], "other" in made.json) == ({"a": 1}, False)
    assert sorted(made.warnings) == ['unknown field "other"', 'unknown field "spec.b"']
    strict = await kind.create("b", "?fieldValidation=Strict", spec={"b": 2})
    assert (strict.status, 'unknown field "spec.b"' in strict.message) == (400, True)


async def test_an_embedded_object_is_checked_as_one(define):
    embedded = {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True}
    kind = await define(version(spec={"type": "object", "properties": {"template": embedded}}))
    good = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": "b"}}
    assert (await kind.create(spec={"template": good})).status == 201
    reply = await kind.create("b", spec={"template": {"metadata": {"name": "x"}}})
    assert {cause[1] for cause in reply.causes} >= {"spec.template.apiVersion", "spec.template.kind"}
