"""What `kubectl get` prints of namespaces, configuration, events and the like, as a Kubernetes API server does."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pylae.apimachinery.columns.column import AGE, NAME, Column, Read, dig, since, text, wide


def _count(*fields: str) -> Read:
    """How many members or items some fields have together."""

    def read(obj: Mapping[str, Any], _now: datetime) -> int:
        return sum(len(found) for field in fields if isinstance(found := dig(obj, field), dict | list))

    return read


def _last_seen(obj: Mapping[str, Any], now: datetime) -> str:
    first = _first_seen(obj)
    last = dig(obj, "series", "lastObservedTime") or dig(obj, "lastTimestamp") or first
    count = dig(obj, "series", "count") or dig(obj, "count") or 1
    last_seen = since(last or dig(obj, "metadata", "creationTimestamp"), now)
    return f"{last_seen} (x{count} over {since(first, now)})" if first and count != 1 else last_seen


def _first_seen(obj: Mapping[str, Any]) -> Any:
    return dig(obj, "firstTimestamp") or dig(obj, "eventTime")


def _about(obj: Mapping[str, Any], _now: datetime) -> str:
    kind, name = dig(obj, "involvedObject", "kind"), dig(obj, "involvedObject", "name")
    return f"{str(kind or '').lower()}/{name or ''}"


def _message(obj: Mapping[str, Any], _now: datetime) -> str:
    return str(dig(obj, "message") or "").strip()


CORE: Final[Mapping[str, tuple[Column, ...]]] = {
    "namespaces": (NAME, Column("Status", text("status", "phase", absent="Active")), AGE),
    "secrets": (NAME, Column("Type", text("type")), Column("Data", _count("data")), AGE),
    "configmaps": (NAME, Column("Data", _count("data", "binaryData")), AGE),
    "serviceaccounts": (NAME, Column("Secrets", _count("secrets")), AGE),
    "events": (
        Column("Last Seen", _last_seen),
        Column("Type", text("type")),
        Column("Reason", text("reason")),
        Column("Object", _about),
        wide("Subobject", text("involvedObject", "fieldPath")),
        wide("Source", text("source", "component")),
        Column("Message", _message),
        wide("First Seen", lambda obj, now: since(_first_seen(obj), now)),
        wide("Count", text("count", absent="1")),
        wide("Name", text("metadata", "name")),
    ),
    "leases.coordination.k8s.io": (NAME, Column("Holder", text("spec", "holderIdentity")), AGE),
}
