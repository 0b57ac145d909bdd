"""Which objects count: the Gateways that choose this workload, and what can be seen from its namespace."""

from collections.abc import Mapping


def selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether the labels carry all that the selector asks for; an empty selector asks for nothing."""
    return selector.items() <= labels.items()


def exported(export_to: tuple[str, ...], owner: str, namespace: str) -> bool:
    """Whether an object of the namespace `owner` can be seen from `namespace`; by default everybody sees it.

    `.` stands for the owner's namespace, `*` for all and `~` for none (Istio, `exportTo`).
    """
    if "~" in export_to:
        return False
    return not export_to or "*" in export_to or namespace in (owner if name == "." else name for name in export_to)
