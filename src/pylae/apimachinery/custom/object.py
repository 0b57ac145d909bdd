"""Is an object of a custom kind what its definition asks for? Its structure first, then its lists, then its rules.

An update may leave what was wrong before, so that objects stay editable when their definition grew stricter (upstream
calls it ratcheting). Rules rely on the structure, so they are not asked where too much of it is wrong.
"""

from collections.abc import Iterator
from typing import Final

from pylae.apimachinery.cel.validations import check_rules
from pylae.apimachinery.custom.kind import Custom
from pylae.apimachinery.custom.list_types import check_list_types
from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import Cause
from pylae.apimachinery.schema import NOWHERE, Schema, check

BLOCKING: Final = frozenset(
    {
        "FieldValueNotSupported",
        "FieldValueRequired",
        "FieldValueTooLong",
        "FieldValueTooMany",
        "FieldValueTypeInvalid",
    }
)
NOT_ASKED: Final = (
    "Invalid value: null: some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation"
)


def check_custom(custom: Custom, schema: Schema, obj: Json, old: Json | None) -> Iterator[Cause]:
    """All that is wrong with an object of which only the metadata was checked; `old` is what it replaces."""
    causes = tuple(_structural(schema, obj, old))
    yield from causes
    if custom.rules is None:
        return
    if any(cause.reason in BLOCKING for cause in causes):
        yield Cause(NOWHERE, "FieldValueInvalid", NOT_ASKED)
    else:
        yield from check_rules(custom.rules, obj, old)


def _structural(schema: Schema, obj: Json, old: Json | None) -> Iterator[Cause]:
    before = frozenset(check(schema, old)) if old is not None else frozenset()
    yield from (cause for cause in check(schema, obj) if cause not in before)
    lists_were_right = old is None or not any(check_list_types(schema, old))
    yield from check_list_types(schema, obj) if lists_were_right else ()
