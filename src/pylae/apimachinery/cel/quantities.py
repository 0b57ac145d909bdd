"""Kubernetes' quantities (`500m`, `1Gi`) in validation rules; one is a map that expressions only hand on."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from pylae.apimachinery.cel.addresses import can

_SUFFIXES: Final[Mapping[str, Decimal]] = {
    "": Decimal(1),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("num", -3)},
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTPE", 1)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", 1)},
}
_QUANTITY: Final = re.compile(r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?P<suffix>[a-zA-Z]*)")


def _quantity(text: str) -> dict[str, Any]:
    found = _QUANTITY.fullmatch(text)
    if not found or found["suffix"] not in _SUFFIXES:
        raise ValueError("quantities must match the regular expression of Kubernetes' quantities")
    return _of(Decimal(found["number"]) * _SUFFIXES[found["suffix"]])


def _of(amount: Decimal) -> dict[str, Any]:
    return {"quantity": str(amount.normalize())}


def _amount(value: Any) -> Decimal:
    return Decimal(value["quantity"]) if isinstance(value, Mapping) else Decimal(value)


def _compare(left: Any, right: Any) -> int:
    return (_amount(left) > _amount(right)) - (_amount(left) < _amount(right))


def _is_integer(value: Any) -> bool:
    amount = _amount(value)
    return amount == amount.to_integral_value() and abs(amount) < 2**63


def _as_integer(value: Any) -> int:
    if not _is_integer(value):
        raise ValueError("cannot convert value to integer")
    return int(_amount(value))


def _sign(value: Any) -> int:
    return _compare(value, 0)


QUANTITIES: Final[Mapping[str, Callable[..., Any]]] = {
    "quantity": _quantity,
    "isQuantity": can(_quantity),
    "sign": _sign,
    "isInteger": _is_integer,
    "asInteger": _as_integer,
    "asApproximateFloat": lambda quantity: float(_amount(quantity)),
    "add": lambda left, right: _of(_amount(left) + _amount(right)),
    "sub": lambda left, right: _of(_amount(left) - _amount(right)),
    "isLessThan": lambda left, right: _compare(left, right) < 0,
    "isGreaterThan": lambda left, right: _compare(left, right) > 0,
    "compareTo": _compare,
}
