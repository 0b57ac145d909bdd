"""JSON read strictly."""

import pytest

from pylae.apimachinery.document import MAX_DEPTH, encode, same, strict_json
from pylae.apimachinery.failure import Failure


@pytest.mark.parametrize(
    ("body", "complaints"),
    [
        pytest.param(b'{"a":1,"b":[{"a":1},{"a":2}]}', (), id="the same key in different objects is fine"),
        pytest.param(b'{"a":1,"a":2}', ('duplicate field "a"',), id="at the top"),
        pytest.param(b'{"spec":{"hosts":[],"hosts":[]}}', ('duplicate field "spec.hosts"',), id="below a field"),
        pytest.param(
            b'{"spec":{"servers":[{},{"port":{"name":"x","name":"x"}}]}}',
            ('duplicate field "spec.servers[1].port.name"',),
            id="inside a list, with its index",
        ),
        pytest.param(b'{"a":1,"a":2,"a":3}', ('duplicate field "a"',), id="three times is one complaint"),
        pytest.param(
            b'{"a":{"x":1,"x":1},"b":{"y":1,"y":1}}',
            ('duplicate field "a.x"', 'duplicate field "b.y"'),
            id="every one of several",
        ),
    ],
)
def test_repeated_keys_are_named_by_their_path(body, complaints):
    assert strict_json(body)[1] == complaints


def test_of_repeated_keys_the_last_value_counts():
    assert strict_json(b'{"a":1,"a":2}')[0] == {"a": 2}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half an object"),
        pytest.param(b"kind: Gateway", id="YAML"),
        pytest.param(b'{"a":NaN}', id="NaN"),
        pytest.param(b'{"a":1e999}', id="a number beyond all numbers"),
        pytest.param(b'{"a":"\xff"}', id="bytes that are not UTF-8"),
        pytest.param(b'{"a":"\\ud800"}', id="half a surrogate pair"),
        pytest.param(b"{'a':1}", id="single quotes"),
        pytest.param(b'{"a":1}{"b":2}', id="two values"),
        pytest.param(b"[" * 100_000, id="brackets without end"),
        pytest.param(b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1), id="nesting too deep"),
    ],
)
def test_what_is_not_json_is_a_bad_request(body):
    with pytest.raises(Failure) as refused:
        strict_json(body)
    assert refused.value.code == 400


def test_what_is_read_can_be_written():
    value, _ = strict_json('{"text":"ü\\n😀","number":1.5,"big":123456789012345678901234567890}'.encode())
    assert strict_json(encode(value))[0] == value


@pytest.mark.parametrize(("left", "right"), [(1, True), ([0], [False]), ({"a": 1}, {"a": True})])
def test_numbers_and_booleans_are_not_the_same(left, right):
    assert not same(left, right)


def test_the_order_of_keys_does_not_matter():
    assert same({"a": 1, "b": [1]}, {"b": [1], "a": 1})
