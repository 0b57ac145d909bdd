"""Secrets in documents: brought into the form that they are stored in, and compared without showing them."""

import base64
import binascii
from typing import Any

Json = dict[str, Any]


def plain_secret(document: Json) -> Json:
    """The Secret with `stringData` folded into `data`, as the server does it, and in the base64 that the server writes.

    What cannot be folded is left as it is, for the server to refuse.
    """
    plain = {"type": "Opaque", **document}
    text = plain.get("stringData") or {}
    data = plain.get("data") or {}
    if not _is_text(text) or not _is_text(data):
        return plain
    plain.pop("stringData", None)
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in text.items()}
    plain["data"] = {key: _canonical(value) for key, value in data.items()} | encoded
    return plain


def same_secret(current: Json, wanted: Json) -> bool:
    """Whether replacing the one by the other would change anything that was asked for."""
    return _substance(current) == _substance(wanted)


def _substance(secret: Json) -> tuple[Any, ...]:
    metadata = secret["metadata"]
    marks = (metadata.get("labels") or {}, metadata.get("annotations") or {})
    return secret.get("type") or "Opaque", secret.get("data") or {}, bool(secret.get("immutable")), marks


def _is_text(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def _canonical(value: str) -> str:
    """Base64 may be broken into lines by whoever wrote it."""
    try:
        return base64.b64encode(base64.b64decode("".join(value.split()), validate=True)).decode()
    except (binascii.Error, ValueError):
        return value
