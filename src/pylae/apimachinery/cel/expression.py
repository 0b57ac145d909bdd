"""Expressions in the Common Expression Language: compiled once, evaluated often, by one engine behind this file.

The engine knows the language; what Kubernetes adds to it stands in `cel_functions`. It does not check types, so an
expression that upstream refuses when it is written here fails when it is evaluated.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import cel as engine

from pylae.apimachinery.cel.cost import Reach, reach_of
from pylae.apimachinery.cel.functions import FUNCTIONS, NAMESPACES

CORE: Final = frozenset(
    """
    bool bytes double duration dyn int list map null_type string timestamp type uint
    contains endsWith matches size startsWith
    getDate getDayOfMonth getDayOfWeek getDayOfYear getFullYear getHours getMilliseconds getMinutes getMonth getSeconds
    hasValue none of ofNonZeroValue optFlatMap optMap or orValue value
    """.split()  # noqa: SIM905
)
"""The functions and the types that the engine has by itself."""

OPERATORS: Final = ("_", "@", "!", "-")
"""How the names of operators begin."""

LONGEST: Final = 10_000
"""Characters of an expression. The engine goes down a chain of operators step by step, and ten times as many exhaust
the stack of the process."""

UNSUPPORTED: Final = "unsupported syntax "
"""The engine's words for what is CEL and not its."""


class NotCelError(ValueError):
    """A text is no expression of the language, or names a variable that there is not."""


class EvaluationError(Exception):
    """An expression came to no value."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression.

    `lacking` names what of the language or of Kubernetes' additions is not known here: it cannot be evaluated then.
    """

    source: str
    variables: frozenset[str] = frozenset()
    lacking: tuple[str, ...] = ()
    reach: Reach = field(default_factory=Reach)
    _program: Any = field(default=None, repr=False)
    _functions: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def evaluate(self, variables: Mapping[str, Any]) -> Any:
        """Its value. Raises `EvaluationError`."""
        try:
            return self._program.execute(engine.Context(variables=dict(variables), functions=dict(self._functions)))
        except KeyError as error:
            raise EvaluationError(f"no such key: {error.args[0]}") from error
        except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as error:
            raise EvaluationError(str(error).partition("\n")[0]) from error

    def cost(self, value: Any) -> int:
        """How many steps it takes over a value, at the most."""
        return self.reach.over(value)


def compile_expression(source: str, variables: frozenset[str] = frozenset({"self", "oldSelf"})) -> Expression:
    """Raises `NotCelError` for what is not CEL."""
    if len(source) > LONGEST:
        return Expression(source, lacking=(f"more than {LONGEST} characters",))
    try:
        program = engine.compile(source)
    except ValueError as error:
        found = str(error).partition("ERROR: ")[2].partition("\n")[0] or str(error)
        if UNSUPPORTED in found:
            return Expression(source, lacking=(found.partition(UNSUPPORTED)[2].strip("'"),))
        raise NotCelError(found) from error
    reach = reach_of(source)
    unknown = frozenset(program.variables()) - variables - NAMESPACES - CORE - reach.bound
    lacking = tuple(sorted(name for name in program.functions() if not _is_known(name)))
    if unknown and not lacking:
        raise NotCelError(f"undeclared reference to '{min(unknown)}' (in container '')")
    used = frozenset(program.variables()) & variables
    return Expression(source, used, lacking, reach, program, FUNCTIONS)


def _is_known(name: str) -> bool:
    return name in CORE or name in _METHODS or name.startswith(OPERATORS)


_METHODS: Final = frozenset(name.rpartition(".")[2] for name in FUNCTIONS)
"""A function in a namespace, such as `sets.contains`, is called as a method."""
