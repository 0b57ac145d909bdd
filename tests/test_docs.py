"""The documents say what the code says."""

from pathlib import Path

import yaml
from msgspec import inspect

from pylae.api.scheme import KINDS
from pylae.model import codes
from pylae.model.edge import DEFAULT_EDGE
from pylae.model.finding import Code
from pylae.translate.edge import FIELDS, edge
from pylae.translate.setting import Unusable

DOCS = Path(__file__).parents[1] / "docs"


def test_every_finding_stands_in_the_table_with_its_level() -> None:
    text = (DOCS / "troubleshooting.md").read_text()
    for code in vars(codes).values():
        if isinstance(code, Code):
            assert f"| {code.number} | {code.reason} | {code.level} |" in text


def test_every_field_that_is_not_honoured_is_named() -> None:
    text = (DOCS / "compatibility.md").read_text().partition("## Not honoured yet")[2].partition("##")[0]
    rows = {line.split("|")[1].strip(): line for line in text.splitlines() if line.startswith("| ")}
    for kind in KINDS:
        for field in marked(inspect.type_info(kind.type), frozenset()):
            assert f"{field}`" in rows[kind.kind], f"{kind.kind}: {field} is missing"


def test_every_limit_is_shown_with_its_default() -> None:
    text = (DOCS / "running.md").read_text().partition("## Limits")[2]
    snippet = "pylae.dev/edge:" + text.partition("pylae.dev/edge:")[2].partition("EOF")[0]
    written = yaml.safe_load(snippet)["pylae.dev/edge"]
    unusable: list[Unusable] = []
    assert edge(written, None, "", unusable) == DEFAULT_EDGE
    assert unusable == []
    assert set(written) == set(FIELDS)


def marked(shape: inspect.Type, seen: frozenset[type]) -> set[str]:
    """The names of fields that carry the mark."""
    match shape:
        case inspect.Metadata(type=inner):
            return marked(inner, seen)
        case inspect.UnionType(types=types):
            return set().union(*(marked(member, seen) for member in types))
        case inspect.VarTupleType(item_type=inner) | inspect.DictType(value_type=inner):
            return marked(inner, seen)
        case inspect.StructType(cls=cls, fields=fields) if cls not in seen:
            found: set[str] = set()
            for field in fields:
                extra = field.type.extra if isinstance(field.type, inspect.Metadata) else None
                is_marked = (extra or {}).get("honoured") is False
                found |= {field.encode_name} if is_marked else marked(field.type, seen | {cls})
            return found
        case _:
            return set()
