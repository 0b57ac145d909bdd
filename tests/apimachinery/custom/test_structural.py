import pytest

from pylae.apimachinery.custom.structural import check_structural

TEXT = {"type": "string"}
PORT = {
    "x-kubernetes-int-or-string": True,
    "anyOf": [{"type": "integer"}, {"type": "string"}],
}


def wrong(**properties):
    return [str(cause) for cause in check_structural({"type": "object", "properties": properties}, "s")]


@pytest.mark.parametrize(
    "member",
    [
        TEXT,
        PORT,
        {"x-kubernetes-preserve-unknown-fields": True},
        {"type": "object", "additionalProperties": TEXT},
        {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
        {"type": "array", "items": TEXT, "x-kubernetes-list-type": "set"},
        {
            "type": "object",
            "properties": {"a": TEXT},
            "oneOf": [{"required": ["a"]}, {"properties": {"a": {"enum": ["x"]}}}],
        },
        {"type": "integer", "default": 3},
    ],
)
def test_what_is_structural(member):
    assert wrong(spec=member) == []


@pytest.mark.parametrize(
    ("member", "words"),
    [
        ({}, "s.properties[x].type: Required value: must not be empty for specified object fields"),
        ({"type": "text"}, 's.properties[x].type: Unsupported value: "text"'),
        ({"type": "array"}, "s.properties[x].items: Required value: must be specified"),
        (
            {"type": "array", "items": {}},
            "s.properties[x].items.type: Required value: must not be empty for specified array",
        ),
        ({**TEXT, "pattern": "("}, 's.properties[x].pattern: Invalid value: "(": must be a valid regular expression'),
        ({**TEXT, "$ref": "file:///etc/passwd"}, "s.properties[x].$ref: Forbidden: $ref is not supported"),
        ({**TEXT, "uniqueItems": True}, "s.properties[x].uniqueItems: Forbidden: uniqueItems cannot be set to true"),
        (
            {**TEXT, "anyOf": [{"type": "string"}]},
            "s.properties[x].anyOf[0].type: Forbidden: must be empty to be structural",
        ),
        ({**TEXT, "not": {"default": 1}}, "s.properties[x].not.default: Forbidden: must be empty to be structural"),
        ({"type": "integer", "default": "x"}, 's.properties[x].default: Invalid value: "string"'),
        ({**TEXT, "x-kubernetes-list-type": "set"}, "s.properties[x].type: Invalid value"),
        (
            {"type": "object", "properties": {"a": TEXT}, "additionalProperties": TEXT},
            "s.properties[x].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive",
        ),
        (
            {**TEXT, "x-kubernetes-preserve-unknown-fields": False},
            "s.properties[x].x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined",
        ),
    ],
)
def test_what_is_not_is_told_by_its_path(member, words):
    found = wrong(x=member)
    assert any(complaint.startswith(words) for complaint in found), found


def test_a_list_with_keys_names_fields_that_are_always_there():
    def keyed(item, *keys):
        return wrong(
            x={"type": "array", "items": item, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [*keys]}
        )

    item = {"type": "object", "properties": {"name": TEXT}}
    assert keyed({**item, "required": ["name"]}, "name") == []
    assert "must be a required property" in keyed(item, "name")[0] or "default" in keyed(item, "name")[0]
    assert "entries must all be names of item properties" in keyed(item, "other")[0]
    assert "must not be empty if x-kubernetes-list-type is map" in keyed(item)[0]


def test_the_root_is_an_object_whose_metadata_is_nobody_s_to_describe():
    assert [str(c) for c in check_structural({"type": "array", "items": TEXT}, "s")] == [
        's.type: Invalid value: "array": must be object at the root'
    ]
    metadata = {"type": "object", "properties": {"name": {**TEXT, "maxLength": 9}}}
    assert wrong(metadata=metadata) == []
    assert (
        "must not specify anything other than name" in wrong(metadata={**metadata, "properties": {"labels": TEXT}})[0]
    )
