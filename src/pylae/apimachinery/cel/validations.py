"""`x-kubernetes-validations`: the rules in CEL that a CustomResourceDefinition puts on its objects.

The rules of a schema become a tree of the places that have any, so an object is walked no further than they reach. A
rule may compare with what stands there now (`oldSelf`) where the two can be told to be the same thing: fields, members
of a map, items of a list with keys.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pylae.apimachinery.cel.expression import EvaluationError, Expression, compile_expression
from pylae.apimachinery.cel.functions import some
from pylae.apimachinery.cel.values import cel_value
from pylae.apimachinery.document import join, same
from pylae.apimachinery.failure import Cause, invalid_value, shown
from pylae.apimachinery.schema import LIST_KEYS, LIST_TYPE, MAP_TYPE, Schema, json_type

RULES: Final = "x-kubernetes-validations"
BUDGET: Final = 1_000_000
"""Steps that the rules may take over one object: a second at the most."""
OUT_OF_BUDGET: Final = "validation failed due to running out of cost budget, no further validation rules will be run"

_WORDS: Final = {
    "FieldValueRequired": "Required value",
    "FieldValueForbidden": "Forbidden",
    "FieldValueDuplicate": "Duplicate value",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Only those stand in a tree that can be evaluated."""

    expression: Expression
    message: str
    message_expression: Expression | None = None
    reason: str = "FieldValueInvalid"
    field_path: str = ""
    optional_old_self: bool = False

    @property
    def is_transition(self) -> bool:
        return "oldSelf" in self.expression.variables


@dataclass(frozen=True, slots=True)
class RuleNode:
    """The rules of one place, and of the places below it."""

    schema: Schema = field(repr=False)
    rules: tuple[Rule, ...] = ()
    properties: Mapping[str, "RuleNode"] = field(default_factory=dict)
    items: "RuleNode | None" = None
    additional: "RuleNode | None" = None
    is_root: bool = False


def rule_tree(schema: Schema, *, is_root: bool = False) -> RuleNode | None:
    """The rules of a schema; None if it has none that can be evaluated here. Raises `cel.NotCelError`."""
    below = ((name, rule_tree(member)) for name, member in schema.get("properties", {}).items())
    additional = schema.get("additionalProperties")
    node = RuleNode(
        schema,
        rules=tuple(rule for written in schema.get(RULES, ()) if (rule := read_rule(written))),
        properties={name: node for name, node in below if node},
        items=rule_tree(schema["items"]) if isinstance(schema.get("items"), Mapping) else None,
        additional=rule_tree(additional) if isinstance(additional, Mapping) else None,
        is_root=is_root,
    )
    return node if node.rules or node.properties or node.items or node.additional else None


def read_rule(written: Mapping[str, Any]) -> Rule | None:
    """A rule as it stands in a schema; None if something of it is not known here. Raises `cel.NotCelError`."""
    source = written["rule"]
    expression = compile_expression(source)
    explanation = compile_expression(text) if (text := written.get("messageExpression")) else None
    if expression.lacking:
        return None
    return Rule(
        expression,
        message=written.get("message") or f"failed rule: {source.strip()}",
        message_expression=None if explanation and explanation.lacking else explanation,
        reason=written.get("reason") or "FieldValueInvalid",
        field_path=written.get("fieldPath", "").removeprefix("."),
        optional_old_self=bool(written.get("optionalOldSelf")),
    )


def check_rules(node: RuleNode, value: Any, old: Any = None) -> tuple[Cause, ...]:
    """What the rules have against a value whose structure is right. `old` is what it replaces.

    What was wrong before and is not touched is let pass, as upstream, so that an object stays editable when its
    definition grew stricter.
    """
    judgement = _Judgement()
    judgement.judge(node, value, old, "")
    return tuple(judgement.causes)


@dataclass(slots=True)
class _Judgement:
    causes: list[Cause] = field(default_factory=list)
    left: int = BUDGET

    def judge(self, node: RuleNode, value: Any, old: Any, path: str) -> None:
        if value is None or self.left < 0:
            return
        if node.rules:
            self._judge_here(node, value, old, path)
        if isinstance(value, list) and node.items:
            before = _by_keys(node.schema, old)
            for index, item in enumerate(value):
                self.judge(node.items, item, before.get(_keys(node.schema, item)), f"{path}[{index}]")
        elif isinstance(value, dict):
            before = old if isinstance(old, dict) and node.schema.get(MAP_TYPE) != "atomic" else {}
            for key, below in node.properties.items():
                self.judge(below, value.get(key), before.get(key), join(path, key))
            for key in value if node.additional else ():
                self.judge(node.additional, value[key], before.get(key), f"{path}[{key}]")  # type: ignore[arg-type]

    def _judge_here(self, node: RuleNode, value: Any, old: Any, path: str) -> None:
        variables = {"self": cel_value(node.schema, value, is_root=node.is_root)}
        if old is not None:
            variables["oldSelf"] = cel_value(node.schema, old, is_root=node.is_root)
        for rule in node.rules:
            if rule.is_transition and old is None and not rule.optional_old_self:
                continue
            self.left -= rule.expression.cost(variables["self"])
            if self.left < 0:
                self.causes.append(invalid_value(path, json_type(value), OUT_OF_BUDGET))
                return
            if (cause := _complaint(rule, variables, value, path)) and _counts(rule, value, old):
                self.causes.append(cause)


def _counts(rule: Rule, value: Any, old: Any) -> bool:
    """What was wrong before and is not touched does not; a transition is always new."""
    return rule.is_transition or old is None or not same(value, old)


def _complaint(rule: Rule, variables: Mapping[str, Any], value: Any, path: str) -> Cause | None:
    """What is to be said about a value that breaks a rule. One that the rule comes to no end with does, too."""
    if rule.optional_old_self:
        variables = {**variables, "oldSelf": some(variables.get("oldSelf"))}
    try:
        if rule.expression.evaluate(variables) is True:
            return None
    except EvaluationError as error:
        return invalid_value(path, json_type(value), f"{error} evaluating rule: {rule.message}")
    place = join(path, rule.field_path) if rule.field_path else path
    return _cause(rule, value, place, _explanation(rule, variables) or rule.message)


def _explanation(rule: Rule, variables: Mapping[str, Any]) -> str:
    """What a rule has to say in words of its own, if it comes to that in good time."""
    if rule.message_expression is None or rule.message_expression.cost(variables["self"]) > BUDGET:
        return ""
    try:
        text = rule.message_expression.evaluate(variables)
    except EvaluationError:
        return ""
    return text.strip() if isinstance(text, str) and "\n" not in text else ""


def _cause(rule: Rule, value: Any, path: str, detail: str) -> Cause:
    if word := _WORDS.get(rule.reason):
        return Cause(path, rule.reason, f"{word}: {detail}")
    value_shown = "" if isinstance(value, dict | list) else f"{shown(value)}: "
    return Cause(path, rule.reason, f"Invalid value: {value_shown}{detail}")


def _keys(schema: Schema, item: Any) -> Sequence[Any] | None:
    """What tells an item of a list from the others; None where nothing does."""
    if schema.get(LIST_TYPE) != "map" or not isinstance(item, dict):
        return None
    return tuple(item.get(key) for key in schema.get(LIST_KEYS, ()))


def _by_keys(schema: Schema, items: Any) -> Mapping[Sequence[Any] | None, Any]:
    if schema.get(LIST_TYPE) != "map" or not isinstance(items, list):
        return {}
    return {_keys(schema, item): item for item in items}
