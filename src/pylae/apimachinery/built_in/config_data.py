"""Rules of Secrets and ConfigMaps: keys, sizes, what each type of Secret must hold, and immutability.

No message here repeats a payload: a Secret's bytes never reach an error.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import Cause, duplicate, invalid_value, missing, not_allowed, too_long
from pylae.apimachinery.name import config_key

PAYLOAD_LIMIT: Final = 1024 * 1024
"""Bytes that the values of a Secret or a ConfigMap may have together."""

OPAQUE: Final = "Opaque"
TLS: Final = "kubernetes.io/tls"
DOCKER_CONFIG: Final = "kubernetes.io/dockerconfigjson"
OLD_DOCKER_CONFIG: Final = "kubernetes.io/dockercfg"
BASIC_AUTH: Final = "kubernetes.io/basic-auth"

NEEDED_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    TLS: ("tls.crt", "tls.key"),
    DOCKER_CONFIG: (".dockerconfigjson",),
    OLD_DOCKER_CONFIG: (".dockercfg",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}
"""What a Secret of a type must hold; the values may be empty."""

IMMUTABLE: Final = "field is immutable when `immutable` is set"


def complete_secret(obj: Json) -> Json:
    """A Secret with its type, and with `stringData` written over `data`."""
    completed = {key: value for key, value in obj.items() if key != "stringData"}
    completed["type"] = obj.get("type") or OPAQUE
    if plain := obj.get("stringData"):
        completed["data"] = {**obj.get("data", {}), **{key: _to_base64(text) for key, text in plain.items()}}
    return completed


def check_secret(obj: Json, old: Json | None) -> Iterator[Cause]:
    data = obj.get("data", {})
    yield from _check_keys("data", data)
    yield from _check_size(sum(_decoded_size(value) for value in data.values()))
    yield from (missing(f"data[{key}]") for key in NEEDED_KEYS.get(obj["type"], ()) if key not in data)
    if obj["type"] == BASIC_AUTH and not {"username", "password"} & data.keys():
        yield from (missing(f"data[{key}]") for key in ("username", "password"))
    yield from _check_docker_config(obj["type"], data)
    if old is not None:
        if obj["type"] != old.get("type"):
            yield invalid_value("type", obj["type"], "field is immutable")
        yield from _check_immutable(obj, old, ("data",))


def check_config_map(obj: Json, old: Json | None) -> Iterator[Cause]:
    text, binary = obj.get("data", {}), obj.get("binaryData", {})
    yield from _check_keys("data", text)
    yield from _check_keys("binaryData", binary)
    yield from (duplicate(f"data[{key}]", key) for key in text if key in binary)
    sizes = [len(value.encode()) for value in text.values()] + [_decoded_size(value) for value in binary.values()]
    yield from _check_size(sum(sizes))
    if old is not None:
        yield from _check_immutable(obj, old, ("data", "binaryData"))


def _check_keys(field: str, data: Mapping[str, Any]) -> Iterator[Cause]:
    for key in data:
        if problem := config_key(key):
            yield invalid_value(f"{field}[{key}]", key, problem)


def _check_size(size: int) -> Iterator[Cause]:
    if size > PAYLOAD_LIMIT:
        yield too_long("data", f"may not be more than {PAYLOAD_LIMIT} bytes")


def _check_docker_config(secret_type: str, data: Mapping[str, str]) -> Iterator[Cause]:
    for key in NEEDED_KEYS.get(secret_type, ()) if secret_type in (DOCKER_CONFIG, OLD_DOCKER_CONFIG) else ():
        if key in data and not _is_json(data[key]):
            yield invalid_value(f"data[{key}]", "‹not shown›", "must be JSON")


def _check_immutable(obj: Json, old: Json, fields: tuple[str, ...]) -> Iterator[Cause]:
    if not old.get("immutable"):
        return
    if not obj.get("immutable"):
        yield not_allowed("immutable", IMMUTABLE)
    yield from (not_allowed(field, IMMUTABLE) for field in fields if obj.get(field, {}) != old.get(field, {}))


def _to_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _decoded_size(text: str) -> int:
    return len(base64.b64decode(text))


def _is_json(text: str) -> bool:
    try:
        json.loads(base64.b64decode(text))
    except (ValueError, RecursionError):
        return False
    return True
