"""What a null means. Clients write `creationTimestamp: null` or an empty `tls:` and mean that the field is not there.

Go, whose reading all of Kubernetes shares, leaves a field alone when it is null and makes the value of a map its zero.
So a null StringMatch stays, as a match of whatever is there: without it the route would take more requests than it was
written for.
"""

from functools import cache
from typing import Any

from msgspec import inspect


def without_nulls(kind: type, value: Any) -> Any:
    """The JSON value as a reader of this type should see it: nulls are absent, or zero where a map holds them."""
    return _settle(_shape(kind), value)


_shape = cache(inspect.type_info)


def _settle(shape: inspect.Type, value: Any) -> Any:
    match shape, value:
        case inspect.Metadata(), _:
            return _settle(shape.type, value)
        case inspect.UnionType(), _:
            for member in shape.types:
                value = _settle(member, value)
            return value
        case inspect.StructType(), dict():
            present = ((field, value.get(field.encode_name)) for field in shape.fields)
            return {field.encode_name: _settle(field.type, inner) for field, inner in present if inner is not None}
        case inspect.DictType(), dict():
            zero = _zero(shape.value_type)
            return {key: zero if inner is None else _settle(shape.value_type, inner) for key, inner in value.items()}
        case inspect.VarTupleType(), list():
            return [_settle(shape.item_type, item) for item in value]
        case _:
            return value


def _zero(shape: inspect.Type) -> Any:
    match shape:
        case inspect.Metadata():
            return _zero(shape.type)
        case inspect.StructType():
            return {}
        case inspect.StrType() | inspect.BytesType() | inspect.CustomType():
            return ""
        case inspect.IntType():
            return 0
        case _:
            return None
